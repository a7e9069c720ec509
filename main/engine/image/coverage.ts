/** How much of each pixel a stroke or an area covers. Exact shapes with a soft edge of one pixel, as the window's canvas draws them. */
import type { Area, Stroke } from '../../../shared/painting';
import type { Box, Size } from './fit';

/** Coverage of the pixels in a box: [height, width] uint8, 255 is covered wholly. */
export interface Coverage extends Box {
  readonly values: Uint8Array;
}

/** Lines per pixel row that an area is cut into. */
const SUBROWS = 4;

/** Coverage of a mark within a picture; null when it lies wholly outside. `scale`: picture pixels per pixel of the mark. */
export function coverageOf(mark: Stroke | Area, size: Size, scale: number): Coverage | null {
  const points = mark.points.map((value) => value * scale);
  return mark.kind === 'stroke' ? strokeCoverage(points, size) : areaCoverage(points, size);
}

function strokeCoverage(points: readonly number[], size: Size): Coverage | null {
  const circles: Circle[] = [];
  for (let i = 0; i + 2 < points.length; i += 3) {
    circles.push({ x: points[i] ?? 0, y: points[i + 1] ?? 0, r: points[i + 2] ?? 0 });
  }
  const box = boxWithin(
    Math.min(...circles.map(({ x, r }) => x - r)),
    Math.min(...circles.map(({ y, r }) => y - r)),
    Math.max(...circles.map(({ x, r }) => x + r)),
    Math.max(...circles.map(({ y, r }) => y + r)),
    size,
  );
  if (box === null) return null;
  const values = new Uint8Array(box.width * box.height);
  const [first] = circles;
  if (circles.length === 1 && first !== undefined) coverHull(values, box, first, first);
  for (let i = 1; i < circles.length; i += 1) {
    const [from, to] = [circles[i - 1], circles[i]];
    if (from !== undefined && to !== undefined) coverHull(values, box, from, to);
  }
  return { ...box, values };
}

interface Circle {
  readonly x: number;
  readonly y: number;
  readonly r: number;
}

/** Covers everything between two circles, and both of them. */
function coverHull(values: Uint8Array, box: Box, a: Circle, b: Circle): void {
  const distance = hullDistance(a, b);
  const top = Math.max(box.top, Math.floor(Math.min(a.y - a.r, b.y - b.r) - 0.5));
  const bottom = Math.min(box.top + box.height, Math.ceil(Math.max(a.y + a.r, b.y + b.r) + 0.5));
  for (let y = top; y < bottom; y += 1) {
    const outer = hullSpan(a, b, y + 0.5, 0.5);
    if (outer === null) continue;
    const inner = hullSpan(a, b, y + 0.5, -0.5);
    const row = (y - box.top) * box.width - box.left;
    const left = Math.max(box.left, Math.floor(outer[0] - 0.5));
    const right = Math.min(box.left + box.width, Math.ceil(outer[1] + 0.5));
    const solidFrom = inner === null ? right : Math.min(right, Math.max(left, Math.ceil(inner[0] - 0.5)));
    const solidTo = inner === null ? right : Math.max(solidFrom, Math.min(right, Math.floor(inner[1] + 0.5)));
    const soften = (from: number, to: number): void => {
      for (let x = from; x < to; x += 1) {
        const covered = Math.round(255 * Math.min(1, Math.max(0, 0.5 - distance(x + 0.5, y + 0.5))));
        if (covered > (values[row + x] ?? 0)) values[row + x] = covered;
      }
    };
    soften(left, solidFrom);
    values.fill(255, row + solidFrom, row + solidTo);
    soften(solidTo, right);
  }
}

/** The part of a row (at height `y`) that lies in the hull of two circles whose radii are `more` larger; null: none. */
function hullSpan(a: Circle, b: Circle, y: number, more: number): [number, number] | null {
  let [left, right] = [Infinity, -Infinity];
  const take = (x: number): void => {
    left = Math.min(left, x);
    right = Math.max(right, x);
  };
  for (const { x, y: centre, r } of [a, b]) {
    const half = (r + more) ** 2 - (y - centre) ** 2;
    if (r + more <= 0 || half < 0) continue;
    take(x - Math.sqrt(half));
    take(x + Math.sqrt(half));
  }
  for (const [from, to] of tangents(a, b, more)) {
    if (from.y === to.y || y < Math.min(from.y, to.y) || y > Math.max(from.y, to.y)) continue;
    take(from.x + ((to.x - from.x) * (y - from.y)) / (to.y - from.y));
  }
  return left > right ? null : [left, right];
}

type Point = Pick<Circle, 'x' | 'y'>;

/** The two lines that touch both circles from outside; none where one circle lies in the other. */
function tangents(a: Circle, b: Circle, more: number): [Point, Point][] {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy);
  const sine = (a.r - b.r) / length;
  if (!(length > 0) || Math.abs(sine) >= 1 || Math.min(a.r, b.r) + more <= 0) return [];
  const cosine = Math.sqrt(1 - sine * sine);
  return [1, -1].map((side): [Point, Point] => {
    const normal = {
      x: (dx * sine - side * dy * cosine) / length,
      y: (dy * sine + side * dx * cosine) / length,
    };
    const touch = ({ x, y, r }: Circle): Point => ({
      x: x + normal.x * (r + more),
      y: y + normal.y * (r + more),
    });
    return [touch(a), touch(b)];
  });
}

/** Signed distance to the hull's edge, negative inside (Inigo Quilez, "uneven capsule"). */
function hullDistance(a: Circle, b: Circle): (x: number, y: number) => number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy);
  if (length <= Math.abs(a.r - b.r)) {
    const { x: cx, y: cy, r } = a.r >= b.r ? a : b;
    return (x, y) => Math.hypot(x - cx, y - cy) - r;
  }
  const sine = (a.r - b.r) / length;
  const cosine = Math.sqrt(1 - sine * sine);
  return (x, y) => {
    const along = ((x - a.x) * dx + (y - a.y) * dy) / length;
    const across = Math.abs((x - a.x) * dy - (y - a.y) * dx) / length;
    const side = along * cosine - across * sine;
    if (side < 0) return Math.hypot(along, across) - a.r;
    if (side > cosine * length) return Math.hypot(along - length, across) - b.r;
    return across * cosine + along * sine - a.r;
  };
}

/** Scan lines through a polygon with the non-zero rule; along a line the coverage is exact. */
function areaCoverage(points: readonly number[], size: Size): Coverage | null {
  const xs = points.filter((_, i) => i % 2 === 0);
  const ys = points.filter((_, i) => i % 2 === 1);
  const box = boxWithin(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), size);
  if (box === null) return null;
  const values = new Uint8Array(box.width * box.height);
  const row = new Float32Array(box.width);
  for (let y = 0; y < box.height; y += 1) {
    row.fill(0);
    for (let sub = 0; sub < SUBROWS; sub += 1) {
      const height = box.top + y + (sub + 0.5) / SUBROWS;
      for (const [from, to] of spansAt(xs, ys, height)) addSpan(row, from - box.left, to - box.left);
    }
    for (let x = 0; x < box.width; x += 1) {
      values[y * box.width + x] = Math.round((255 * Math.min(SUBROWS, row[x] ?? 0)) / SUBROWS);
    }
  }
  return { ...box, values };
}

/** Where a horizontal line runs inside a polygon. */
function spansAt(xs: readonly number[], ys: readonly number[], height: number): [number, number][] {
  const crossings: { x: number; turn: 1 | -1 }[] = [];
  for (let i = 0, before = xs.length - 1; i < xs.length; before = i, i += 1) {
    const [x0, y0, x1, y1] = [xs[before] ?? 0, ys[before] ?? 0, xs[i] ?? 0, ys[i] ?? 0];
    if (y0 <= height === y1 <= height) continue;
    crossings.push({ x: x0 + ((x1 - x0) * (height - y0)) / (y1 - y0), turn: y1 > y0 ? 1 : -1 });
  }
  crossings.sort((a, b) => a.x - b.x);
  const spans: [number, number][] = [];
  let turns = 0;
  let start = 0;
  for (const { x, turn } of crossings) {
    if (turns === 0) start = x;
    turns += turn;
    if (turns === 0) spans.push([start, x]);
  }
  return spans;
}

function addSpan(row: Float32Array, from: number, to: number): void {
  const [left, right] = [Math.max(0, from), Math.min(row.length, to)];
  for (let x = Math.floor(left); x < right; x += 1) {
    row[x] = (row[x] ?? 0) + Math.min(right, x + 1) - Math.max(left, x);
  }
}

/** The whole pixels around a shape, as far as they lie in the picture; null: none. */
function boxWithin(left: number, top: number, right: number, bottom: number, size: Size): Box | null {
  const from = { x: Math.max(0, Math.floor(left - 0.5)), y: Math.max(0, Math.floor(top - 0.5)) };
  const to = {
    x: Math.min(size.width, Math.ceil(right + 0.5)),
    y: Math.min(size.height, Math.ceil(bottom + 0.5)),
  };
  return from.x >= to.x || from.y >= to.y
    ? null
    : { left: from.x, top: from.y, width: to.x - from.x, height: to.y - from.y };
}
