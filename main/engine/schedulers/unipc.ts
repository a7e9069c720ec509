/** UniPC (Zhao et al. 2023), predictor and corrector on x0, after diffusers' UniPCMultistepScheduler; pipelines.md 2.8. */
import { AppError } from '../../../shared/errors';
import { unipcSchedule } from './multistep-schedule';
import { combine, limitOriginal, predictionTypeOf, predictOriginal } from './prediction';
import type { Scheduler, SchedulerOptions, SchedulerState, StepResult } from './scheduler';
import type { PredictionType, SchedulerConfig } from './scheduler-config';
import { historyOf, requireNumber } from './scheduler-state';
import { at } from './sigmas';
import { firstStepIndex } from './timestep-spacing';

/** How predictor and corrector mix what they know: x' = x·sample + Σ history[k]·m_k (newest first) + current·m. */
interface Mix {
  x: number;
  history: number[];
  current: number;
}

/** Each prediction first corrects the step that led to it, then predicts the next one. */
export class UniPcScheduler implements Scheduler {
  readonly name = 'unipc';
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
  readonly initNoiseSigma = 1;
  readonly timestepKind = 'int';
  readonly #config: SchedulerConfig;
  readonly #prediction: PredictionType;
  readonly #order: number;
  /** Index of the first step that runs, within the whole schedule. */
  readonly #start: number;
  /** The last predictions of x0, oldest first, at most `#order` of [numel]. */
  #originals: Float32Array[] = [];
  /** The (corrected) sample before the last step. */
  #lastSample: Float32Array | null = null;
  #lastOrder = 0;
  /** Steps taken, counted up to the order. */
  #warmUp = 0;

  constructor(config: SchedulerConfig, options: SchedulerOptions) {
    if (config.predict_x0 === false) {
      throw new AppError(
        'model',
        'This model wants UniPC in its noise form (predict_x0 false), which Underpaint cannot do; choose another scheduler.',
      );
    }
    this.#config = config;
    this.#prediction = predictionTypeOf(
      config,
      config.use_flow_sigmas ? ['flow_prediction'] : ['epsilon', 'v_prediction', 'sample'],
    );
    this.#order = config.solver_order ?? 2;
    this.#start = firstStepIndex(options.steps, options.strength);
    const { timesteps, sigmas } = unipcSchedule(config, options.steps);
    this.timesteps = timesteps.slice(this.#start);
    this.sigmas = sigmas.slice(this.#start);
  }

  scaleModelInput(sample: Float32Array): Float32Array {
    return sample.slice();
  }

  step(modelOutput: Float32Array, index: number, sample: Float32Array): StepResult {
    const { alpha, sigma } = this.#alphaSigma(index);
    const original = limitOriginal(
      predictOriginal(this.#prediction, modelOutput, sample, alpha, sigma),
      this.#config,
      false,
    );
    const corrected = this.#correct(original, index) ?? sample;
    this.#originals = [...this.#originals, original].slice(-this.#order);
    const stepsLeft = this.timesteps.length - index;
    const highestOrder =
      (this.#config.lower_order_final ?? true) ? Math.min(this.#order, stepsLeft) : this.#order;
    this.#lastOrder = Math.min(highestOrder, this.#warmUp + 1);
    this.#lastSample = corrected.slice();
    this.#warmUp = Math.min(this.#warmUp + 1, this.#order);
    return { prevSample: this.#predict(corrected, index), predOriginalSample: original.slice() };
  }

  addNoise(original: Float32Array, noise: Float32Array, index: number): Float32Array {
    const { alpha, sigma } = this.#alphaSigma(index);
    return combine(original, alpha, noise, sigma);
  }

  exportState(): SchedulerState {
    const tensors = Object.fromEntries(this.#originals.map((tensor, i) => [`original${i}`, tensor.slice()]));
    if (this.#lastSample) tensors['lastSample'] = this.#lastSample.slice();
    return { numbers: { warmUp: this.#warmUp, lastOrder: this.#lastOrder }, tensors };
  }

  importState(state: SchedulerState): void {
    this.#warmUp = requireNumber(state, 'warmUp');
    this.#lastOrder = requireNumber(state, 'lastOrder');
    this.#originals = historyOf(state, 'original');
    this.#lastSample = state.tensors['lastSample']?.slice() ?? null;
  }

  /** UniP: from step `index` to the next one. */
  #predict(sample: Float32Array, index: number): Float32Array {
    const newest = this.#originals.at(-1);
    if (at(this.sigmas, index + 1) === 0 && newest) return newest.slice(); // the limit; bh1 would be ∞·0
    const order = this.#lastOrder;
    const { ratios, matrix, rhs } = this.#system(index, index + 1, order);
    // Order 2 is solved to ½ by hand, as in the paper's code, which leaves the error term out.
    const rho =
      order === 2
        ? [0.5]
        : solve(
            matrix.slice(0, -1).map((row) => row.slice(0, -1)),
            rhs.slice(0, -1),
          );
    return this.#apply(sample, null, this.#mix(index, index + 1, rho, 0, ratios));
  }

  /** UniC: the sample at `index` again, now that the prediction there is known; null where no step led to it. */
  #correct(original: Float32Array, index: number): Float32Array | null {
    const isDisabled = this.#config.disable_corrector?.includes(this.#start + index - 1) ?? false;
    if (index === 0 || isDisabled || !this.#lastSample) return null;
    const order = this.#lastOrder;
    const { ratios, matrix, rhs } = this.#system(index - 1, index, order);
    const rho = order === 1 ? [0.5] : solve(matrix, rhs);
    const mix = this.#mix(index - 1, index, rho.slice(0, -1), rho.at(-1) ?? 0, ratios);
    return this.#apply(this.#lastSample, original, mix);
  }

  /** The equations R·ρ = b of the paper's UniPC-p for a step from → to, and the ratios r_k of older steps. */
  #system(from: number, to: number, order: number): { ratios: number[]; matrix: number[][]; rhs: number[] } {
    const { h, hh, scale } = this.#stepOf(from, to);
    const ratios = Array.from(
      { length: order - 1 },
      (_, k) => (this.#lambda(from - k - 1) - this.#lambda(from)) / h,
    );
    const rhs: number[] = [];
    let phi = Math.expm1(hh) / hh - 1;
    let factorial = 1;
    for (let j = 1; j <= order; j += 1) {
      rhs.push((phi * factorial) / scale);
      factorial *= j + 1;
      phi = phi / hh - 1 / factorial;
    }
    const matrix = rhs.map((_, power) => [...ratios, 1].map((ratio) => ratio ** power));
    return { ratios, matrix, rhs };
  }

  /** Weights of the sample, of the remembered predictions and of the current one (`rhoCurrent`) for a step from → to. */
  #mix(from: number, to: number, rho: readonly number[], rhoCurrent: number, ratios: readonly number[]): Mix {
    const now = this.#alphaSigma(from);
    const next = this.#alphaSigma(to);
    const { hh, scale } = this.#stepOf(from, to);
    const history = [-next.alpha * Math.expm1(hh)];
    // Differences D_k = (m_k − m_0) / r_k, weighted −α'·B·ρ_k.
    ratios.forEach((ratio, k) => {
      const weight = (-next.alpha * scale * (rho[k] ?? 0)) / ratio;
      history.push(weight);
      history[0] = (history[0] ?? 0) - weight;
    });
    const current = -next.alpha * scale * rhoCurrent;
    history[0] = (history[0] ?? 0) - current;
    return { x: next.sigma / now.sigma, history, current };
  }

  #apply(sample: Float32Array, current: Float32Array | null, mix: Mix): Float32Array {
    const newestFirst = this.#originals.toReversed();
    return sample.map((value, i) => {
      let sum = mix.x * value;
      mix.history.forEach((weight, k) => (sum += weight * (newestFirst[k]?.[i] ?? NaN)));
      return current ? sum + mix.current * (current[i] ?? NaN) : sum;
    });
  }

  /** h in λ, hh = −h, and B(hh): expm1(hh) for bh2, hh for bh1. */
  #stepOf(from: number, to: number): { h: number; hh: number; scale: number } {
    const h = this.#lambda(to) - this.#lambda(from);
    return { h, hh: -h, scale: this.#config.solver_type === 'bh1' ? -h : Math.expm1(-h) };
  }

  #lambda(index: number): number {
    const { alpha, sigma } = this.#alphaSigma(index);
    return Math.log(alpha) - Math.log(sigma);
  }

  #alphaSigma(index: number): { alpha: number; sigma: number } {
    const ratio = at(this.sigmas, index);
    if (this.#config.use_flow_sigmas) return { alpha: 1 - ratio, sigma: ratio };
    const alpha = 1 / Math.sqrt(ratio * ratio + 1);
    return { alpha, sigma: ratio * alpha };
  }
}

/** Solves the square system matrix·x = rhs by Gaussian elimination with pivoting; at most 3 unknowns here. */
function solve(matrix: readonly (readonly number[])[], rhs: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, rhs[i] ?? 0]);
  for (let column = 0; column < rows.length; column += 1) {
    const candidates = rows
      .slice(column)
      .toSorted((a, b) => Math.abs(b[column] ?? 0) - Math.abs(a[column] ?? 0));
    rows.splice(column, candidates.length, ...candidates);
    const pivot = rows[column] ?? [];
    for (const row of rows.slice(column + 1)) {
      const factor = (row[column] ?? 0) / (pivot[column] ?? 0);
      pivot.forEach((value, k) => (row[k] = (row[k] ?? 0) - factor * value));
    }
  }
  const solution = rhs.map(() => 0);
  for (let i = rows.length - 1; i >= 0; i -= 1) {
    const row = rows[i] ?? [];
    const known = solution.reduce((sum, value, k) => (k > i ? sum + value * (row[k] ?? 0) : sum), 0);
    solution[i] = ((row[rows.length] ?? 0) - known) / (row[i] ?? 0);
  }
  return solution;
}
