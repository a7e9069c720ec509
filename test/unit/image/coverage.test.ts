/** What a stroke and an area cover, against the shapes themselves sampled finely. */
import { describe, expect, it } from 'vitest';
import { coverageOf, type Coverage } from '../../../main/engine/image/coverage';
import type { Area, Stroke } from '../../../shared/painting';

const SIZE = { width: 48, height: 40 };
const ink = { layer: 'mask', erases: false, colour: '#ffffff', opacity: 1 } as const;
const stroke = (...points: number[]): Stroke => ({ kind: 'stroke', ...ink, points });
const area = (...points: number[]): Area => ({ kind: 'area', ...ink, points });

/** Coverage by counting: 8 × 8 samples in each pixel. */
function sampled(isInside: (x: number, y: number) => boolean): number[] {
  const values: number[] = [];
  for (let y = 0; y < SIZE.height; y += 1) {
    for (let x = 0; x < SIZE.width; x += 1) {
      let hits = 0;
      for (let i = 0; i < 64; i += 1) {
        if (isInside(x + ((i % 8) + 0.5) / 8, y + (Math.floor(i / 8) + 0.5) / 8)) hits += 1;
      }
      values.push((255 * hits) / 64);
    }
  }
  return values;
}

/** The coverage as values of the whole picture. */
function whole(covered: Coverage | null): number[] {
  const values = Array.from({ length: SIZE.width * SIZE.height }, () => 0);
  if (covered === null) return values;
  for (let y = 0; y < covered.height; y += 1) {
    for (let x = 0; x < covered.width; x += 1) {
      values[(covered.top + y) * SIZE.width + covered.left + x] = covered.values[y * covered.width + x] ?? 0;
    }
  }
  return values;
}

/** Inside the hull of two circles: inside a circle whose middle and radius lie anywhere between theirs. */
const inHull =
  (a: readonly [number, number, number], b: readonly [number, number, number]) =>
  (x: number, y: number): boolean => {
    for (let i = 0; i <= 48; i += 1) {
      const t = i / 48;
      const r = a[2] + (b[2] - a[2]) * t;
      if (Math.hypot(x - a[0] - (b[0] - a[0]) * t, y - a[1] - (b[1] - a[1]) * t) <= r) return true;
    }
    return false;
  };

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? 0))));

describe('coverage of strokes', () => {
  it.each([
    ['a dot', [20.3, 17.8, 9.4], [20.3, 17.8, 9.4]],
    ['a line of one width', [10, 10, 4], [36, 27, 4]],
    ['a line that swells', [8.5, 30, 1.5], [34, 14, 10]],
    ['a large dot that swallows a small one', [24, 20, 12], [27, 21, 3]],
    ['a level line', [6, 20, 5], [40, 20, 5]],
    ['one that leaves the picture', [-6, 4, 9], [52, 44, 6]],
  ] as const)('is that of %s, to the softness of its edge', (_name, a, b) => {
    const drawn = whole(coverageOf(stroke(...a, ...b), SIZE, 1));
    const wanted = sampled(inHull(a, b));
    // Distance to the edge stands for the area that is cut off: exact for straight edges along the grid, close for all others.
    expect(largestDifference(drawn, wanted)).toBeLessThan(36);
    expect(drawn.filter((value) => value === 255).length).toBeGreaterThan(20);
  });

  it('is the same for one point as for that point twice', () => {
    const dot = whole(coverageOf(stroke(20, 17, 6), SIZE, 1));
    expect(dot).toEqual(whole(coverageOf(stroke(20, 17, 6, 20, 17, 6), SIZE, 1)));
  });

  it('does not grow where a stroke crosses itself', () => {
    const there = [8, 8, 3, 40, 30, 3] as const;
    const twice = whole(coverageOf(stroke(...there, 8, 8, 3), SIZE, 1));
    expect(twice).toEqual(whole(coverageOf(stroke(...there), SIZE, 1)));
  });

  it('grows with the picture', () => {
    const small = whole(coverageOf(stroke(10, 10, 4, 30, 20, 4), SIZE, 0.5));
    expect(small).toEqual(whole(coverageOf(stroke(5, 5, 2, 15, 10, 2), SIZE, 1)));
  });

  it('is nothing outside the picture', () => {
    expect(coverageOf(stroke(-40, -40, 10), SIZE, 1)).toBeNull();
    expect(coverageOf(stroke(100, 20, 10, 120, 20, 10), SIZE, 1)).toBeNull();
  });
});

describe('coverage of areas', () => {
  it('is exact for a rectangle, also between pixels', () => {
    const values = whole(coverageOf(area(4, 6, 20.5, 6, 20.5, 30, 4, 30), SIZE, 1));
    expect(values[6 * SIZE.width + 4]).toBe(255);
    expect(values[6 * SIZE.width + 3]).toBe(0);
    expect(values[5 * SIZE.width + 4]).toBe(0);
    expect(values[6 * SIZE.width + 20]).toBe(128);
    expect(values.filter((value) => value === 255)).toHaveLength(16 * 24);
  });

  it('is that of a triangle, whichever way round it is drawn', () => {
    const corners = [5, 5, 42, 12, 17, 36];
    const isInside = (x: number, y: number): boolean => {
      const side = (i: number, j: number): number => {
        const [ax = 0, ay = 0, bx = 0, by = 0] = [corners[i], corners[i + 1], corners[j], corners[j + 1]];
        return (bx - ax) * (y - ay) - (by - ay) * (x - ax);
      };
      return side(0, 2) >= 0 && side(2, 4) >= 0 && side(4, 0) >= 0;
    };
    const wanted = sampled(isInside);
    expect(largestDifference(whole(coverageOf(area(...corners), SIZE, 1)), wanted)).toBeLessThan(24);
    const turned = area(17, 36, 42, 12, 5, 5);
    expect(whole(coverageOf(turned, SIZE, 1))).toEqual(whole(coverageOf(area(...corners), SIZE, 1)));
  });

  it('fills what a loop goes around twice', () => {
    const loop = [10, 10, 30, 10, 30, 30, 10, 30];
    expect(whole(coverageOf(area(...loop, ...loop), SIZE, 1))).toEqual(
      whole(coverageOf(area(...loop), SIZE, 1)),
    );
  });
});
