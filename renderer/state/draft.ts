/** The form as data: what a field shows when it is left open, what a change does, and what is sent with a job. */
import { MAX_RANDOM_SEED, stepsThatRun, type GenerationSettings } from '../../shared/generation';
import { applyStyle } from '../../shared/prompt-style';
import { schedulersOf, type ModelDefaults, type ModelInfo } from '../../shared/models';
import type { RestoredSettings } from '../../shared/restored-settings';
import type { Draft } from '../../shared/settings';

/** Recommended values for as long as no model is known (the bundled starter model's family). */
const FALLBACK_DEFAULTS: ModelDefaults = {
  strength: 0.6,
  steps: 20,
  guidance: 7.5,
  scheduler: 'ddim',
  sidePx: 256,
};

/** The bundled starter model: the one whose id is no folder. Null when it could not be read. */
export function starterModel(models: readonly ModelInfo[]): ModelInfo | null {
  return models.find((model) => !/[\\/]/u.test(model.id)) ?? null;
}

/** The chosen model: `null` in the settings means the bundled starter model. Null when it is not there. */
export function chosenModel(models: readonly ModelInfo[], choice: string | null): ModelInfo | null {
  if (choice === null) return starterModel(models);
  return models.find((model) => model.id === choice) ?? null;
}

/** The settings with the model's recommendation in every field that a person left open. */
export interface EffectiveSettings {
  strength: number;
  steps: number;
  guidance: number;
  scheduler: ModelDefaults['scheduler'];
  /** Denoising steps that really run. */
  stepsRun: number;
}

/** Fills the open fields from the model's recommendation. */
export function effectiveSettings(settings: GenerationSettings, model: ModelInfo | null): EffectiveSettings {
  const defaults = model?.defaults ?? FALLBACK_DEFAULTS;
  const strength = settings.strength ?? defaults.strength;
  const steps = settings.steps ?? defaults.steps;
  return {
    strength,
    steps,
    guidance: settings.guidance ?? defaults.guidance,
    scheduler: fittingScheduler(settings, model) ?? defaults.scheduler,
    stepsRun: stepsThatRun(steps, strength, model?.stepRule ?? 'floor'),
  };
}

/** Changes some settings of the draft. */
export function patchDraft(draft: Draft, patch: Partial<GenerationSettings>): Draft {
  return { ...draft, settings: { ...draft.settings, ...patch } };
}

/** A scheduler that was chosen with another model stays in the form, and counts only where the model can work with it. */
function fittingScheduler(
  { scheduler }: Pick<GenerationSettings, 'scheduler'>,
  model: ModelInfo | null,
): GenerationSettings['scheduler'] {
  const isFitting = scheduler === null || model === null || schedulersOf(model.family).includes(scheduler);
  return isFitting ? scheduler : null;
}

/** What is sent with a job: an unlocked seed means a new one. */
export function requestedSettings(draft: Draft, model: ModelInfo | null): GenerationSettings {
  const { settings, isSeedLocked } = draft;
  return {
    ...applyStyle(settings),
    promptTemplate: null,
    seed: isSeedLocked ? settings.seed : null,
    scheduler: fittingScheduler(settings, model),
  };
}

/** Sets and locks the seed; `null` unlocks it. */
export function lockSeed(draft: Draft, seed: number | null): Draft {
  return { ...patchDraft(draft, { seed }), isSeedLocked: seed !== null };
}

/** Takes over what was found in a picture, and leaves everything else. */
export function restoreSettings(draft: Draft, { settings }: RestoredSettings): Draft {
  const { seed, ...others } = settings;
  // A prompt that was found is whole: no style of the form may come on top of it.
  const style = settings.prompt === undefined ? draft.settings.style : (settings.style ?? null);
  const patched = patchDraft(draft, { ...withoutUndefined(others), style });
  return seed === undefined ? patched : lockSeed(patched, seed);
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const withoutUndefined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;

/** A random 32-bit seed; `random` is a number in [0, 1). */
export function randomSeed(random: number): number {
  return Math.floor(random * (MAX_RANDOM_SEED + 1));
}

/** Goes back to what the model recommends, and to the plain choices of the folded settings. */
export function resetToRecommended(draft: Draft): Draft {
  return patchDraft(draft, {
    strength: null,
    steps: null,
    guidance: null,
    scheduler: null,
    size: 'input',
    fit: 'crop',
    device: 'auto',
    tiling: 'auto',
  });
}
