/** Strokes with as few points as they need (Ramer, Douglas and Peucker), the width counted as a third dimension. */

/** Points are rounded to this part of a pixel, which nobody sees and which keeps them short on disk. */
const ROUNDING = 16;

/**
 * Leaves out points that lie within `tolerance` of the line between those that stay.
 * @param points numbers in groups of `stride`: 3 for x, y, radius; 2 for x, y
 */
export function simplify(points: readonly number[], stride: 2 | 3, tolerance: number): number[] {
  const count = points.length / stride;
  const isKept = new Uint8Array(count);
  if (count > 0) isKept[0] = isKept[count - 1] = 1;
  const spans: [number, number][] = [[0, count - 1]];
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const [from, to] = span;
    let [farthest, distance] = [-1, tolerance];
    for (let i = from + 1; i < to; i += 1) {
      const away = distanceToSpan(points, stride, i, from, to);
      if (away > distance) [farthest, distance] = [i, away];
    }
    if (farthest < 0) continue;
    isKept[farthest] = 1;
    spans.push([from, farthest], [farthest, to]);
  }
  const kept: number[] = [];
  for (let i = 0; i < count; i += 1) {
    if (isKept[i] !== 1) continue;
    for (let c = 0; c < stride; c += 1) kept.push(round(points[i * stride + c] ?? 0));
  }
  return kept;
}

const round = (value: number): number => Math.round(value * ROUNDING) / ROUNDING;

/** The same with as large a tolerance as it takes to keep at most `limit` numbers. */
export function simplifyTo(
  points: readonly number[],
  stride: 2 | 3,
  tolerance: number,
  limit: number,
): number[] {
  let kept = simplify(points, stride, tolerance);
  for (let rougher = 2 * tolerance; kept.length > limit; rougher *= 2) kept = simplify(kept, stride, rougher);
  return kept;
}

/** Distance of point `i` to the straight line between two others. Called for every point of a stroke, so it makes no objects. */
function distanceToSpan(
  points: readonly number[],
  stride: number,
  i: number,
  from: number,
  to: number,
): number {
  let [along, length, squared] = [0, 0, 0];
  for (let c = 0; c < stride; c += 1) {
    const start = points[from * stride + c] ?? 0;
    const way = (points[to * stride + c] ?? 0) - start;
    along += ((points[i * stride + c] ?? 0) - start) * way;
    length += way * way;
  }
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, along / length));
  for (let c = 0; c < stride; c += 1) {
    const start = points[from * stride + c] ?? 0;
    const way = (points[to * stride + c] ?? 0) - start;
    squared += ((points[i * stride + c] ?? 0) - start - share * way) ** 2;
  }
  return Math.sqrt(squared);
}
