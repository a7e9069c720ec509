/** Why Generate cannot be pressed, as data. No reasons: go. */
import { LIMITS, smallestUsefulStrength } from '../../shared/generation';
import { chosenModel, effectiveSettings } from './draft';
import { isActive } from './job-run';
import type { PageState } from './page-state';

export type Reason =
  | { kind: 'loading' }
  | { kind: 'busy' }
  | { kind: 'importing' }
  | { kind: 'no-picture' }
  | { kind: 'no-model' }
  | { kind: 'model-missing'; model: string }
  | { kind: 'prompt-too-long'; limit: number }
  | { kind: 'no-steps'; steps: number; strength: number; useful: number };

/** True while the followed job is queued or works, or while one is being sent. */
export function isBusy(state: PageState): boolean {
  if (state.isStarting) return true;
  return Object.values(state.runs).some((run) => isActive(run.view));
}

/** All reasons against starting a job now, the most important one first. */
export function readiness(state: PageState): Reason[] {
  if (state.phase !== 'ready') return [{ kind: 'loading' }];
  const reasons: Reason[] = [];
  const { settings } = state.draft;
  if (isBusy(state)) reasons.push({ kind: 'busy' });
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
