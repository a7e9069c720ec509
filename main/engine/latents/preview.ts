/** Cheap previews: a linear map from latents to colours, with known tables and a way to fit one for another VAE. */
import { AppError } from '../../../shared/errors';
import type { Family } from '../../../shared/models';

/** rgb = Σ latent[c]·rows[c] + bias, in −1 … 1. `rows`: one [R, G, B] per latent channel, for scaled (loop space) latents. */
export interface PreviewFactors {
  rows: readonly (readonly [number, number, number])[];
  bias: readonly [number, number, number];
}

const SD: PreviewFactors = {
  rows: [
    [0.3512, 0.2297, 0.3227],
    [0.325, 0.4974, 0.235],
    [-0.2829, 0.1762, 0.2721],
    [-0.212, -0.2616, -0.7177],
  ],
  bias: [0, 0, 0],
};

/** Tables for the families' own VAEs (fitted by the ComfyUI project, latent_formats.py). */
export const PREVIEW_FACTORS: Readonly<Record<Family, PreviewFactors>> = {
  sd1: SD,
  sd2: SD,
  /** SDXL, 4 channels. */
  sdxl: {
    rows: [
      [0.3651, 0.4232, 0.4341],
      [-0.2533, -0.0042, 0.1068],
      [0.1076, 0.1111, -0.0362],
      [-0.3165, -0.2492, -0.2188],
    ],
    bias: [0.1084, -0.0175, -0.0011],
  },
  /** FLUX, 16 channels. */
  flux: {
    rows: [
      [-0.0346, 0.0244, 0.0681],
      [0.0034, 0.021, 0.0687],
      [0.0275, -0.0668, -0.0433],
      [-0.0174, 0.016, 0.0617],
      [0.0859, 0.0721, 0.0329],
      [0.0004, 0.0383, 0.0115],
      [0.0405, 0.0861, 0.0915],
      [-0.0236, -0.0185, -0.0259],
      [-0.0245, 0.025, 0.118],
      [0.1008, 0.0755, -0.0421],
      [-0.0515, 0.0201, 0.0011],
      [0.0428, -0.0012, -0.0036],
      [0.0817, 0.0765, 0.0749],
      [-0.1264, -0.0522, -0.1103],
      [-0.028, -0.0881, -0.0499],
      [-0.1262, -0.0982, -0.0778],
    ],
    bias: [-0.0329, -0.0718, -0.0851],
  },
};

/** latents [C, h, w] in loop space → [h, w, 3] uint8: (clamp(rgb, −1, 1) + 1)·127.5. C is the number of rows. */
export function previewRgb(
  latents: Float32Array,
  height: number,
  width: number,
  factors: PreviewFactors,
): Uint8Array {
  const area = height * width;
  if (latents.length !== area * factors.rows.length) {
    throw new RangeError(`${latents.length} values are not ${factors.rows.length} × ${height} × ${width}`);
  }
  const pixels = new Uint8Array(area * 3);
  for (let i = 0; i < area; i += 1) {
    let [r, g, b] = factors.bias;
    factors.rows.forEach(([toRed, toGreen, toBlue], c) => {
      const value = latents[c * area + i] ?? NaN;
      r += value * toRed;
      g += value * toGreen;
      b += value * toBlue;
    });
    pixels[i * 3] = toByte(r);
    pixels[i * 3 + 1] = toByte(g);
    pixels[i * 3 + 2] = toByte(b);
  }
  return pixels;
}

/**
 * The factors and bias that best turn `latents` [C, h, w] into `rgb` [h, w, 3] (uint8, the encoded picture area-averaged
 * to h × w), by least squares. A small ridge keeps flat pictures solvable, where it falls back to the mean colour.
 */
export function fitPreviewFactors(latents: Float32Array, rgb: Uint8Array): PreviewFactors {
  const area = rgb.length / 3;
  const channels = latents.length / area;
  if (!Number.isInteger(channels) || channels < 1) {
    throw new RangeError(`${latents.length} latents do not belong to ${area} pixels`);
  }
  const color = (i: number, k: number): number => (rgb[i * 3 + k] ?? NaN) / 127.5 - 1;
  const latent = (c: number, i: number): number => latents[c * area + i] ?? NaN;
  const latentMeans = Array.from({ length: channels }, (_, c) => mean(area, (i) => latent(c, i)));
  const colorMeans = [0, 1, 2].map((k) => mean(area, (i) => color(i, k)));

  // Centred normal equations, so that the ridge never pulls the bias: (cov + λI)·F = cross.
  const covariance = latentMeans.map((meanA, a) =>
    latentMeans.map((meanB, b) => mean(area, (i) => (latent(a, i) - meanA) * (latent(b, i) - meanB))),
  );
  const cross = latentMeans.map((meanA, a) =>
    colorMeans.map((meanK, k) => mean(area, (i) => (latent(a, i) - meanA) * (color(i, k) - meanK))),
  );
  const trace = covariance.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const ridge = 1e-4 * (trace / channels) + 1e-8;
  covariance.forEach((row, i) => (row[i] = (row[i] ?? 0) + ridge));
  const rows = solveSymmetric(covariance, cross).map(toTriple);
  const bias = colorMeans.map((value, k) =>
    rows.reduce((sum, row, c) => sum - (row[k] ?? 0) * (latentMeans[c] ?? 0), value),
  );
  if (![...rows.flat(), ...bias].every(Number.isFinite)) {
    throw new AppError(
      'internal',
      'The preview colours could not be worked out, because the latents are not numbers.',
    );
  }
  return { rows, bias: toTriple(bias) };
}

/** Solves A·X = B for a symmetric positive definite A by Gauss-Jordan elimination; the diagonal needs no pivoting. */
function solveSymmetric(a: readonly number[][], b: readonly number[][]): number[][] {
  const size = a.length;
  const rows = a.map((row, i) => [...row, ...(b[i] ?? [])]);
  for (let column = 0; column < size; column += 1) {
    const pivotRow = rows[column] ?? [];
    const pivot = pivotRow[column] ?? NaN;
    pivotRow.forEach((value, k) => (pivotRow[k] = value / pivot));
    rows.forEach((row, i) => {
      const factor = row[column] ?? 0;
      if (i !== column) pivotRow.forEach((value, k) => (row[k] = (row[k] ?? 0) - factor * value));
    });
  }
  return rows.map((row) => row.slice(size));
}

function mean(count: number, value: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += value(i);
  return sum / count;
}

const toTriple = (values: readonly number[]): [number, number, number] => [
  values[0] ?? NaN,
  values[1] ?? NaN,
  values[2] ?? NaN,
];

const toByte = (value: number): number => Math.round((Math.min(Math.max(value, -1), 1) + 1) * 127.5);
