/** From what the denoiser predicts to the clean latents (x0), and the clipping that some classes apply to them. */
import { AppError } from '../../../shared/errors';
import type { PredictionType, SchedulerConfig } from './scheduler-config';

/**
 * x0 for a sample x = α·x0 + σ·noise (pipelines.md 2.2, 2.6); [numel] float32. `alpha` = σ-free factor of the picture,
 * `sigma` = factor of the noise. Throws AppError('model') for flow predictions, which need other factors.
 */
export function predictOriginal(
  type: PredictionType,
  modelOutput: Float32Array,
  sample: Float32Array,
  alpha: number,
  sigma: number,
): Float32Array {
  switch (type) {
    case 'epsilon':
      return combine(sample, 1 / alpha, modelOutput, -sigma / alpha);
    case 'v_prediction':
      return combine(sample, alpha, modelOutput, -sigma);
    case 'flow_prediction':
      return combine(sample, 1, modelOutput, -sigma);
    case 'sample':
      return modelOutput.slice();
  }
}

/** a·x + b·y per element, in double, rounded once; [numel] float32. */
export function combine(x: Float32Array, a: number, y: Float32Array, b: number): Float32Array {
  const result = new Float32Array(x.length);
  for (let i = 0; i < result.length; i += 1) result[i] = a * (x[i] ?? NaN) + b * (y[i] ?? NaN);
  return result;
}

/** The prediction type of a configuration (default epsilon), checked against what a class can do. */
export function predictionTypeOf(
  config: SchedulerConfig,
  supported: readonly PredictionType[] = ['epsilon', 'v_prediction', 'sample'],
): PredictionType {
  const type = config.prediction_type ?? 'epsilon';
  if (supported.includes(type)) return type;
  throw new AppError(
    'model',
    `This scheduler cannot work with a model that predicts "${type}"; choose another scheduler or model.`,
  );
}

/** Limits x0 in place where `thresholding` asks for it, else to ±clip_sample_range where `clip` is true; returns it. */
export function limitOriginal(original: Float32Array, config: SchedulerConfig, clip: boolean): Float32Array {
  if (config.thresholding) {
    return threshold(original, config.dynamic_thresholding_ratio ?? 0.995, config.sample_max_value ?? 1);
  }
  const range = clip ? (config.clip_sample_range ?? 1) : Infinity;
  for (let i = 0; clip && i < original.length; i += 1) {
    original[i] = Math.min(Math.max(original[i] ?? NaN, -range), range);
  }
  return original;
}

/** Dynamic thresholding (Imagen, section 2.3) of one picture, in place: clamps to a quantile s of |x0|, divides by s. */
function threshold(original: Float32Array, ratio: number, maxValue: number): Float32Array {
  const magnitudes = original.map(Math.abs).sort();
  const position = ratio * (magnitudes.length - 1);
  const low = Math.floor(position);
  const from = magnitudes[low] ?? 0;
  const quantile = from + ((magnitudes[low + 1] ?? from) - from) * (position - low);
  // As torch.clamp: where the lower limit 1 is above maxValue, maxValue wins.
  const limit = Math.min(Math.max(quantile, 1), maxValue);
  for (let i = 0; i < original.length; i += 1) {
    original[i] = Math.min(Math.max(original[i] ?? NaN, -limit), limit) / limit;
  }
  return original;
}
