/**
 * Logarithm, sine and cosine in float32, bit for bit as torch's vectorised normal_fill computes them on x86 with AVX2 and
 * FMA: the polynomials of the Cephes library (logf, sinf, cosf), with each fused multiply-add rounded once.
 */
const { fround } = Math;

/** a·b + c rounded once to float32; the product of two float32 is exact in a double. */
const fma = (a: number, b: number, c: number): number => fround(a * b + c);

/** Cephes logf: coefficients of ln(1 + x), highest power first. */
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(fround);
/** ln 2 in two parts. */
const LN2_LOW = fround(-2.1219444e-4);
const LN2_HIGH = fround(0.693359375);
const SQRT_HALF = fround(Math.SQRT1_2);

/** Cephes sinf and cosf: coefficients in x², highest power first. */
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(fround);
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(fround);
const FOUR_OVER_PI = fround(4 / Math.PI);
/** −π/4 in three parts. */
const QUARTER_PI = [-0.78515625, -2.4187564849853515625e-4, -3.774894977445941e-8].map(fround);

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, coefficient) => fma(sum, x, coefficient), 0);

/** ln x for a normal float32 x in 0 … 1 (0 excluded). */
export function logFloat32(x: number): number {
  // x = m · 2^e with m in √½ … √2.
  let exponent = 0;
  let mantissa = x;
  while (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent -= 1;
  }
  const rest = fround(mantissa - 1);
  const square = fround(rest * rest);
  const cubic = fround(polynomial(LOG, rest) * rest);
  const tail = fma(square, -0.5, fma(cubic, square, fround(exponent * LN2_LOW)));
  return fma(exponent, LN2_HIGH, fround(rest + tail));
}

/** [sin x, cos x] for a float32 x in 0 … 2π. */
export function sinCosFloat32(x: number): [number, number] {
  // Octant, rounded up to even: the rest is within ±π/4.
  const octant = (Math.trunc(fround(x * FOUR_OVER_PI)) + 1) & ~1;
  const rest = QUARTER_PI.reduce((value, part) => fma(octant, part, value), x);
  const square = fround(rest * rest);
  const cosTail = fround(polynomial(COS, square) * square);
  const even = fround(fround(cosTail * square - square * 0.5) + 1);
  const odd = fma(fround(polynomial(SIN, square) * square), rest, rest);
  const isSwapped = (octant & 2) !== 0;
  const sin = isSwapped ? even : odd;
  const cos = isSwapped ? odd : even;
  return [octant & 4 ? -sin : sin, (octant - 2) & 4 ? cos : -cos];
}
