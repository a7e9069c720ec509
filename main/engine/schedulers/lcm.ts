/** Latent consistency sampling (Luo et al. 2023), after diffusers' LCMScheduler; pipelines.md 2.7. */
import { AppError } from '../../../shared/errors';
import { alphasCumprodOf, betaConfigOf } from './betas';
import { combine, limitOriginal, predictionTypeOf, predictOriginal } from './prediction';
import type { Randn, Scheduler, SchedulerOptions, SchedulerState, StepResult } from './scheduler';
import type { PredictionType, SchedulerConfig } from './scheduler-config';
import { at } from './sigmas';
import { firstStepIndex } from './timestep-spacing';

/** Standard deviation of the data, as in the consistency model's boundary conditions. */
const SIGMA_DATA = 0.5;

/** Each step predicts the clean latents and noises them again to the next level; the last step draws nothing. */
export class LcmScheduler implements Scheduler {
  readonly name = 'lcm';
  readonly timesteps: readonly number[];
  readonly sigmas = null;
  readonly initNoiseSigma = 1;
  readonly timestepKind = 'int';
  readonly #config: SchedulerConfig;
  readonly #prediction: PredictionType;
  readonly #alphasCumprod: Float32Array;
  readonly #timestepScaling: number;

  constructor(config: SchedulerConfig, options: SchedulerOptions) {
    const betas = betaConfigOf(config, { start: 0.00085, end: 0.012, schedule: 'scaled_linear' });
    this.#config = config;
    this.#prediction = predictionTypeOf(config);
    this.#alphasCumprod = alphasCumprodOf(betas);
    this.#timestepScaling = config.timestep_scaling ?? 10;
    const { steps, strength, lcmStrengthOnGrid = false } = options;
    const gridSize = config.original_inference_steps ?? 50;
    const grid = lcmGrid(betas.trainSteps, gridSize, lcmStrengthOnGrid ? strength : 1);
    if (steps > grid.length) {
      throw new AppError(
        'usage',
        `The lcm scheduler can do at most ${grid.length} steps with this model; ask for fewer steps.`,
      );
    }
    const all = Array.from({ length: steps }, (_, i) => at(grid, Math.floor((i * grid.length) / steps)));
    this.timesteps = lcmStrengthOnGrid ? all : all.slice(firstStepIndex(steps, strength));
  }

  scaleModelInput(sample: Float32Array): Float32Array {
    return sample.slice();
  }

  step(modelOutput: Float32Array, index: number, sample: Float32Array, randn: Randn): StepResult {
    const timestep = at(this.timesteps, index);
    const bar = at(this.#alphasCumprod, timestep);
    const original = limitOriginal(
      predictOriginal(this.#prediction, modelOutput, sample, Math.sqrt(bar), Math.sqrt(1 - bar)),
      this.#config,
      this.#config.clip_sample ?? false,
    );
    const scaled = this.#timestepScaling * timestep;
    const norm = scaled * scaled + SIGMA_DATA * SIGMA_DATA;
    const [skip, out] = [(SIGMA_DATA * SIGMA_DATA) / norm, scaled / Math.sqrt(norm)];
    const denoised = combine(original, out, sample, skip);
    if (index === this.timesteps.length - 1) {
      return { prevSample: denoised.slice(), predOriginalSample: denoised };
    }
    const nextBar = at(this.#alphasCumprod, at(this.timesteps, index + 1));
    const noise = randn(sample.length);
    return {
      prevSample: combine(denoised, Math.sqrt(nextBar), noise, Math.sqrt(1 - nextBar)),
      predOriginalSample: denoised,
    };
  }

  addNoise(original: Float32Array, noise: Float32Array, index: number): Float32Array {
    const bar = at(this.#alphasCumprod, at(this.timesteps, index));
    return combine(original, Math.sqrt(bar), noise, Math.sqrt(1 - bar));
  }

  exportState(): SchedulerState {
    return { numbers: {}, tensors: {} };
  }

  importState(): void {
    // Nothing is remembered between steps.
  }
}

/** The falling timesteps on which the model was distilled, shortened by strength; [int(size · strength)]. */
function lcmGrid(trainSteps: number, size: number, strength: number): number[] {
  const stride = Math.floor(trainSteps / size);
  return Array.from({ length: Math.trunc(size * strength) }, (_, j) => (j + 1) * stride - 1).reverse();
}
