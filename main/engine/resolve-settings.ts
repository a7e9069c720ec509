/** Step 1 of img2img: open settings become definite ones, and what cannot work is refused before anything is loaded. */
import { AppError } from '../../shared/errors';
import {
  generationSettingsSchema,
  MAX_RANDOM_SEED,
  smallestUsefulStrength,
  stepsThatRun,
  type GenerationSettings,
  type SchedulerName,
  type StepRule,
} from '../../shared/generation';
import type { ModelDefaults } from '../../shared/models';
import { randomInt } from 'node:crypto';

/** Settings with nothing left open but the seed, which the journal keeps. */
export interface ResolvedSettings extends GenerationSettings {
  readonly strength: number;
  readonly steps: number;
  readonly guidance: number;
  readonly scheduler: SchedulerName;
}

/** Fills what is open with the model's recommendations; throws `AppError('usage')` for what cannot work. */
export function resolveSettings(
  settings: GenerationSettings,
  defaults: ModelDefaults,
  stepRule: StepRule,
): ResolvedSettings {
  const parsed = generationSettingsSchema.safeParse(settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AppError(
      'usage',
      `The setting "${issue?.path.join('.') ?? '?'}" is not usable: ${issue?.message ?? 'unknown problem'}.`,
    );
  }
  const resolved: ResolvedSettings = {
    ...parsed.data,
    strength: parsed.data.strength ?? defaults.strength,
    steps: parsed.data.steps ?? defaults.steps,
    guidance: parsed.data.guidance ?? defaults.guidance,
    scheduler: parsed.data.scheduler ?? defaults.scheduler,
  };
  if (resolved.strength > 0 && stepsThatRun(resolved.steps, resolved.strength, stepRule) < 1) {
    throw new AppError('usage', noStepMessage(resolved.steps, resolved.strength));
  }
  if (stepRule === 'all' && resolved.scheduler !== 'lcm') {
    throw new AppError(
      'usage',
      `This model was distilled for the lcm scheduler and cannot use ${resolved.scheduler}; choose lcm.`,
    );
  }
  return resolved;
}

/** What to say when `trunc(steps × strength)` is 0. */
export function noStepMessage(steps: number, strength: number): string {
  return (
    `Strength ${strength} with ${steps} ${steps === 1 ? 'step' : 'steps'} runs no step (${steps} × ${strength} is less than 1), so nothing would change; ` +
    `raise the strength to at least ${smallestUsefulStrength(steps)}, or take at least ${Math.ceil(1 / strength)} steps.`
  );
}

/** A new 32-bit seed. */
export const drawSeed = (): number => randomInt(0, MAX_RANDOM_SEED + 1);
