/** Decides for each stage where it runs: pure functions from what is known to a plan with its reasons (onnxruntime.md 4.3). */
import { chosenGpu, type Adapter } from '../../shared/hardware';
import { STAGES, type Provider, type Stage, type StagePlan } from '../../shared/placement';
import { hasFailed, measuredBytes, measuredMs } from './history';
import {
  cpuBudgetBytes,
  exceedsBuffer,
  gpuBudgetBytes,
  stageBytes,
  textBytes,
  weightBytes,
} from './memory-model';
import { localProblem, localReason, noWayProblem, remoteReason, remoteRefusal } from './reasons';
import type { Candidate, PlannerInput } from './planner-input';
import { computeMs, cpuFlops, gpuFlops, remoteMs, type Work } from './time-model';

export interface Plan {
  readonly stages: readonly StagePlan[];
  /** Where each stage would run on this machine, for those that come back from an endpoint. */
  readonly here: readonly StagePlan[];
  /** Where the text encoders are tried first. */
  readonly textProvider: Provider;
  /** True when everything that runs here fits into memory at the same time, so that a second picture reloads nothing. */
  readonly keepsTogether: boolean;
}

/** Sides of tiles in pixels, tried from the largest: fewer tiles show fewer seams. */
export const TILE_SIDES_PX = [1024, 768, 512, 384, 256] as const;
/** The side when tiles are asked for, not needed. */
export const ASKED_TILE_PX = 512;
const TILE_OVERLAP = 0.25;

/** An endpoint is only taken by itself when it is this many times faster … */
const REMOTE_FACTOR = 2;
/** … and saves this much: what need not leave the machine stays. */
const REMOTE_SAVES_MS = 1000;

/** The plan for one request. Never throws: what cannot be had is in a stage's `problem`. */
export function planStages(input: PlannerInput): Plan {
  const stages = STAGES.map((stage) => planStage(input, stage));
  const here = stages.map((plan) =>
    plan.where === 'local'
      ? plan
      : planStage({ ...input, pins: { ...input.pins, [plan.stage]: 'local' } }, plan.stage),
  );
  const textProvider = textPlace(input, here);
  return { stages, here, textProvider, keepsTogether: allFitTogether(input, stages, textProvider) };
}

function planStage(input: PlannerInput, stage: Stage): StagePlan {
  const pin = input.pins[stage];
  const locals = localCandidates(input, stage);
  const local = chooseLocal(input, locals);
  const endpoint = input.network.endpoints[stage] ?? null;
  const refusal = remoteRefusal(stage, input.network, endpoint);
  const remote =
    refusal === null && endpoint !== null ? remoteMs(workOf(input, stage, null), endpoint) : null;
  const asRemote = (ms: number, reason: string, problem: string | null): StagePlan => ({
    stage,
    where: 'remote',
    device: 'none',
    provider: null,
    tiled: false,
    tilePx: null,
    memoryBytes: 0,
    ms,
    reason,
    problem,
  });

  if (pin === 'remote') {
    const reason = remoteReason('asked', remote ?? 0, local.ms);
    return asRemote(remote ?? 0, reason, refusal === null ? null : `${refusal} ${wouldWork(local)}`);
  }
  if (
    pin === 'auto' &&
    remote !== null &&
    paysToSend(local, remote, stage, endpoint?.msPerMegapixel ?? null)
  ) {
    return asRemote(
      remote,
      remoteReason(local.obstacle === null ? 'faster' : 'no-room', remote, local.ms),
      null,
    );
  }
  const { device, provider, tilePx, memoryBytes, ms } = local;
  return {
    stage,
    where: 'local',
    device,
    provider,
    tiled: tilePx !== null,
    tilePx,
    memoryBytes: Math.round(memoryBytes),
    ms: Math.round(ms),
    reason: localReason(input, stage, local, locals),
    problem:
      localProblem(input, stage, local) ??
      (local.obstacle === null ? null : noWayProblem(stage, local, refusal === null)),
  };
}

/** What would work instead of an endpoint that cannot be used. */
const wouldWork = (local: Candidate): string =>
  local.obstacle === null
    ? `Here it would run on the ${local.device === 'gpu' ? 'graphics card' : 'CPU'}.`
    : 'Here there is not enough memory for it; choose a smaller size.';

/** The tiles to start with when a stage has come to a provider that was not planned: the first that fit, else the smallest. */
export function tileOn(input: PlannerInput, stage: Stage, provider: Provider): number | null {
  const gpu = chosenGpu(input.hardware);
  const all = tileSides(input, stage).map((tilePx) => candidate(input, stage, provider, tilePx, gpu));
  const [first] = all;
  return (all.find(({ obstacle }) => obstacle === null) ?? smallest(all) ?? first)?.tilePx ?? null;
}

/** The next smaller tiles after `tilePx` (null: the whole picture); null when there are none, or none are wanted. */
export function smallerTile(
  { widthPx, heightPx, tiling }: Pick<PlannerInput, 'widthPx' | 'heightPx' | 'tiling'>,
  tilePx: number | null,
): number | null {
  if (tiling === 'off') return null;
  const below = Math.min(Math.max(widthPx, heightPx), tilePx ?? Infinity);
  return TILE_SIDES_PX.find((side) => side < below) ?? null;
}

/** Privacy first: an endpoint only where it clearly pays, or where nothing here can do the work. */
function paysToSend(local: Candidate, remote: number, stage: Stage, measured: number | null): boolean {
  if (local.obstacle !== null) return true;
  // A card that takes the whole picture wins against any transfer (product.md, "Where remote pays").
  if (local.device === 'gpu' && local.tilePx === null) return false;
  // How fast somebody's machine generates is not known before it has done so once.
  if (stage === 'generate' && measured === null) return false;
  return remote * REMOTE_FACTOR <= local.ms && local.ms - remote >= REMOTE_SAVES_MS;
}

/** Everything that could be tried here: per provider the whole picture, then tiles from large to small. */
function localCandidates(input: PlannerInput, stage: Stage): Candidate[] {
  const gpu = input.device === 'cpu' ? null : chosenGpu(input.hardware);
  const providers: Provider[] = gpu === null && input.device !== 'gpu' ? [] : [...input.gpuProviders];
  if (input.device !== 'gpu' || providers.length === 0) providers.push('cpu');
  return providers.flatMap((provider) =>
    tileSides(input, stage).map((tilePx) => candidate(input, stage, provider, tilePx, gpu)),
  );
}

function tileSides({ widthPx, heightPx, tiling }: PlannerInput, stage: Stage): (number | null)[] {
  if (stage === 'generate' || tiling === 'off') return [null];
  const sides = TILE_SIDES_PX.filter((side) => side < Math.max(widthPx, heightPx));
  if (tiling === 'auto') return [null, ...sides];
  const asked = sides.filter((side) => side <= ASKED_TILE_PX);
  return asked.length > 0 ? asked : [null];
}

function candidate(
  input: PlannerInput,
  stage: Stage,
  provider: Provider,
  tilePx: number | null,
  gpu: Adapter | null,
): Candidate {
  const { model, hardware, own, history, isGuided } = input;
  const device = provider === 'cpu' ? 'cpu' : 'gpu';
  const pass = {
    widthPx: Math.min(input.widthPx, tilePx ?? Infinity),
    heightPx: Math.min(input.heightPx, tilePx ?? Infinity),
  };
  const passPx = pass.widthPx * pass.heightPx;
  const budgetBytes = device === 'cpu' ? cpuBudgetBytes(hardware, own) : gpuBudgetBytes(hardware, own);
  const place = { device: deviceKey(device, gpu), provider, stage, model };
  const memoryBytes =
    measuredBytes(history, place, passPx) ?? stageBytes(stage, model, pass, provider, isGuided);
  const work = workOf(input, stage, tilePx);
  const flops = device === 'cpu' || gpu === null ? cpuFlops(hardware.cpu.cores) : gpuFlops(gpu, provider);
  const measured = measuredMs(history, place, tilePx !== null, work.pixels * work.steps);
  const freeBytes = device === 'cpu' ? hardware.memory.availableBytes : (gpu?.freeBytes ?? null);
  const obstacle =
    memoryBytes > budgetBytes
      ? 'memory'
      : exceedsBuffer(stage, model, pass, provider)
        ? 'buffer'
        : hasFailed(history, place, passPx, { atMs: input.nowMs, freeBytes })
          ? 'history'
          : null;
  const ms = measured ?? computeMs(work, flops, weightBytes(stage, model, provider));
  return { device, provider, tilePx, memoryBytes, ms, budgetBytes, obstacle };
}

/** How a device is called in the history. */
export const deviceKey = (device: 'gpu' | 'cpu', gpu: Adapter | null): string =>
  device === 'cpu' || gpu === null ? device : `${gpu.id} ${gpu.name}`;

/** Pixels that a stage computes, with what its tiles compute twice. */
export function workOf(input: PlannerInput, stage: Stage, tilePx: number | null): Work {
  const { model, isGuided, widthPx, heightPx } = input;
  const pixels = coveredPx(widthPx, tilePx) * coveredPx(heightPx, tilePx);
  return { stage, model, pixels, steps: stage === 'generate' ? input.stepsRun : 1, isGuided };
}

function coveredPx(lengthPx: number, tilePx: number | null): number {
  if (tilePx === null || lengthPx <= tilePx) return lengthPx;
  return tilePx * (1 + Math.ceil((lengthPx - tilePx) / (tilePx * (1 - TILE_OVERLAP))));
}

/**
 * The first way that is possible on each device, and of those the better one: a card before the CPU; graphics inside the processor only when
 * they are faster. Without any, the one that needs least.
 */
function chooseLocal({ hardware, device }: PlannerInput, locals: readonly Candidate[]): Candidate {
  const possible = locals.filter(({ obstacle }) => obstacle === null);
  const gpu = possible.find((one) => one.device === 'gpu');
  const cpu = possible.find((one) => one.device === 'cpu');
  if (gpu !== undefined && cpu !== undefined) {
    const isOwnCard = chosenGpu(hardware)?.kind !== 'integrated';
    return device === 'gpu' || isOwnCard || gpu.ms <= cpu.ms ? gpu : cpu;
  }
  const found = gpu ?? cpu ?? smallest(locals);
  if (found === undefined) throw new Error('there is no way of running a stage');
  return found;
}

/** What is tried when nothing fits by what is known. The CPU can use swap space, so it comes first. */
function smallest(locals: readonly Candidate[]): Candidate | undefined {
  const cpu = locals.filter(({ device }) => device === 'cpu');
  return [...(cpu.length > 0 ? cpu : locals)].sort((one, other) => one.memoryBytes - other.memoryBytes)[0];
}

/** The text encoders go with the denoiser where they fit, else to the CPU. */
function textPlace(input: PlannerInput, stages: readonly StagePlan[]): Provider {
  const generate = stages.find(({ stage }) => stage === 'generate');
  if (generate === undefined || generate.provider === null || generate.device === 'cpu') return 'cpu';
  const fits = textBytes(input.model, generate.provider) <= gpuBudgetBytes(input.hardware, input.own);
  return fits ? generate.provider : 'cpu';
}

function allFitTogether(input: PlannerInput, stages: readonly StagePlan[], text: Provider): boolean {
  const { model, hardware, own } = input;
  const local = stages.filter(({ where }) => where === 'local');
  return (['gpu', 'cpu'] as const).every((device) => {
    const here = local.filter((stage) => stage.device === device);
    const weights = here.map(({ stage, provider }) => weightBytes(stage, model, provider ?? 'cpu'));
    const activations = here.map(({ memoryBytes }, i) => memoryBytes - (weights[i] ?? 0));
    const isTextHere = (text === 'cpu') === (device === 'cpu');
    const sum =
      weights.reduce((total, bytes) => total + bytes, isTextHere ? textBytes(model, text) : 0) +
      Math.max(0, ...activations);
    return sum <= (device === 'cpu' ? cpuBudgetBytes(hardware, own) : gpuBudgetBytes(hardware, own));
  });
}
