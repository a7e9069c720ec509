/** Why Generate cannot be pressed, as data. No reasons: go. */
import { LIMITS, smallestUsefulStrength } from '../../shared/generation';
import { chosenModel, effectiveSettings } from './draft';
import type { PageState } from './page-state';
import { activeRun } from './selectors';

export type Reason =
  | { kind: 'loading' }
  | { kind: 'starting' }
  | { kind: 'importing' }
  | { kind: 'no-picture' }
  | { kind: 'no-model' }
  | { kind: 'model-missing'; model: string }
  | { kind: 'prompt-too-long'; limit: number }
  | { kind: 'no-steps'; steps: number; strength: number; useful: number };

/** True while something works or is about to, or while a job is being sent. */
export function isBusy(state: PageState): boolean {
  return state.isStarting || activeRun(state) !== null;
}

/** All reasons against starting a job now, the most important one first. */
export function readiness(state: PageState): Reason[] {
  if (state.phase !== 'ready') return [{ kind: 'loading' }];
  const reasons: Reason[] = [];
  const { settings } = state.draft;
  if (state.isStarting) reasons.push({ kind: 'starting' });
  if (state.isImporting) reasons.push({ kind: 'importing' });
  else if (state.source === null) reasons.push({ kind: 'no-picture' });
  const model = chosenModel(state.models, settings.model);
  if (model === null) {
    reasons.push(
      settings.model === null ? { kind: 'no-model' } : { kind: 'model-missing', model: settings.model },
    );
  }
  if (settings.prompt.length > LIMITS.promptLength || settings.negativePrompt.length > LIMITS.promptLength) {
    reasons.push({ kind: 'prompt-too-long', limit: LIMITS.promptLength });
  }
  const { steps, strength, stepsRun } = effectiveSettings(settings, model);
  // Strength 0 is allowed: the input comes back unchanged.
  if (strength > 0 && stepsRun === 0) {
    reasons.push({ kind: 'no-steps', steps, strength, useful: smallestUsefulStrength(steps) });
  }
  return reasons;
}
