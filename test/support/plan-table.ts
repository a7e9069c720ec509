/** The planner's decisions for many machines, models, sizes and network rules, as one readable text (docs/plan-table.txt). */
import { choose } from '../../main/hardware/detect-hardware';
import { NO_HISTORY } from '../../main/placement/history';
import { usualModel } from '../../main/placement/model-profile';
import { planStages, type Plan } from '../../main/placement/planner';
import type { PlannerInput } from '../../main/placement/planner-input';
import { duration, gigabytes } from '../../main/placement/reasons';
import { FAMILY_PROFILES } from '../../main/placement/family-profiles';
import type { Hardware } from '../../shared/hardware';
import type { Family } from '../../shared/models';
import { STAGES, type EndpointView, type StagePlan } from '../../shared/placement';

const GIB = 2 ** 30;

const VRAM_GB = [0, 4, 6, 8, 10, 12, 16, 24] as const;
const TABLE_FAMILIES = ['sd1', 'sdxl', 'flux'] as const;
const SIDES_PX = [512, 768, 1024, 2048] as const;
const NETWORKS = [
  'online, allowed',
  'online, not allowed',
  'offline, allowed',
  'offline, not allowed',
] as const;

/** 100 Mbit/s down, 40 up. */
const FAST: EndpointView = {
  url: 'https://vae.example',
  isAllowed: true,
  uploadBytesPerSecond: 5e6,
  downloadBytesPerSecond: 12.5e6,
  roundTripMs: 40,
  msPerMegapixel: 300,
};

export interface Case {
  readonly vramGb: number;
  readonly family: Family;
  readonly sidePx: number;
  readonly network: string;
  readonly plan: Plan;
}

/** A desktop with 8 cores and 32 GB, of which 24 are free, and a card of this size. */
export function machineWith(vramGb: number): Hardware {
  const bare: Hardware = {
    platform: 'linux',
    cpu: { model: 'a desktop processor', cores: 8 },
    memory: { totalBytes: 32 * GIB, availableBytes: 24 * GIB },
    adapters: [],
    gpuId: null,
    reserveBytes: null,
    notes: [],
  };
  return choose(bare, { adapter: null, vramGb, reserveGb: null });
}

/** The planner's input for a usual request; endpoints for encode and decode, since there is no public one for generate. */
export function inputFor(
  vramGb: number,
  family: Family,
  sidePx: number,
  changes: Partial<PlannerInput> = {},
): PlannerInput {
  return {
    hardware: machineWith(vramGb),
    gpuProviders: ['webgpu'],
    model: usualModel(family),
    widthPx: sidePx,
    heightPx: sidePx,
    stepsRun: FAMILY_PROFILES[family].usualSteps,
    isGuided: true,
    pins: { encode: 'auto', generate: 'auto', decode: 'auto' },
    device: 'auto',
    tiling: 'auto',
    network: networkOf(true, true),
    history: NO_HISTORY,
    own: { gpu: 0, cpu: 0 },
    nowMs: 0,
    ...changes,
  };
}

export function networkOf(isOnline: boolean, isAllowed: boolean): PlannerInput['network'] {
  const endpoint = { ...FAST, isAllowed };
  return { isOffline: !isOnline, endpoints: { encode: endpoint, decode: endpoint } };
}

/** Every combination, in the order of the table. */
export function tableCases(): Case[] {
  return TABLE_FAMILIES.flatMap((family) =>
    SIDES_PX.flatMap((sidePx) =>
      VRAM_GB.flatMap((vramGb) =>
        NETWORKS.map((network) => ({
          vramGb,
          family,
          sidePx,
          network,
          plan: planStages(
            inputFor(vramGb, family, sidePx, {
              network: networkOf(network.startsWith('online'), !network.includes('not')),
            }),
          ),
        })),
      ),
    ),
  );
}

const HEADER = `Where each stage would run: ${TABLE_FAMILIES.length} families × ${SIDES_PX.length} sizes × ${VRAM_GB.length} cards × ${NETWORKS.length} network rules.

Machine: 8 cores, 32 GB of memory with 24 GB free, Linux, WebGPU; of a card 85 % is taken as free. Models: half-precision ONNX files (half precision on the
card, float32 on the CPU; the VAE of SDXL always float32). Request: 12 steps with guidance. Endpoints: one for encode and decode at 100 Mbit/s, none for generate.
Each cell: place, memory, time; "!" marks a plan that something stands against. Made by: npx vitest run --project unit test/unit/placement/plan-table.test.ts -u
`;

/** The whole table, one case a line. */
export function planTable(): string {
  const rows = tableCases().map(({ vramGb, family, sidePx, network, plan }) => [
    family,
    `${sidePx}²`,
    `${vramGb} GB`,
    network,
    ...STAGES.map((stage) => cell(plan.stages.find((one) => one.stage === stage))),
  ]);
  const table = [['model', 'size', 'card', 'network', ...STAGES], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((text, i) => text.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
  return `${HEADER}\n${lines.join('\n')}\n`;
}

function cell(stage: StagePlan | undefined): string {
  if (stage === undefined) return '';
  const { where, device, tilePx, memoryBytes, ms, problem } = stage;
  const mark = problem === null ? '' : '! ';
  if (where === 'remote') return `${mark}remote, ${duration(ms)}`;
  const tiled = tilePx === null ? '' : ` tiles ${tilePx}`;
  return `${mark}${device}${tiled}, ${gigabytes(memoryBytes)}, ${duration(ms)}`;
}
