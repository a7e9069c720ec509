/** DPM-Solver++ multistep and its SDE form (Lu et al. 2022), after diffusers' DPMSolverMultistepScheduler; pipelines.md 2.6. */
import type { SchedulerName } from '../../../shared/generation';
import { dpmSchedule } from './multistep-schedule';
import { combine, limitOriginal, predictionTypeOf, predictOriginal } from './prediction';
import type { Randn, Scheduler, SchedulerOptions, SchedulerState, StepResult } from './scheduler';
import type { PredictionType, SchedulerConfig } from './scheduler-config';
import { historyOf, requireNumber } from './scheduler-state';
import { at } from './sigmas';
import { firstStepIndex } from './timestep-spacing';

export type DpmSolverName = Extract<SchedulerName, `dpmpp-${string}`>;

/** Schedules shorter than this fall back to lower orders at their end (`lower_order_final`). */
const SHORT_SCHEDULE = 15;

/** Weights of the next latents: x' = x·sample + m0·newest + d1·D1 + d2·D2 + noise·randn. */
interface Weights {
  x: number;
  m0: number;
  d1: number;
  d2: number;
  noise: number;
}

/** Works on predictions of x0, of which the last `solver_order` are kept. */
export class DpmSolverMultistepScheduler implements Scheduler {
  readonly name: DpmSolverName;
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
  readonly initNoiseSigma = 1;
  readonly timestepKind = 'int';
  readonly #config: SchedulerConfig;
  readonly #prediction: PredictionType;
  readonly #isSde: boolean;
  readonly #isHeun: boolean;
  readonly #order: number;
  /** Steps of the whole schedule, before strength shortened it. */
  readonly #allSteps: number;
  /** The last predictions of x0, oldest first, at most `#order` of [numel]. */
  #originals: Float32Array[] = [];
  /** Steps taken, counted up to the order. */
  #warmUp = 0;

  constructor(name: DpmSolverName, config: SchedulerConfig, options: SchedulerOptions) {
    this.name = name;
    this.#config = config;
    this.#prediction = predictionTypeOf(config);
    this.#isSde = config.algorithm_type === 'sde-dpmsolver++';
    this.#isHeun = config.solver_type === 'heun';
    this.#order = config.solver_order ?? 2;
    this.#allSteps = options.steps;
    const { timesteps, sigmas } = dpmSchedule(config, options.steps);
    const start = firstStepIndex(options.steps, options.strength);
    this.timesteps = timesteps.slice(start);
    this.sigmas = sigmas.slice(start);
  }

  scaleModelInput(sample: Float32Array): Float32Array {
    return sample.slice();
  }

  step(modelOutput: Float32Array, index: number, sample: Float32Array, randn: Randn): StepResult {
    const { alpha, sigma } = alphaSigmaOf(at(this.sigmas, index));
    const original = limitOriginal(
      predictOriginal(this.#prediction, modelOutput, sample, alpha, sigma),
      this.#config,
      false,
    );
    this.#originals = [...this.#originals, original].slice(-this.#order);
    const noise = this.#isSde ? randn(sample.length) : null;
    const prevSample = this.#toPrevious(sample, index, this.#orderOf(index), noise);
    this.#warmUp = Math.min(this.#warmUp + 1, this.#order);
    return { prevSample, predOriginalSample: original.slice() };
  }

  addNoise(original: Float32Array, noise: Float32Array, index: number): Float32Array {
    const { alpha, sigma } = alphaSigmaOf(at(this.sigmas, index));
    return combine(original, alpha, noise, sigma);
  }

  exportState(): SchedulerState {
    const tensors = Object.fromEntries(this.#originals.map((tensor, i) => [`original${i}`, tensor.slice()]));
    return { numbers: { warmUp: this.#warmUp }, tensors };
  }

  importState(state: SchedulerState): void {
    this.#warmUp = requireNumber(state, 'warmUp');
    this.#originals = historyOf(state, 'original');
  }

  /** 1, 2 or 3: lower while warming up and, in short schedules, at the end. */
  #orderOf(index: number): number {
    const stepsLeft = this.timesteps.length - index;
    const isShort = (this.#config.lower_order_final ?? true) && this.#allSteps < SHORT_SCHEDULE;
    const endsLow =
      (this.#config.euler_at_final ?? false) || isShort || this.#config.final_sigmas_type !== 'sigma_min';
    if (this.#warmUp < 1 || (stepsLeft === 1 && endsLow)) return 1;
    if (this.#warmUp < 2 || (stepsLeft === 2 && isShort)) return Math.min(this.#order, 2);
    return this.#order;
  }

  #toPrevious(sample: Float32Array, index: number, order: number, noise: Float32Array | null): Float32Array {
    const [m2, m1, m0] = [this.#originals.at(-3), this.#originals.at(-2), this.#originals.at(-1)];
    if (!m0) throw new RangeError('no prediction yet');
    const next = at(this.sigmas, index + 1);
    if (next === 0) return m0.slice(); // λ is infinite there, and every formula's limit is m0.

    const lambda = (k: number): number => -Math.log(at(this.sigmas, k));
    const h = lambda(index + 1) - lambda(index);
    const weights = this.#weights(index, h, order);
    const r0 = order > 1 ? (lambda(index) - lambda(index - 1)) / h : 1;
    const r1 = order > 2 ? (lambda(index - 1) - lambda(index - 2)) / h : 1;
    const result = new Float32Array(sample.length);
    for (let i = 0; i < result.length; i += 1) {
      const newest = m0[i] ?? NaN;
      let value = weights.x * (sample[i] ?? NaN) + weights.m0 * newest;
      if (order > 1) {
        const slope = (newest - (m1?.[i] ?? NaN)) / r0;
        if (order === 2) value += weights.d1 * slope;
        else {
          const older = ((m1?.[i] ?? NaN) - (m2?.[i] ?? NaN)) / r1;
          value += weights.d1 * (slope + (r0 / (r0 + r1)) * (slope - older));
          value += (weights.d2 * (slope - older)) / (r0 + r1);
        }
      }
      result[i] = noise ? value + weights.noise * (noise[i] ?? NaN) : value;
    }
    return result;
  }

  /** The exponential integrator's weights for a step of h in λ = ln(α/σ). */
  #weights(index: number, h: number, order: number): Weights {
    const now = alphaSigmaOf(at(this.sigmas, index));
    const next = alphaSigmaOf(at(this.sigmas, index + 1));
    // The SDE form is the ODE form with twice the step inside the exponentials, and noise.
    const decay = this.#isSde ? 2 * h : h;
    const gained = -Math.expm1(-decay);
    const halfStep = 0.5 * next.alpha * gained;
    const linear = next.alpha * (1 - gained / decay);
    // The SDE form's sign of ½ is diffusers' own.
    const curvature = (gained - decay) / (decay * decay) + (this.#isSde ? -0.5 : 0.5);
    return {
      x: (next.sigma / now.sigma) * (this.#isSde ? Math.exp(-h) : 1),
      m0: next.alpha * gained,
      d1: order === 2 && !this.#isHeun ? halfStep : linear,
      d2: next.alpha * curvature,
      noise: this.#isSde ? next.sigma * Math.sqrt(gained) : 0,
    };
  }
}

/** α and σ of x = α·x0 + σ·noise for the ratio σ/α; α² + σ² = 1. */
function alphaSigmaOf(ratio: number): { alpha: number; sigma: number } {
  const alpha = 1 / Math.sqrt(ratio * ratio + 1);
  return { alpha, sigma: ratio * alpha };
}
