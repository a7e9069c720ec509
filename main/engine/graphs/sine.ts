/** Exact sines and cosines: graphics drivers may be wrong by 5e-4 (Vulkan's precision rules; 2e-4 measured), which would show in every timestep. */
import type { GraphBuilder, Value } from './graph-builder';
import { add, multiply } from './layers';

/** 2π to 8 bits, so that its multiples are exact. */
const TURN = 201 / 32;
/** Terms of Taylor's series; the first one left out is below 1e-7 at ±π. */
const TERMS = 10;

/** sin and cos of angles up to a few thousand, of any shape. */
function sineAndCosine(g: GraphBuilder, angles: Value): [sine: Value, cosine: Value] {
  if (g.target.kernels === 'cpu') return [g.op('Sin', [angles]), g.op('Cos', [angles])];
  const near = nearZero(g, angles);
  const square = multiply(g, near, near);
  return [multiply(g, near, series(g, square, 1)), series(g, square, 0)];
}

export interface SinusoidOptions {
  readonly features: number;
  /** diffusers' downscale_freq_shift. */
  readonly freqShift: number;
  /** Cosines before sines (flip_sin_to_cos). */
  readonly cosineFirst: boolean;
}

/** Sines and cosines at falling frequencies, as times are embedded: [N, 1] → [N, features]. */
export function sinusoids(g: GraphBuilder, x: Value, options: SinusoidOptions): Value {
  const half = Math.floor(options.features / 2);
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp(Math.fround(Math.fround(-Math.log(10_000) * i) / (half - options.freqShift))),
  );
  const waves = sineAndCosine(g, multiply(g, x, g.floats(frequencies, [1, half])));
  return g.op('Concat', options.cosineFirst ? waves.toReversed() : waves, { attributes: { axis: 1 } });
}

/** The same angle within ±π; 2π is taken away in two parts (Cody and Waite). */
function nearZero(g: GraphBuilder, angles: Value): Value {
  const scaled = add(g, multiply(g, angles, scalar(g, 1 / (2 * Math.PI))), scalar(g, 0.5));
  const turns = g.op('Floor', [scaled]);
  const most = g.op('Sub', [angles, multiply(g, turns, scalar(g, TURN))]);
  return g.op('Sub', [most, multiply(g, turns, scalar(g, 2 * Math.PI - TURN))]);
}

/** Σ (−z)^k / (2k + first)!, by Horner's rule: cos √z for 0, sin √z / √z for 1. */
function series(g: GraphBuilder, z: Value, first: 0 | 1): Value {
  const coefficients = [1];
  for (let k = 1; k < TERMS; k += 1) {
    const n = 2 * k + first;
    coefficients.push(-(coefficients[k - 1] ?? 0) / (n * (n - 1)));
  }
  let sum: Value | undefined;
  for (const coefficient of coefficients.toReversed()) {
    const term = scalar(g, coefficient);
    sum = sum === undefined ? term : add(g, multiply(g, sum, z), term);
  }
  return sum ?? z;
}

const scalar = (g: GraphBuilder, value: number): Value => g.floats([value], []);
