/** Euler's method for rectified flow (FLUX), after diffusers' FlowMatchEulerDiscreteScheduler; pipelines.md 2.9. */
import { linspace } from './betas';
import { combine } from './prediction';
import type { Randn, Scheduler, SchedulerOptions, SchedulerState, StepResult } from './scheduler';
import type { SchedulerConfig } from './scheduler-config';
import { at } from './sigmas';

/** Samples are x = (1−σ)·x0 + σ·noise; the model predicts the velocity and gets t / 1000. */
export class FlowMatchEulerScheduler implements Scheduler {
  readonly name = 'flow-match-euler';
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
  readonly initNoiseSigma = 1;
  readonly timestepKind = 'float';
  readonly #isStochastic: boolean;

  /** Starts from Flux's own sigmas, linspace(1, 1/N, N), and slices by Flux's rule, which rounds the steps run up. */
  constructor(config: SchedulerConfig, options: SchedulerOptions) {
    const { steps, strength } = options;
    this.#isStochastic = config.stochastic_sampling ?? false;
    const mu = options.tokens === undefined ? undefined : flowShiftMu(options.tokens, config);
    const shifted = linspace(1, 1 / steps, steps).map((sigma) => shiftSigma(sigma, config, mu));
    const stretched = stretchToTerminal(shifted, config.shift_terminal ?? null);
    const start = Math.trunc(Math.max(steps - Math.min(steps * strength, steps), 0));
    this.sigmas = [...stretched, 0].map(Math.fround).slice(start);
    const trainSteps = config.num_train_timesteps ?? 1000;
    this.timesteps = this.sigmas.slice(0, -1).map((sigma) => Math.fround(sigma * trainSteps));
  }

  scaleModelInput(sample: Float32Array): Float32Array {
    return sample.slice();
  }

  step(modelOutput: Float32Array, index: number, sample: Float32Array, randn: Randn): StepResult {
    const [sigma, next] = [at(this.sigmas, index), at(this.sigmas, index + 1)];
    const original = combine(sample, 1, modelOutput, -sigma);
    const prevSample = this.#isStochastic
      ? combine(original, 1 - next, randn(sample.length), next)
      : combine(sample, 1, modelOutput, next - sigma);
    return { prevSample, predOriginalSample: original };
  }

  addNoise(original: Float32Array, noise: Float32Array, index: number): Float32Array {
    const sigma = at(this.sigmas, index);
    return combine(original, 1 - sigma, noise, sigma);
  }

  exportState(): SchedulerState {
    return { numbers: {}, tensors: {} };
  }

  importState(): void {
    // Nothing is remembered between steps.
  }
}

/** Flux's shift for a picture of `tokens` = (H/16)·(W/16): a line, by default through 256 → 0.5 and 4096 → 1.15. */
export function flowShiftMu(tokens: number, config: SchedulerConfig = {}): number {
  const { base_shift: base = 0.5, max_shift: max = 1.15 } = config;
  const { base_image_seq_len: few = 256, max_image_seq_len: many = 4096 } = config;
  const slope = (max - base) / (many - few);
  return tokens * slope + (base - slope * few);
}

/** Moves a noise level up (shift > 1): more steps at high noise. */
function shiftSigma(sigma: number, config: SchedulerConfig, mu: number | undefined): number {
  if (!config.use_dynamic_shifting) {
    const shift = config.shift ?? 1;
    return (shift * sigma) / (1 + (shift - 1) * sigma);
  }
  if (mu === undefined) throw new RangeError('dynamic shifting needs the number of tokens');
  const factor = config.time_shift_type === 'linear' ? mu : Math.exp(mu);
  return factor / (factor + (1 / sigma - 1));
}

/** Stretches the schedule so that its last level becomes `terminal`. */
function stretchToTerminal(sigmas: readonly number[], terminal: number | null): readonly number[] {
  if (terminal === null) return sigmas;
  const scale = (1 - at(sigmas, sigmas.length - 1)) / (1 - terminal);
  return sigmas.map((sigma) => 1 - (1 - sigma) / scale);
}
