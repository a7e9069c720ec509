/** Tells unusable results from honest ones, so that a black picture is never saved silently. */

/** Null when every value is finite, else what is wrong in a few words. */
export function findNonFinite(data: Float32Array): string | null {
  for (const value of data) {
    if (Number.isNaN(value)) return 'numbers that are not numbers (NaN)';
    if (!Number.isFinite(value)) return 'infinitely large numbers';
  }
  return null;
}

/** Standard deviation of all values. */
export function standardDeviation(data: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 1) sum += data[i] ?? 0;
  const mean = sum / data.length;
  let squares = 0;
  for (let i = 0; i < data.length; i += 1) squares += ((data[i] ?? 0) - mean) ** 2;
  return Math.sqrt(squares / data.length);
}

/** Spread below which a noise prediction counts as constant: it predicts unit noise. */
const CONSTANT_PREDICTION = 1e-6;

/** Spread in 8-bit levels below which a picture counts as one flat colour. */
const FLAT_LEVELS = 0.5;

/** The denoiser's output: finite, and not one constant. */
export function checkPrediction(prediction: Float32Array): string | null {
  const fault = findNonFinite(prediction);
  if (fault !== null) return fault;
  return prediction.length > 1 && standardDeviation(prediction) < CONSTANT_PREDICTION
    ? 'one constant instead of a prediction'
    : null;
}

/** True when a picture is one flat colour, as an honestly black input is. */
export function isFlat(rgb: Uint8Array): boolean {
  return standardDeviation(rgb) < FLAT_LEVELS;
}

/** Encoded latents: finite; constant only when the picture itself is one flat colour. */
export function checkEncoded(mean: Float32Array, isInputFlat: boolean): string | null {
  const fault = findNonFinite(mean);
  if (fault !== null) return fault;
  return !isInputFlat && mean.length > 1 && standardDeviation(mean) < CONSTANT_PREDICTION
    ? 'one constant instead of latents'
    : null;
}

/** Decoded pixels: finite; one flat colour only when the picture that went in was one too. */
export function checkDecoded(pixels: Float32Array, isInputFlat: boolean): string | null {
  const fault = findNonFinite(pixels);
  if (fault !== null) return fault;
  if (isInputFlat) return null;
  let low = 0;
  let high = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const value of pixels) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    if (value <= -1) low += 1;
    if (value >= 1) high += 1;
  }
  if (max - min < 1 / 255) return 'one flat colour';
  if (low === pixels.length) return 'an entirely black picture';
  return high === pixels.length ? 'an entirely white picture' : null;
}
