/** Live mode as data: what is wanted, what was made, and which settings a quick picture gets. */
import type { ErrorBody } from '../../shared/errors';
import { stepsThatRun, type GenerationSettings } from '../../shared/generation';
import type { LivePicture } from '../../shared/live';
import type { ModelInfo } from '../../shared/models';
import { effectiveSettings } from './draft';

export interface LiveState {
  isOn: boolean;
  /** `waiting`: for the queue. `paused`: the window is hidden, or something is missing. */
  status: 'idle' | 'working' | 'waiting' | 'paused';
  /** Used while the form has no seed of its own, so that only what the person changes changes the picture. */
  seed: number;
  picture: LivePicture | null;
  error: ErrorBody | null;
}

export const NO_LIVE: LiveState = { isOn: false, status: 'idle', seed: 0, picture: null, error: null };

export type LiveEvent =
  | { type: 'live-switched'; isOn: boolean; seed: number }
  | { type: 'live-status'; status: LiveState['status'] }
  | { type: 'live-painted'; picture: LivePicture }
  | { type: 'live-failed'; error: ErrorBody };

/** Live mode after an event. */
export function changeLive(live: LiveState, event: LiveEvent): LiveState {
  switch (event.type) {
    case 'live-switched':
      return { ...NO_LIVE, isOn: event.isOn, seed: event.seed };
    case 'live-status':
      return event.status === live.status ? live : { ...live, status: event.status };
    case 'live-painted':
      return live.isOn ? { ...live, status: 'idle', picture: event.picture, error: null } : live;
    case 'live-failed':
      return { ...live, status: 'idle', error: event.error };
  }
}

/** So many steps run, unless the model or the person wants fewer. */
const LIVE_STEPS = 4;

/** The settings of a quick picture: few steps, one seed, one picture. */
export function liveSettings(
  settings: GenerationSettings,
  model: ModelInfo,
  seed: number,
): GenerationSettings & { seed: number } {
  const { steps, strength, stepsRun } = effectiveSettings(settings, model);
  const few = stepsRun <= LIVE_STEPS ? steps : fewSteps(steps, strength, model);
  return { ...settings, steps: few, seed: settings.seed ?? seed, count: 1 };
}

/** The fewest steps of which at least `LIVE_STEPS` run. */
function fewSteps(steps: number, strength: number, { stepRule }: ModelInfo): number {
  for (let few = LIVE_STEPS; few < steps; few += 1) {
    if (stepsThatRun(few, strength, stepRule) >= LIVE_STEPS) return few;
  }
  return steps;
}
