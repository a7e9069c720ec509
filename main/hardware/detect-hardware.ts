/** What this machine has: every way of asking at once, within three seconds, joined into one list of adapters. */
import { cpus, totalmem } from 'node:os';
import type { Adapter, Hardware, HardwareChoice } from '../../shared/hardware';
import { NOTHING, type Findings, type MainMemory } from './findings';
import { readSysfs } from './linux-sysfs';
import { askMacos } from './macos-memory';
import { availableMemoryBytes } from './memory';
import { askNvidia } from './nvidia-smi';
import { askSystemInformation, type GraphicsCommand } from './system-information';
import { askWindows } from './windows-adapters';

export interface DetectOptions {
  readonly platform?: NodeJS.Platform;
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly sysfsRoot?: string;
  readonly memory?: MainMemory;
  /** Null: there is no last resort. */
  readonly graphicsCommand?: GraphicsCommand | null;
  readonly choice?: HardwareChoice | null;
}

/** One tool may take this long … */
const TOOL_LIMIT_MS = 2000;
/** … and all of them together this long, so that an answer is there within 3 s. */
const WHOLE_LIMIT_MS = 2500;
/** With less time than this left, the last resort is not asked. */
const LAST_RESORT_MS = 400;

/** Finds out what there is. Never rejects for a tool that is missing, hangs or talks nonsense: that is a note. */
export async function detectHardware(options: DetectOptions = {}): Promise<Hardware> {
  const startedAt = performance.now();
  const platform = options.platform ?? process.platform;
  const env = options.env ?? process.env;
  const memory = options.memory ?? { totalBytes: totalmem(), availableBytes: availableMemoryBytes() };
  const limits = { timeoutMs: TOOL_LIMIT_MS, env };
  const [nvidia, own] = await Promise.all([
    askNvidia(platform, memory, limits),
    askPlatform(platform, memory, limits, options.sysfsRoot),
  ]);
  let adapters = join(nvidia.adapters, own.adapters);
  const notes = [...nvidia.notes, ...own.notes];

  const leftMs = WHOLE_LIMIT_MS - (performance.now() - startedAt);
  const command = options.graphicsCommand ?? null;
  if (adapters.length === 0 && !own.isAnswered && command !== null && leftMs > LAST_RESORT_MS) {
    const last = await askSystemInformation(command, { timeoutMs: leftMs, env });
    adapters = [...last.adapters];
    notes.push(...last.notes);
  }
  const isTold = adapters.length > 0 || own.isAnswered || nvidia.isAnswered;
  if (!isTold && (platform === 'win32' || platform === 'darwin')) {
    adapters = [ASSUMED];
    notes.push('Nobody could tell about the graphics card; 4 GB are assumed until you set its size.');
  }
  return choose(
    {
      platform,
      cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: Math.max(1, cpus().length) },
      memory,
      adapters,
      gpuId: null,
      reserveBytes: null,
      notes,
    },
    options.choice ?? null,
  );
}

/** Windows and macOS always have something to draw with. */
const ASSUMED: Adapter = {
  id: 'assumed',
  name: 'unknown graphics card',
  vendor: 'other',
  kind: 'discrete',
  totalBytes: null,
  freeBytes: null,
  source: 'assumed',
};

function askPlatform(
  platform: NodeJS.Platform,
  memory: MainMemory,
  limits: { timeoutMs: number; env: Readonly<NodeJS.ProcessEnv> },
  sysfsRoot: string | undefined,
): Promise<Findings> {
  if (platform === 'linux') return readSysfs(memory, sysfsRoot);
  if (platform === 'win32') return askWindows(memory, limits);
  if (platform === 'darwin') return askMacos(limits);
  return Promise.resolve(NOTHING);
}

/**
 * NVIDIA's tool knows its cards best; the platform's own list has the others. A card is the same when its PCI address is, or, on Windows
 * (which tells LUIDs), its name.
 */
function join(nvidia: readonly Adapter[], own: readonly Adapter[]): Adapter[] {
  const waiting = [...nvidia];
  const joined = own.map((adapter) => {
    if (adapter.vendor !== 'nvidia') return adapter;
    const same = (other: Adapter): boolean =>
      other.id === adapter.id || (adapter.source !== 'sysfs' && sameName(other.name, adapter.name));
    const index = waiting.findIndex(same);
    const [better] = index < 0 ? [] : waiting.splice(index, 1);
    return better ?? adapter;
  });
  return [...joined, ...waiting];
}

const sameName = (one: string, other: string): boolean => plain(one) === plain(other);
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^nvidia /, '')
    .trim();

/** Decides which adapter the work is planned for, and what the person knows better. */
export function choose(hardware: Hardware, choice: HardwareChoice | null): Hardware {
  const reserveGb = choice?.reserveGb ?? null;
  const reserveBytes = reserveGb === null ? null : reserveGb * 2 ** 30;
  const wanted = choice?.adapter?.toLowerCase() ?? null;
  const named =
    wanted === null
      ? undefined
      : hardware.adapters.find(
          ({ id, name }) => id.toLowerCase() === wanted || name.toLowerCase().includes(wanted),
        );
  const gpu = named ?? best(hardware.adapters);
  const notes =
    wanted !== null && named === undefined
      ? [
          ...hardware.notes,
          `There is no graphics adapter "${choice?.adapter ?? ''}" here; the setting is ignored.`,
        ]
      : hardware.notes;
  const vramGb = choice?.vramGb ?? null;
  if (vramGb === null) return { ...hardware, gpuId: gpu?.id ?? null, reserveBytes, notes };
  if (vramGb === 0) return { ...hardware, gpuId: null, reserveBytes, notes };

  const totalBytes = vramGb * 2 ** 30;
  const free = gpu?.freeBytes ?? null;
  const set: Adapter = {
    ...(gpu ?? { ...ASSUMED, id: 'set', name: `graphics card with ${vramGb} GB` }),
    totalBytes,
    freeBytes: free === null ? null : Math.min(free, totalBytes),
    source: 'person',
  };
  const others = hardware.adapters.filter(({ id }) => id !== set.id);
  return { ...hardware, adapters: [set, ...others], gpuId: set.id, reserveBytes, notes };
}

const RANK: Readonly<Record<Adapter['kind'], number>> = {
  discrete: 3,
  unified: 2,
  integrated: 1,
  virtual: 0,
  software: 0,
};

/** A card of its own before shared memory, then the larger one; never a virtual or software adapter. */
function best(adapters: readonly Adapter[]): Adapter | undefined {
  return [...adapters]
    .filter(({ kind }) => RANK[kind] > 0)
    .sort(
      (one, other) => RANK[other.kind] - RANK[one.kind] || (other.totalBytes ?? 0) - (one.totalBytes ?? 0),
    )[0];
}
