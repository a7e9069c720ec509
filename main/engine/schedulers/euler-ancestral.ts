/** Ancestral sampling with Euler steps (k-diffusion's "Euler a"), after diffusers' EulerAncestralDiscreteScheduler; pipelines.md 2.5. */
import { originalInSigmaSpace, scaledToUnitVariance } from './euler';
import { eulerInitNoiseSigma, eulerSchedule } from './euler-schedule';
import { combine, predictionTypeOf } from './prediction';
import type { Randn, Scheduler, SchedulerOptions, SchedulerState, StepResult } from './scheduler';
import type { PredictionType, SchedulerConfig } from './scheduler-config';
import { at } from './sigmas';
import { firstStepIndex } from './timestep-spacing';

/** Draws noise in every step, the last one included (where its factor is 0), to keep the order of random numbers. */
export class EulerAncestralScheduler implements Scheduler {
  readonly name = 'euler-ancestral';
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
  readonly initNoiseSigma: number;
  readonly timestepKind = 'float';
  readonly #prediction: PredictionType;

  constructor(config: SchedulerConfig, options: SchedulerOptions) {
    this.#prediction = predictionTypeOf(config, ['epsilon', 'v_prediction']);
    const { timesteps, sigmas } = eulerSchedule(config, options.steps, true);
    const start = firstStepIndex(options.steps, options.strength);
    this.timesteps = timesteps.slice(start);
    this.sigmas = sigmas.slice(start);
    this.initNoiseSigma = eulerInitNoiseSigma(config, sigmas);
  }

  scaleModelInput(sample: Float32Array, index: number): Float32Array {
    return scaledToUnitVariance(sample, at(this.sigmas, index));
  }

  step(modelOutput: Float32Array, index: number, sample: Float32Array, randn: Randn): StepResult {
    const sigma = at(this.sigmas, index);
    const next = at(this.sigmas, index + 1);
    const original = originalInSigmaSpace(this.#prediction, modelOutput, sample, sigma);
    const up = Math.sqrt((next * next * (sigma * sigma - next * next)) / (sigma * sigma));
    const ratio = Math.sqrt(next * next - up * up) / sigma;
    const down = combine(sample, ratio, original, 1 - ratio);
    return { prevSample: combine(down, 1, randn(sample.length), up), predOriginalSample: original };
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
