/** Euler's method in sigma space (Karras et al. 2022, algorithm 2 without churn), after diffusers' EulerDiscreteScheduler; pipelines.md 2.4. */
import { eulerInitNoiseSigma, eulerSchedule } from './euler-schedule';
import { combine, predictionTypeOf } from './prediction';
import type { Scheduler, SchedulerOptions, SchedulerState, StepResult } from './scheduler';
import type { PredictionType, SchedulerConfig } from './scheduler-config';
import { at } from './sigmas';
import { firstStepIndex } from './timestep-spacing';

/** Samples are x = x0 + σ·noise; only the denoiser's input is scaled back to unit variance. */
export class EulerScheduler implements Scheduler {
  readonly name = 'euler';
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
  readonly initNoiseSigma: number;
  readonly timestepKind = 'float';
  readonly #prediction: PredictionType;

  constructor(config: SchedulerConfig, options: SchedulerOptions) {
    this.#prediction = predictionTypeOf(config);
    const { timesteps, sigmas } = eulerSchedule(config, options.steps, false);
    const start = firstStepIndex(options.steps, options.strength);
    this.timesteps = timesteps.slice(start);
    this.sigmas = sigmas.slice(start);
    this.initNoiseSigma = eulerInitNoiseSigma(config, sigmas);
  }

  scaleModelInput(sample: Float32Array, index: number): Float32Array {
    return scaledToUnitVariance(sample, at(this.sigmas, index));
  }

  step(modelOutput: Float32Array, index: number, sample: Float32Array): StepResult {
    const sigma = at(this.sigmas, index);
    const original = originalInSigmaSpace(this.#prediction, modelOutput, sample, sigma);
    const ratio = at(this.sigmas, index + 1) / sigma;
    return { prevSample: combine(sample, ratio, original, 1 - ratio), predOriginalSample: original };
  }

  addNoise(original: Float32Array, noise: Float32Array, index: number): Float32Array {
    return combine(original, 1, noise, at(this.sigmas, index));
  }

  exportState(): SchedulerState {
    return { numbers: {}, tensors: {} };
  }

  importState(): void {
    // Nothing is remembered between steps.
  }
}

/** x / √(σ²+1); [numel] float32. */
export function scaledToUnitVariance(sample: Float32Array, sigma: number): Float32Array {
  const scale = Math.sqrt(sigma * sigma + 1);
  return sample.map((value) => value / scale);
}

/** x0 of x = x0 + σ·noise for the prediction type; [numel] float32. */
export function originalInSigmaSpace(
  type: PredictionType,
  modelOutput: Float32Array,
  sample: Float32Array,
  sigma: number,
): Float32Array {
  const variance = sigma * sigma + 1;
  switch (type) {
    case 'epsilon':
    case 'flow_prediction':
      return combine(sample, 1, modelOutput, -sigma);
    case 'v_prediction':
      return combine(sample, 1 / variance, modelOutput, -sigma / Math.sqrt(variance));
    case 'sample':
      return modelOutput.slice();
  }
}
