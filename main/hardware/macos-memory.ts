/** macOS: Apple silicon's graphics share the main memory up to a limit (onnxruntime.md 3). */
import { NOTHING, plausibleBytes, unifiedShare, type Findings } from './findings';
import { runTool, type ToolOptions } from './tool';

/** Asks `sysctl` for the sizes and `vm_stat` for what is free. */
export async function askMacos(options: ToolOptions): Promise<Findings> {
  const keys = ['hw.memsize', 'iogpu.wired_limit_mb', 'machdep.cpu.brand_string'];
  const [sizes, pages] = await Promise.all([
    runTool('sysctl', keys, options),
    runTool('vm_stat', [], options),
  ]);
  // A key that this macOS does not know makes sysctl fail, after it has told the others.
  const found = parseMacos(sizes.stdout, pages.ok ? pages.stdout : '');
  if (found.isAnswered || sizes.ok || sizes.reason === 'missing') return found;
  return { ...found, notes: [`sysctl could not tell the memory: ${sizes.detail}.`] };
}

/** Reads both answers. */
export function parseMacos(sizes: string, pages: string): Findings {
  const value = (key: string): string | undefined =>
    new RegExp(`^${key.replaceAll('.', '\\.')}: (.+)$`, 'm').exec(sizes)?.[1]?.trim();
  const memory = plausibleBytes(Number(value('hw.memsize')));
  if (memory === null) return NOTHING;
  const limitMb = Number(value('iogpu.wired_limit_mb') ?? 0);
  const totalBytes =
    limitMb > 0 ? Math.min(limitMb * 2 ** 20, memory) : Math.round(memory * unifiedShare(memory));
  const free = freeBytes(pages);
  return {
    isAnswered: true,
    adapters: [
      {
        id: 'unified',
        name: value('machdep.cpu.brand_string') ?? 'Apple silicon',
        vendor: 'apple',
        kind: 'unified',
        totalBytes,
        freeBytes: free === null ? null : Math.min(free, totalBytes),
        source: 'macos',
      },
    ],
    notes: free === null ? ['vm_stat could not tell how much memory is free.'] : [],
  };
}

/** Pages that can be had without swapping: free, inactive, purgeable and speculative ones. */
function freeBytes(text: string): number | null {
  const pageSize = Number(/page size of (\d+) bytes/.exec(text)?.[1]);
  const count = (name: string): number =>
    Number(new RegExp(`^Pages ${name}:\\s+(\\d+)\\.`, 'm').exec(text)?.[1]);
  const pages = count('free') + count('inactive') + count('purgeable') + count('speculative');
  return plausibleBytes(pages * pageSize);
}
