/** PNDM (Liu et al. 2022): pseudo linear multistep, optionally after Runge-Kutta steps; after diffusers' PNDMScheduler; pipelines.md 2.3. */
import { alphasCumprodOf, betaConfigOf } from './betas';
import { combine, predictionTypeOf, predictOriginal } from './prediction';
import type { Scheduler, SchedulerOptions, SchedulerState, StepResult } from './scheduler';
import type { PredictionType, SchedulerConfig } from './scheduler-config';
import { at } from './sigmas';
import { historyOf, requireNumber } from './scheduler-state';
import { firstStepIndex, roundHalfEven, spacedTimesteps } from './timestep-spacing';

/** Adams-Bashforth weights, newest first. */
const MULTISTEP_WEIGHTS = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55, -59, 37, -9].map((w) => w / 24),
];
/** Calls of the Runge-Kutta start: four per step, three steps. */
const RUNGE_KUTTA_CALLS = 12;

/**
 * The second timestep runs twice (start and correction), so one step more than asked for runs. img2img's slice of the
 * schedule repeats its own second timestep; `pndmExact` slices diffusers' list, which then tells the model a wrong level.
 */
export class PndmScheduler implements Scheduler {
  readonly name = 'pndm';
  readonly timesteps: readonly number[];
  readonly sigmas = null;
  readonly initNoiseSigma = 1;
  readonly timestepKind = 'int';
  readonly #prediction: PredictionType;
  readonly #alphasCumprod: Float32Array;
  readonly #finalAlphaCumprod: number;
  readonly #stride: number;
  readonly #rungeKuttaCalls: number;
  /** Steps taken. */
  #counter = 0;
  /** The last noise predictions, oldest first, at most 4 of [numel]. */
  #noises: Float32Array[] = [];
  /** Sample at the start of a step that takes several calls. */
  #startSample: Float32Array | null = null;
  /** Weighted sum of a Runge-Kutta step's predictions so far. */
  #accumulated: Float32Array | null = null;

  constructor(config: SchedulerConfig, options: SchedulerOptions) {
    const betas = betaConfigOf(config);
    const { steps, strength } = options;
    this.#prediction = predictionTypeOf(config, ['epsilon', 'v_prediction']);
    this.#alphasCumprod = alphasCumprodOf(betas);
    this.#finalAlphaCumprod = (config.set_alpha_to_one ?? false) ? 1 : at(this.#alphasCumprod, 0);
    this.#stride = Math.floor(betas.trainSteps / steps);
    const plain = spacedTimesteps(
      config.timestep_spacing ?? 'leading',
      steps,
      betas.trainSteps,
      config.steps_offset ?? 0,
    );
    const start = firstStepIndex(steps, strength);
    if (config.skip_prk_steps ?? false) {
      this.#rungeKuttaCalls = 0;
      this.timesteps = options.pndmExact
        ? withSecondTwice(plain).slice(start)
        : withSecondTwice(plain.slice(start));
    } else {
      this.#rungeKuttaCalls = RUNGE_KUTTA_CALLS;
      this.timesteps = [...this.#rungeKuttaTimesteps(plain), ...plain.slice(3)].slice(start);
    }
  }

  scaleModelInput(sample: Float32Array): Float32Array {
    return sample.slice();
  }

  step(modelOutput: Float32Array, index: number, sample: Float32Array): StepResult {
    const result =
      this.#counter < this.#rungeKuttaCalls
        ? this.#stepRungeKutta(modelOutput, at(this.timesteps, index), sample)
        : this.#stepMultistep(modelOutput, at(this.timesteps, index), sample);
    this.#counter += 1;
    return result;
  }

  addNoise(original: Float32Array, noise: Float32Array, index: number): Float32Array {
    const bar = this.#alphaCumprod(at(this.timesteps, index));
    return combine(original, Math.sqrt(bar), noise, Math.sqrt(1 - bar));
  }

  exportState(): SchedulerState {
    const tensors: Record<string, Float32Array> = {};
    this.#noises.forEach((noise, i) => (tensors[`noise${i}`] = noise.slice()));
    if (this.#startSample) tensors['startSample'] = this.#startSample.slice();
    if (this.#accumulated) tensors['accumulated'] = this.#accumulated.slice();
    return { numbers: { counter: this.#counter }, tensors };
  }

  importState(state: SchedulerState): void {
    this.#counter = requireNumber(state, 'counter');
    this.#noises = historyOf(state, 'noise');
    this.#startSample = state.tensors['startSample']?.slice() ?? null;
    this.#accumulated = state.tensors['accumulated']?.slice() ?? null;
  }

  #stepMultistep(modelOutput: Float32Array, told: number, sample: Float32Array): StepResult {
    let [timestep, previous] = [told, told - this.#stride];
    const isCorrection = this.#counter === 1;
    if (isCorrection) [timestep, previous] = [told + this.#stride, told];
    else this.#noises = [...this.#noises.slice(-3), modelOutput.slice()];

    if (this.#noises.length === 1 && this.#counter === 0) {
      this.#startSample = sample.slice();
      return this.#toPrevious(sample, timestep, previous, modelOutput);
    }
    if (isCorrection && this.#startSample && this.#noises[0]) {
      const start = this.#startSample;
      this.#startSample = null;
      return this.#toPrevious(start, timestep, previous, combine(modelOutput, 0.5, this.#noises[0], 0.5));
    }
    return this.#toPrevious(sample, timestep, previous, this.#extrapolatedNoise());
  }

  /** The linear multistep combination of the remembered predictions; [numel] float32. */
  #extrapolatedNoise(): Float32Array {
    const newestFirst = this.#noises.toReversed();
    const weights = MULTISTEP_WEIGHTS[newestFirst.length - 1] ?? [];
    return Float32Array.from(newestFirst[0] ?? [], (_, i) =>
      weights.reduce((sum, weight, k) => sum + weight * (newestFirst[k]?.[i] ?? NaN), 0),
    );
  }

  /** One of the four calls of a Runge-Kutta step (weights 1/6, 1/3, 1/3, 1/6). */
  #stepRungeKutta(modelOutput: Float32Array, told: number, sample: Float32Array): StepResult {
    const call = this.#counter % 4;
    const previous = told - (call % 2 === 1 ? 0 : Math.floor(this.#stride / 2));
    const timestep = at(this.timesteps, this.#counter - call);
    if (call === 0) {
      this.#noises.push(modelOutput.slice());
      this.#startSample = sample.slice();
    }
    const weight = call === 0 || call === 3 ? 1 / 6 : 1 / 3;
    const accumulated = combine(
      modelOutput,
      weight,
      this.#accumulated ?? modelOutput,
      this.#accumulated ? 1 : 0,
    );
    this.#accumulated = call === 3 ? null : accumulated;
    const noise = call === 3 ? accumulated : modelOutput;
    return this.#toPrevious(this.#startSample ?? sample, timestep, previous, noise);
  }

  /** The transfer of Liu et al. eq. 9, on the noise (or v) prediction `output` made at `timestep`. */
  #toPrevious(sample: Float32Array, timestep: number, previous: number, output: Float32Array): StepResult {
    const bar = this.#alphaCumprod(timestep);
    const barPrevious = this.#alphaCumprod(previous);
    const [alpha, sigma] = [Math.sqrt(bar), Math.sqrt(1 - bar)];
    const noise = this.#prediction === 'v_prediction' ? combine(output, alpha, sample, sigma) : output;
    const denominator = bar * Math.sqrt(1 - barPrevious) + Math.sqrt(bar * (1 - bar) * barPrevious);
    return {
      prevSample: combine(sample, Math.sqrt(barPrevious / bar), noise, (bar - barPrevious) / denominator),
      predOriginalSample: predictOriginal('epsilon', noise, sample, alpha, sigma),
    };
  }

  #alphaCumprod(timestep: number): number {
    const last = this.#alphasCumprod.length - 1;
    return timestep >= 0 ? at(this.#alphasCumprod, Math.min(timestep, last)) : this.#finalAlphaCumprod;
  }

  /** The highest four timesteps, each also half a stride higher, ordered for the Runge-Kutta calls; [12]. */
  #rungeKuttaTimesteps(falling: readonly number[]): number[] {
    const half = Math.floor(this.#stride / 2);
    const rising = falling
      .slice(0, 4)
      .reverse()
      .flatMap((timestep) => [timestep, timestep + half].map(roundHalfEven));
    return rising
      .slice(0, -1)
      .flatMap((timestep) => [timestep, timestep])
      .slice(1, -1)
      .reverse();
  }
}

/** a b c → a b b c; a list of one stays as it is. */
const withSecondTwice = (falling: readonly number[]): number[] =>
  falling.flatMap((timestep, i) => (i === 1 ? [timestep, timestep] : [timestep]));
