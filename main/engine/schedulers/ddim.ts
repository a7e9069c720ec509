/** DDIM (Song et al. 2021, eq. 12), after diffusers' DDIMScheduler; pipelines.md 2.2. */
import { alphasCumprodOf, betaConfigOf } from './betas';
import { combine, limitOriginal, predictionTypeOf, predictOriginal } from './prediction';
import type { Scheduler, SchedulerOptions, SchedulerState, StepResult, Randn } from './scheduler';
import type { PredictionType, SchedulerConfig } from './scheduler-config';
import { at } from './sigmas';
import { firstStepIndex, spacedTimesteps } from './timestep-spacing';

/** Deterministic for `eta` 0 (the default); 1 draws as much noise per step as DDPM. */
export class DdimScheduler implements Scheduler {
  readonly name = 'ddim';
  readonly timesteps: readonly number[];
  readonly sigmas = null;
  readonly initNoiseSigma = 1;
  readonly timestepKind = 'int';
  readonly #config: SchedulerConfig;
  readonly #eta: number;
  readonly #prediction: PredictionType;
  /** ᾱ[t], [T]. */
  readonly #alphasCumprod: Float32Array;
  /** ᾱ "before" the first training timestep. */
  readonly #finalAlphaCumprod: number;
  /** Training timesteps from one step to the next: T // N, whatever the spacing. */
  readonly #stride: number;

  constructor(config: SchedulerConfig, options: SchedulerOptions & { eta?: number }) {
    const betas = betaConfigOf(config);
    this.#config = config;
    this.#eta = options.eta ?? 0;
    this.#prediction = predictionTypeOf(config);
    this.#alphasCumprod = alphasCumprodOf(betas);
    this.#finalAlphaCumprod = (config.set_alpha_to_one ?? true) ? 1 : at(this.#alphasCumprod, 0);
    this.#stride = Math.floor(betas.trainSteps / options.steps);
    const spacing = config.timestep_spacing ?? 'leading';
    this.timesteps = spacedTimesteps(
      spacing,
      options.steps,
      betas.trainSteps,
      config.steps_offset ?? 0,
    ).slice(firstStepIndex(options.steps, options.strength));
  }

  scaleModelInput(sample: Float32Array): Float32Array {
    return sample.slice();
  }

  step(modelOutput: Float32Array, index: number, sample: Float32Array, randn: Randn): StepResult {
    const timestep = at(this.timesteps, index);
    const previous = timestep - this.#stride;
    const bar = this.#alphaCumprod(timestep);
    const barPrevious = this.#alphaCumprod(previous);
    const [alpha, sigma] = [Math.sqrt(bar), Math.sqrt(1 - bar)];

    const original = limitOriginal(
      predictOriginal(this.#prediction, modelOutput, sample, alpha, sigma),
      this.#config,
      this.#config.clip_sample ?? true,
    );
    const noise = this.#predictNoise(modelOutput, sample, alpha, sigma);
    const deviation = this.#eta * Math.sqrt(this.variance(timestep, previous));
    const prevSample = combine(
      original,
      Math.sqrt(barPrevious),
      noise,
      Math.sqrt(1 - barPrevious - deviation * deviation),
    );
    if (this.#eta === 0) return { prevSample, predOriginalSample: original };
    return {
      prevSample: combine(prevSample, 1, randn(sample.length), deviation),
      predOriginalSample: original,
    };
  }

  addNoise(original: Float32Array, noise: Float32Array, index: number): Float32Array {
    const bar = this.#alphaCumprod(at(this.timesteps, index));
    return combine(original, Math.sqrt(bar), noise, Math.sqrt(1 - bar));
  }

  /** Variance of the DDPM posterior from `timestep` to `previous` (eq. 16 with η = 1). */
  variance(timestep: number, previous: number): number {
    const bar = this.#alphaCumprod(timestep);
    const barPrevious = this.#alphaCumprod(previous);
    return ((1 - barPrevious) / (1 - bar)) * (1 - bar / barPrevious);
  }

  exportState(): SchedulerState {
    return { numbers: {}, tensors: {} };
  }

  importState(): void {
    // Nothing is remembered between steps.
  }

  #alphaCumprod(timestep: number): number {
    return timestep >= 0 ? at(this.#alphasCumprod, timestep) : this.#finalAlphaCumprod;
  }

  /** The noise part of the sample by prediction type, from the unclipped x0; [numel] float32. */
  #predictNoise(modelOutput: Float32Array, sample: Float32Array, alpha: number, sigma: number): Float32Array {
    if (this.#prediction === 'epsilon') return modelOutput;
    if (this.#prediction === 'v_prediction') return combine(modelOutput, alpha, sample, sigma);
    return combine(sample, 1 / sigma, modelOutput, -alpha / sigma);
  }
}
