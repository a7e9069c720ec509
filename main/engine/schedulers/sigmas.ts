/** Noise levels (sigmas): from training, and the re-spaced schedules of Karras and others (pipelines.md 2.1). */
import { AppError } from '../../../shared/errors';
import { linspace } from './betas';
import { inverseIncompleteBeta } from './incomplete-beta';
import type { SchedulerConfig } from './scheduler-config';

/** σ[t] = √((1−ᾱ)/ᾱ) for every training timestep, [T] float32 values. */
export function trainSigmasOf(alphasCumprod: Float32Array): number[] {
  return Array.from(alphasCumprod, (bar) => Math.fround(Math.sqrt(Math.fround(Math.fround(1 - bar) / bar))));
}

/** numpy.interp of `trainSigmas` at (possibly fractional) timesteps, clamped at both ends. */
export function sigmasAt(timesteps: readonly number[], trainSigmas: readonly number[]): number[] {
  const last = trainSigmas.length - 1;
  return timesteps.map((timestep) => {
    const low = Math.min(Math.max(Math.floor(timestep), 0), last);
    const high = Math.min(low + 1, last);
    const from = at(trainSigmas, low);
    return from + (at(trainSigmas, high) - from) * Math.min(Math.max(timestep - low, 0), 1);
  });
}

export type Respacing = 'karras' | 'exponential' | 'beta' | 'lu';

/** Which re-spacing a configuration asks for; throws AppError('model') if it asks for two. */
export function respacingOf(config: SchedulerConfig): Respacing | null {
  const wanted: Respacing[] = [];
  if (config.use_karras_sigmas) wanted.push('karras');
  if (config.use_exponential_sigmas) wanted.push('exponential');
  if (config.use_beta_sigmas) wanted.push('beta');
  if (config.use_lu_lambdas) wanted.push('lu');
  if (wanted.length > 1) {
    throw new AppError(
      'model',
      `The model's scheduler_config.json asks for ${wanted.join(' and ')} sigmas at once; set only one of them.`,
    );
  }
  return wanted[0] ?? null;
}

/** N falling sigmas from `high` to `low`; Karras et al. 2022 eq. 5 (ρ = 7), or evenly in log σ, or by a beta law (0.6, 0.6). */
export function respacedSigmas(kind: Respacing, high: number, low: number, steps: number): number[] {
  switch (kind) {
    case 'karras': {
      const rho = 7;
      const [from, to] = [high ** (1 / rho), low ** (1 / rho)];
      return linspace(0, 1, steps).map((ramp) => (from + ramp * (to - from)) ** rho);
    }
    case 'exponential':
    case 'lu':
      return linspace(Math.log(high), Math.log(low), steps).map(Math.exp);
    case 'beta':
      return linspace(0, 1, steps).map(
        (ramp) => low + inverseIncompleteBeta(1 - ramp, 0.6, 0.6) * (high - low),
      );
  }
}

/**
 * The fractional training timesteps of noise levels, by interpolation on log σ (diffusers' `_sigma_to_t`). The table of
 * logarithms is float32 as there: it decides which side of a whole number a truncated timestep falls on.
 */
export function timestepsOfSigmas(sigmas: readonly number[], trainSigmas: readonly number[]): number[] {
  const logs = trainSigmas.map((sigma) => Math.fround(Math.log(sigma)));
  return sigmas.map((sigma) => {
    const logSigma = Math.log(Math.max(sigma, 1e-10));
    let low = 0;
    while (low + 2 < logs.length && at(logs, low + 1) <= logSigma) low += 1;
    const [from, to] = [at(logs, low), at(logs, low + 1)];
    return low + Math.min(Math.max((from - logSigma) / (from - to), 0), 1);
  });
}

/** Reads an index that must exist; throws a RangeError otherwise (a programming error, never an answer). */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} is outside of ${values.length} values`);
  return value;
}
