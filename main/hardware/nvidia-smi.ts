/** NVIDIA's own tool: name, total and free memory of every card, on Windows, Linux and WSL (onnxruntime.md 3). */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter } from '../../shared/hardware';
import { NOTHING, plausibleBytes, unifiedShare, type Findings, type MainMemory } from './findings';
import { runTool, type ToolOptions } from './tool';

const QUERY = [
  '--query-gpu=index,name,pci.bus_id,driver_version,memory.total,memory.used,memory.free',
  '--format=csv,noheader,nounits',
];

/** Chips that share the machine's memory; the tool tells no size, or only a carve-out. */
const UNIFIED_CHIPS = /\b(GB10|N1X?|Thor|Orin|Xavier|Tegra)\b/i;

/** Asks the first nvidia-smi that is there. */
export async function askNvidia(
  platform: NodeJS.Platform,
  memory: MainMemory,
  options: ToolOptions,
): Promise<Findings> {
  for (const command of candidates(platform, options.env)) {
    const answer = await runTool(command, QUERY, options);
    if (answer.ok) return parseNvidia(answer.stdout, memory);
    if (answer.reason === 'missing') continue;
    const why = answer.reason === 'timeout' ? `it gave ${answer.detail}` : answer.detail;
    return { isAnswered: false, adapters: [], notes: [`nvidia-smi could not tell: ${why}.`] };
  }
  return NOTHING;
}

/** Reads the answer, one card a line; lines that make no sense become a note. */
export function parseNvidia(text: string, memory: MainMemory): Findings {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.some((line) => /no devices were found/i.test(line)))
    return { isAnswered: true, adapters: [], notes: [] };
  const adapters: Adapter[] = [];
  let unread = 0;
  for (const line of lines) {
    const adapter = parseLine(line, memory);
    if (adapter === null) unread += 1;
    else adapters.push(adapter);
  }
  const notes = unread > 0 ? ['nvidia-smi answered with something that cannot be read.'] : [];
  return { isAnswered: adapters.length > 0, adapters, notes };
}

function parseLine(line: string, memory: MainMemory): Adapter | null {
  const fields = line.split(',').map((field) => field.trim());
  if (fields.length < 7) return null;
  const [index = ''] = fields;
  // A name may hold commas, so what stands behind it is counted from the end.
  const [busId = '', , total, , free] = fields.slice(-5);
  const name = fields.slice(1, -5).join(', ');
  if (!/^\d+$/.test(index) || name === '' || !/^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.\d$/i.test(busId))
    return null;
  const id = pciAddress(busId);
  const totalBytes = mebibytes(total);
  if (totalBytes === null || UNIFIED_CHIPS.test(name)) {
    const share = Math.round(memory.totalBytes * unifiedShare(memory.totalBytes));
    return {
      id,
      name,
      vendor: 'nvidia',
      kind: 'unified',
      totalBytes: share,
      freeBytes: Math.min(share, memory.availableBytes),
      source: 'nvidia-smi',
    };
  }
  const freeBytes = mebibytes(free, 0);
  return {
    id,
    name,
    vendor: 'nvidia',
    kind: 'discrete',
    totalBytes,
    freeBytes: freeBytes === null ? null : Math.min(freeBytes, totalBytes),
    source: 'nvidia-smi',
  };
}

/** `00000000:01:00.0` → `0000:01:00.0`, as the kernel writes it. */
const pciAddress = (busId: string): string => busId.toLowerCase().replace(/^0{4}(?=[0-9a-f]{4}:)/, '');

/** A number of MiB as bytes; null for `[N/A]`, `[Not Supported]` and the like. */
function mebibytes(text: string | undefined, min = 1): number | null {
  if (text === undefined || !/^\d+$/.test(text) || Number(text) < min) return null;
  return Number(text) === 0 ? 0 : plausibleBytes(Number(text) * 2 ** 20);
}

function candidates(platform: NodeJS.Platform, env: Readonly<NodeJS.ProcessEnv>): string[] {
  if (platform === 'darwin') return [];
  if (platform !== 'win32') return ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'];
  const system = join(env['WINDIR'] ?? env['SystemRoot'] ?? 'C:\\Windows', 'System32');
  return ['nvidia-smi', join(system, 'nvidia-smi.exe'), ...fromDriverStore(system)];
}

/** The newest copy among the drivers that Windows keeps. */
function fromDriverStore(system: string): string[] {
  const store = join(system, 'DriverStore', 'FileRepository');
  const found: { path: string; changedMs: number }[] = [];
  for (const folder of list(store).filter((name) => /^nv/i.test(name))) {
    const path = join(store, folder, 'nvidia-smi.exe');
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) found.push({ path, changedMs: stats.mtimeMs });
  }
  return found
    .sort((one, other) => other.changedMs - one.changedMs)
    .slice(0, 1)
    .map(({ path }) => path);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM') return [];
    throw error;
  }
}
