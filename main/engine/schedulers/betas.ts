/** The noise schedule of training: betas and the cumulative product of alphas, as torch computes them in float32. */
import type { SchedulerConfig } from './scheduler-config';

const { fround } = Math;

/** torch.linspace in float32 (aten RangeFactoriesKernel): counted from both ends; [n] values. */
function torchLinspace(start: number, end: number, n: number): number[] {
  if (n === 1) return [fround(start)];
  const step = fround((fround(end) - fround(start)) / (n - 1));
  return Array.from({ length: n }, (_, i) =>
    i < n / 2 ? fround(start + step * i) : fround(end - step * (n - 1 - i)),
  );
}

/** numpy.linspace in float64; [n] values, the last one exact. */
export function linspace(start: number, end: number, n: number): number[] {
  const step = n > 1 ? (end - start) / (n - 1) : 0;
  return Array.from({ length: n }, (_, i) => (i === n - 1 && n > 1 ? end : start + step * i));
}

/** The keys of a configuration that decide the noise schedule, all filled in. */
export interface BetaConfig {
  trainSteps: number;
  start: number;
  end: number;
  schedule: NonNullable<SchedulerConfig['beta_schedule']>;
  trained: readonly number[] | null;
  zeroSnr: boolean;
}

/** Fills the noise schedule's keys with the defaults that most classes share (1e-4 … 0.02 linear, T = 1000). */
export function betaConfigOf(config: SchedulerConfig, defaults: Partial<BetaConfig> = {}): BetaConfig {
  return {
    trainSteps: config.trained_betas?.length ?? config.num_train_timesteps ?? 1000,
    start: config.beta_start ?? defaults.start ?? 1e-4,
    end: config.beta_end ?? defaults.end ?? 0.02,
    schedule: config.beta_schedule ?? defaults.schedule ?? 'linear',
    trained: config.trained_betas ?? null,
    zeroSnr: config.rescale_betas_zero_snr ?? false,
  };
}

/** ᾱ[t] for t = 0 … T−1, float32 values (pipelines.md 2.1; cumprod accumulates in double, rounds each entry). */
export function alphasCumprodOf(config: BetaConfig): Float32Array {
  const betas = betasOf(config);
  const cumprod = cumulativeProduct(betas.map((beta) => fround(1 - beta)));
  return config.zeroSnr ? rescaleZeroTerminalSnr(cumprod) : cumprod;
}

/** As `alphasCumprodOf`, but ᾱ[T−1] = 2⁻²⁴ after zero-SNR rescaling, so that the last sigma stays finite (4096). */
export function finiteAlphasCumprodOf(config: BetaConfig): Float32Array {
  const cumprod = alphasCumprodOf(config);
  if (config.zeroSnr) cumprod[cumprod.length - 1] = 2 ** -24;
  return cumprod;
}

/** The training betas, [T] float32 values. */
function betasOf(config: BetaConfig): number[] {
  const { start, end, trainSteps: count } = config;
  if (config.trained) return config.trained.map(fround);
  switch (config.schedule) {
    case 'linear':
      return torchLinspace(start, end, count);
    case 'scaled_linear':
      return torchLinspace(Math.sqrt(start), Math.sqrt(end), count).map((root) => fround(root * root));
    case 'squaredcos_cap_v2': {
      const alphaBar = (u: number): number => Math.cos((((u + 0.008) / 1.008) * Math.PI) / 2) ** 2;
      return Array.from({ length: count }, (_, i) =>
        fround(Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), 0.999)),
      );
    }
  }
}

/** Shifts and scales √ᾱ so that the last step has no signal left (Lin et al. 2023, algorithm 1); ends in exactly 0. */
function rescaleZeroTerminalSnr(cumprod: Float32Array): Float32Array {
  const roots = Float32Array.from(cumprod, Math.sqrt);
  const first = roots[0] ?? 1;
  const last = roots[roots.length - 1] ?? 0;
  const rescaled = roots.map((root) => fround(fround(root - last) * fround(first / fround(first - last))));
  const bars = rescaled.map((root) => root * root);
  // diffusers goes through the betas again, which costs a rounding per entry: ᾱ → α → β → α → ᾱ.
  const betas = Array.from(bars, (bar, t) => fround(1 - (t === 0 ? bar : fround(bar / (bars[t - 1] ?? 1)))));
  return cumulativeProduct(betas.map((beta) => fround(1 - beta)));
}

function cumulativeProduct(values: readonly number[]): Float32Array {
  let product = 1;
  return Float32Array.from(values, (value) => (product *= value));
}
