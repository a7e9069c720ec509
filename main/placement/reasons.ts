/** The planner's reasons and problems in plain words. Reasons are phrases without a full stop; problems are sentences. */
import { chosenGpu } from '../../shared/hardware';
import type { EndpointView, NetworkPolicy, Stage } from '../../shared/placement';
import type { Candidate, PlannerInput } from './planner-input';

const STAGE_NAMES = { encode: 'Encode', generate: 'Generate', decode: 'Decode' } as const;

/** `1.5 GB` with GB as 2^30 bytes, as graphics cards are sold. */
export const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GB`;

export const duration = (ms: number): string =>
  ms < 10_000
    ? `${(ms / 1000).toFixed(1)} s`
    : ms < 100_000
      ? `${Math.round(ms / 1000)} s`
      : `${Math.round(ms / 60_000)} min`;

/** Why a stage runs here, and on what. */
export function localReason(
  input: PlannerInput,
  stage: Stage,
  chosen: Candidate,
  all: readonly Candidate[],
): string {
  return [placeWords(input, chosen, all), tileWords(input, chosen, all, stage)].filter(Boolean).join('; ');
}

function placeWords(input: PlannerInput, chosen: Candidate, all: readonly Candidate[]): string {
  const { memoryBytes, budgetBytes } = chosen;
  const need = `${gigabytes(memoryBytes)} of ${gigabytes(budgetBytes)}`;
  if (chosen.device === 'gpu') {
    if (chosen.obstacle !== null) return 'the graphics card was asked for';
    const asked =
      input.device === 'gpu' ? 'the graphics card was asked for' : 'the graphics card has room for it';
    return `${asked} (${need})`;
  }
  if (input.device === 'cpu') return 'the CPU was asked for';
  const gpu = chosenGpu(input.hardware);
  if (gpu === null) return 'this machine has no graphics card that can be used';
  const onCard = all.filter(({ device }) => device === 'gpu');
  if (onCard.length === 0) return 'no graphics provider works on this machine';
  const possible = onCard.find(({ obstacle }) => obstacle === null);
  if (possible !== undefined)
    return `the CPU is faster than this machine's graphics (${duration(chosen.ms)} against ${duration(possible.ms)})`;
  const least = onCard.reduce((one, other) => (other.memoryBytes < one.memoryBytes ? other : one));
  const what = least.tilePx === null ? 'it needs' : `even tiles of ${least.tilePx} px need`;
  return least.obstacle === 'history'
    ? 'the graphics card ran out of memory with it before'
    : `${what} ${gigabytes(least.memoryBytes)} and the graphics card has ${gigabytes(least.budgetBytes)} to spare`;
}

function tileWords(input: PlannerInput, chosen: Candidate, all: readonly Candidate[], stage: Stage): string {
  if (chosen.tilePx === null) return '';
  const tiles = `in tiles of ${chosen.tilePx} px`;
  if (input.tiling === 'on') return `${tiles}, as asked`;
  const whole = all.find(({ provider, tilePx }) => provider === chosen.provider && tilePx === null);
  if (whole?.obstacle === 'history')
    return `${tiles}, because ${stage === 'encode' ? 'encoding' : 'decoding'} the whole picture ran out of memory before`;
  if (whole?.obstacle === 'buffer') return `${tiles}, because the whole picture is larger than one buffer`;
  return `${tiles}, because the whole picture needs ${gigabytes(whole?.memoryBytes ?? 0)}`;
}

/** Why a stage runs on an endpoint. */
export function remoteReason(why: 'asked' | 'faster' | 'no-room', remote: number, local: number): string {
  if (why === 'asked') return 'the endpoint was asked for';
  if (why === 'no-room') return 'this machine has too little memory for it';
  return `the endpoint takes about ${duration(remote)}, this machine about ${duration(local)}`;
}

/** Why nothing can be sent for a stage, and what to do; null when it can. */
export function remoteRefusal(
  stage: Stage,
  network: NetworkPolicy,
  endpoint: EndpointView | null,
): string | null {
  const name = STAGE_NAMES[stage];
  if (network.isOffline)
    return `${name} cannot run on an endpoint, because offline is switched on; switch it off, or choose auto or local.`;
  if (endpoint === null)
    return `${name} cannot run on an endpoint, because none is set for it; set one, or choose auto or local.`;
  if (!endpoint.isAllowed)
    return `${name} cannot run on an endpoint, because nothing may be sent to ${endpoint.url} yet; allow it, or choose auto or local.`;
  return null;
}

/** What stands against what was asked of this machine. */
export function localProblem(input: PlannerInput, stage: Stage, chosen: Candidate): string | null {
  if (input.device !== 'gpu') return null;
  if (chosen.device === 'cpu' || chosenGpu(input.hardware) === null)
    return `${STAGE_NAMES[stage]} was asked to run on the graphics card, but none was found that can be used; choose auto or cpu.`;
  if (chosen.obstacle === null) return null;
  return `${STAGE_NAMES[stage]} was asked to run on the graphics card, but it needs ${gigabytes(chosen.memoryBytes)} and ${gigabytes(chosen.budgetBytes)} are free; choose auto or a smaller size.`;
}

/** Nothing here has room for it, and nothing may be sent. */
export function noWayProblem(stage: Stage, chosen: Candidate, canBeSent: boolean): string {
  const name = STAGE_NAMES[stage];
  const endpoint = canBeSent ? ', or auto, which takes the endpoint' : '';
  return `${name} needs ${gigabytes(chosen.memoryBytes)} of memory and ${gigabytes(chosen.budgetBytes)} are free, so it may fail; choose a smaller size${stage === 'generate' ? ' or a smaller model' : ''}${endpoint}.`;
}
