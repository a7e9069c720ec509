/** Windows: the DirectX registry's adapters joined with the adapter memory counters by LUID, in one PowerShell call (onnxruntime.md 3). */
import { z } from 'zod';
import type { Adapter, AdapterKind } from '../../shared/hardware';
import {
  kindByName,
  NOTHING,
  plausibleBytes,
  vendorOf,
  virtualName,
  type Findings,
  type MainMemory,
} from './findings';
import { runTool, type ToolOptions } from './tool';

/**
 * `a`: adapters that DirectX saw last; `u`: memory in use per LUID; `v` and `c`: controllers and their drivers' own sizes, for machines
 * without the first. `AdapterRAM` is not asked for: it is 32 bits wide and calls every large card 4 GB.
 */
const SCRIPT = [
  "$ErrorActionPreference='SilentlyContinue'",
  '[Console]::OutputEncoding=[Text.Encoding]::UTF8',
  "$p='HKLM:\\SOFTWARE\\Microsoft\\DirectX'",
  '$s=(gp $p).LastSeen',
  '$a=@(gci $p|%{gp $_.PSPath}|?{$_.AdapterLuid -and $_.LastSeen -eq $s}|select Description,VendorId,DeviceId,AdapterLuid,DedicatedVideoMemory,SharedSystemMemory)',
  '$u=@(Get-CimInstance Win32_PerfFormattedData_GPUPerformanceCounters_GPUAdapterMemory|select Name,DedicatedUsage,SharedUsage)',
  '$v=@();$c=@()',
  'if($a.Count -eq 0){$v=@(Get-CimInstance Win32_VideoController|select Name,PNPDeviceID)',
  "$c=@(gci 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}'|%{gp $_.PSPath}|?{$_.DriverDesc}|select DriverDesc,MatchingDeviceId,@{n='Size';e={$_.'HardwareInformation.qwMemorySize'}})}",
  'ConvertTo-Json @{a=$a;u=$u;v=$v;c=$c} -Compress -Depth 4',
].join(';');

const count = z.number().nonnegative();
const answerSchema = z.object({
  a: z.array(
    z.object({
      Description: z.string(),
      VendorId: z.number(),
      DeviceId: z.number().nullish(),
      AdapterLuid: z.number(),
      DedicatedVideoMemory: count.nullish(),
      SharedSystemMemory: count.nullish(),
    }),
  ),
  u: z.array(z.object({ Name: z.string(), DedicatedUsage: count, SharedUsage: count })).default([]),
  v: z.array(z.object({ Name: z.string(), PNPDeviceID: z.string().nullish() })).default([]),
  c: z
    .array(
      z.object({ DriverDesc: z.string(), MatchingDeviceId: z.string().nullish(), Size: count.nullish() }),
    )
    .default([]),
});
type Answer = z.infer<typeof answerSchema>;

/** Asks PowerShell. */
export async function askWindows(memory: MainMemory, options: ToolOptions): Promise<Findings> {
  const args = ['-NoProfile', '-NonInteractive', '-Command', SCRIPT];
  const answer = await runTool('powershell', args, options);
  if (answer.ok) return parseWindows(answer.stdout, memory);
  if (answer.reason === 'missing') return NOTHING;
  const why = answer.reason === 'timeout' ? `it gave ${answer.detail}` : answer.detail;
  return { ...NOTHING, notes: [`Windows could not tell about its graphics adapters: ${why}.`] };
}

/** Reads the JSON of the script. */
export function parseWindows(text: string, memory: MainMemory): Findings {
  const answer = parseJson(text);
  if (answer === null)
    return {
      ...NOTHING,
      notes: ['Windows answered about its graphics adapters with something that cannot be read.'],
    };
  const adapters = answer.a.length > 0 ? fromDirectX(answer, memory) : fromDrivers(answer);
  return { isAnswered: adapters.length > 0, adapters, notes: [] };
}

function parseJson(text: string): Answer | null {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function fromDirectX({ a, u }: Answer, memory: MainMemory): Adapter[] {
  const seen = new Set<number>();
  const adapters: Adapter[] = [];
  for (const entry of a) {
    // One adapter may be listed once per driver interface.
    if (seen.has(entry.AdapterLuid)) continue;
    seen.add(entry.AdapterLuid);
    const dedicated = plausibleBytes(entry.DedicatedVideoMemory) ?? 0;
    const shared = plausibleBytes(entry.SharedSystemMemory) ?? 0;
    const kind = kindOf(entry.Description, entry.VendorId, dedicated);
    const base = {
      id: `luid-${entry.AdapterLuid.toString(16)}`,
      name: entry.Description.trim(),
      vendor: vendorOf(entry.VendorId),
      kind,
      source: 'directx',
    } as const;
    if (kind === 'software' || kind === 'virtual') {
      adapters.push({ ...base, totalBytes: null, freeBytes: null });
      continue;
    }
    const totalBytes = kind === 'integrated' ? dedicated + shared : plausibleBytes(dedicated);
    const used = usageOf(u, entry.AdapterLuid);
    adapters.push({ ...base, totalBytes, freeBytes: freeOf(kind, { dedicated, shared }, used, memory) });
  }
  return adapters;
}

interface Usage {
  readonly dedicated: number;
  readonly shared: number;
}

/** Integrated adapters count their share of the main memory, as far as that is free. */
function freeOf(kind: AdapterKind, size: Usage, used: Usage | null, memory: MainMemory): number | null {
  if (used === null) return null;
  const dedicated = Math.max(0, size.dedicated - used.dedicated);
  if (kind !== 'integrated') return size.dedicated === 0 ? null : dedicated;
  return dedicated + Math.min(Math.max(0, size.shared - used.shared), memory.availableBytes);
}

/** Sum over an adapter's counters, named `luid_0x<high>_0x<low>_phys_<n>`. */
function usageOf(counters: Answer['u'], luid: number): Usage | null {
  const own = counters.filter(({ Name }) => {
    const [, high = '', low = ''] = /^luid_0x([0-9a-f]+)_0x([0-9a-f]+)_phys_\d+$/i.exec(Name) ?? [];
    return Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16) === luid;
  });
  if (own.length === 0) return null;
  return {
    dedicated: own.reduce((sum, { DedicatedUsage }) => sum + DedicatedUsage, 0),
    shared: own.reduce((sum, { SharedUsage }) => sum + SharedUsage, 0),
  };
}

/** Names of AMD's integrated adapters end in "Graphics" or a mobile number; discrete ones carry RX, Pro or a model above. */
const AMD_INTEGRATED =
  /^AMD Radeon(\(TM\)|™)?( R\d| Vega \d+| \d{3,4}[MS])?( Graphics)?$|Radeon\(TM\) (Vega \d+ |\d{3,4}[MS] )?Graphics$/i;
/** Intel's discrete cards carry a letter and a number. */
const INTEL_DISCRETE = /\bArc\b.*\b[AB]\d{2,3}M?\b|\bIris\(R\) Xe MAX\b|\bData Center\b/i;
const GIB = 2 ** 30;

function kindOf(name: string, vendorId: number, dedicated: number): AdapterKind {
  const named = kindByName(name);
  if (named !== null) return named;
  if (virtualName(vendorId) !== null) return 'virtual';
  const vendor = vendorOf(vendorId);
  if (vendor === 'intel') return INTEL_DISCRETE.test(name) && dedicated >= GIB ? 'discrete' : 'integrated';
  if (vendor === 'amd') return AMD_INTEGRATED.test(name) ? 'integrated' : 'discrete';
  // Qualcomm's and other adapters without memory of their own.
  return dedicated < GIB / 2 ? 'integrated' : 'discrete';
}

/** Without the DirectX keys: the controllers that are there, with the size that their driver wrote (64 bits). Nothing tells what is free. */
function fromDrivers({ v, c }: Answer): Adapter[] {
  return v.map(({ Name, PNPDeviceID }, index) => {
    const own = (PNPDeviceID ?? '').toLowerCase();
    const driver =
      c.find((entry) => entry.MatchingDeviceId && own.startsWith(entry.MatchingDeviceId.toLowerCase())) ??
      c.find((entry) => entry.DriverDesc === Name);
    const vendorId = Number.parseInt(/ven_([0-9a-f]{4})/.exec(own)?.[1] ?? '', 16);
    const size = plausibleBytes(driver?.Size) ?? 0;
    const kind = kindOf(Name, vendorId, size);
    const isReal = kind === 'discrete';
    return {
      id: own === '' ? `controller-${index}` : own,
      name: Name.trim(),
      vendor: vendorOf(vendorId),
      kind,
      totalBytes: isReal ? plausibleBytes(size) : null,
      freeBytes: null,
      source: 'windows-driver',
    };
  });
}
