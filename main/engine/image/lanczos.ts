/**
 * Resamples RGB pictures with the Lanczos kernel exactly as Pillow does (Resample.c, 8 bits per channel), which is what diffusers uses:
 * separable, horizontal first, kernel widened when shrinking, 22-bit fixed-point weights, 8-bit values between the two passes.
 * Written out here because libvips enlarges with a shift of half a pixel, which shows when a result is flipped against its source.
 */
import type { RgbImage } from './picture';

const RADIUS = 3;
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** Weights of one axis: for output `i`, input `first[i] … first[i] + taps − 1` with weights from `i · taps` (unused ones are 0). */
interface AxisWeights {
  taps: number;
  first: Int32Array;
  counts: Int32Array;
  weights: Int32Array;
}

/** Resamples to `width` × `height` pixels; answers the same object when the size is right already. */
export function resampleLanczos(
  image: RgbImage,
  { width, height }: { width: number; height: number },
): RgbImage {
  const wide = image.width === width ? image : resampleRows(image, width);
  return wide.height === height ? wide : resampleColumns(wide, height);
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const lanczos = (x: number): number => (x >= -RADIUS && x < RADIUS ? sinc(x) * sinc(x / RADIUS) : 0);

function axisWeights(from: number, to: number): AxisWeights {
  const scale = from / to;
  const widening = Math.max(1, scale);
  const support = RADIUS * widening;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Int32Array(to * taps);
  const exact = new Float64Array(taps);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const weight = lanczos((k + start - centre + 0.5) / widening);
      exact[k] = weight;
      sum += weight;
    }
    for (let k = 0; k < count; k++) {
      const weight = ((exact[k] ?? 0) / sum) * (1 << PRECISION_BITS);
      weights[i * taps + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    first[i] = start;
    counts[i] = count;
  }
  return { taps, first, counts, weights };
}

/** rgb: [height, width, 3] → [height, to, 3] */
function resampleRows(image: RgbImage, to: number): RgbImage {
  const { width, height, rgb } = image;
  const { taps, first, counts, weights } = axisWeights(width, to);
  const out = Buffer.allocUnsafeSlow(to * height * 3);
  for (let y = 0; y < height; y++) {
    const row = y * width * 3;
    for (let x = 0; x < to; x++) {
      let r = HALF;
      let g = HALF;
      let b = HALF;
      let at = row + (first[x] ?? 0) * 3;
      const end = x * taps + (counts[x] ?? 0);
      for (let k = x * taps; k < end; k++, at += 3) {
        const weight = weights[k] ?? 0;
        r += (rgb[at] ?? 0) * weight;
        g += (rgb[at + 1] ?? 0) * weight;
        b += (rgb[at + 2] ?? 0) * weight;
      }
      const target = (y * to + x) * 3;
      out[target] = clip(r);
      out[target + 1] = clip(g);
      out[target + 2] = clip(b);
    }
  }
  return { width: to, height, rgb: out };
}

/** rgb: [height, width, 3] → [to, width, 3] */
function resampleColumns(image: RgbImage, to: number): RgbImage {
  const { width, height, rgb } = image;
  const { taps, first, counts, weights } = axisWeights(height, to);
  const rowLength = width * 3;
  const out = Buffer.allocUnsafeSlow(rowLength * to);
  const sums = new Float64Array(rowLength);
  for (let y = 0; y < to; y++) {
    sums.fill(HALF);
    // Row by row instead of column by column: memory is read in order.
    for (let k = 0; k < (counts[y] ?? 0); k++) {
      const weight = weights[y * taps + k] ?? 0;
      const row = ((first[y] ?? 0) + k) * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i] = (sums[i] ?? 0) + (rgb[row + i] ?? 0) * weight;
    }
    for (let i = 0; i < rowLength; i++) out[y * rowLength + i] = clip(sums[i] ?? 0);
  }
  return { width, height: to, rgb: out };
}

/** Fixed point → 0 … 255, rounding down as a shift does (the half was added before). */
const clip = (sum: number): number => {
  const value = Math.floor(sum / (1 << PRECISION_BITS));
  return value < 0 ? 0 : value > 255 ? 255 : value;
};
