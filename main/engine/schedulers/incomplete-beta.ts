/** The inverse of the regularised incomplete beta function, which "beta" sigmas need. */

/** x in 0 … 1 with I_x(a, b) = p, for a, b > 0, by bisection (monotone, 60 halvings: full double precision). */
export function inverseIncompleteBeta(p: number, a: number, b: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** I_x(a, b), by the continued fraction DLMF 8.17.22 on the side where it converges fast. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) - (logGamma(a) + logGamma(b) - logGamma(a + b)),
  );
  return front / (a * continuedFraction(x, a, b));
}

/** 1 + d1/(1 + d2/(1 + ...)), evaluated from the tail; 200 terms are far more than doubles need at x below the mean. */
function continuedFraction(x: number, a: number, b: number): number {
  let value = 1;
  for (let n = 200; n >= 1; n -= 1) {
    const m = Math.floor(n / 2);
    const term =
      n % 2 === 0
        ? (m * (b - m) * x) / ((a + n - 1) * (a + n))
        : (-(a + m) * (a + b + m) * x) / ((a + n - 1) * (a + n));
    value = 1 + term / value;
  }
  return value;
}

/** ln Γ(z) for z > 0: Stirling's series (DLMF 5.11.1) after shifting z above 10. */
function logGamma(z: number): number {
  let shift = 0;
  let y = z;
  while (y < 10) {
    shift += Math.log(y);
    y += 1;
  }
  const series = 1 / (12 * y) - 1 / (360 * y ** 3) + 1 / (1260 * y ** 5) - 1 / (1680 * y ** 7);
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
