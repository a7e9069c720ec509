/** Tiles cover everything, and blending puts back what was cut. */
import { describe, expect, it } from 'vitest';
import { cutTile, planTiles, scaleTile, TileBlender, TileGrid } from '../../../main/engine/latents/tiling';

describe('planTiles', () => {
  it.each([
    [64, 64, [0]],
    [40, 64, [0]],
    [65, 64, [0, 1]],
    [96, 64, [0, 32]],
    [100, 64, [0, 36]],
    [128, 64, [0, 48, 64]],
    [192, 64, [0, 48, 96, 128]],
  ])('cuts %i by %i at %j', (length, tile, starts) => {
    const plan = planTiles(length, tile);
    expect(plan.map(({ start }) => start)).toEqual(starts);
    expect(plan.every((span) => span.length === Math.min(length, tile))).toBe(true);
  });

  it('covers every position with tiles that overlap enough, for all sizes', () => {
    for (let length = 1; length <= 300; length += 1) {
      for (const [tile, overlap] of [
        [32, 0.25],
        [48, 0.5],
        [7, 0],
        [1, 0.9],
      ] as const) {
        const plan = planTiles(length, tile, overlap);
        expect(plan[0]?.start).toBe(0);
        const last = plan.at(-1);
        expect((last?.start ?? NaN) + (last?.length ?? NaN)).toBe(length);
        plan.slice(1).forEach((span, i) => {
          const before = plan[i];
          const shared = (before?.start ?? NaN) + (before?.length ?? NaN) - span.start;
          expect(shared).toBeGreaterThanOrEqual(Math.min(Math.floor(tile * overlap), tile - 1));
          expect(span.start).toBeGreaterThan(before?.start ?? NaN);
        });
      }
    }
  });

  it('keeps pixel tiles on whole latents', () => {
    for (let length = 8; length <= 2048; length += 8) {
      for (const { start, length: size } of planTiles(length, 104, 0.3, 8)) {
        expect([start % 8, size % 8]).toEqual([0, 0]);
      }
    }
  });

  it('plans pixels and latents alike', () => {
    const pixels = new TileGrid(1000, 712, 512, 0.25, 8);
    const latents = new TileGrid(125, 89, 64, 0.25);
    expect(latents.tiles.map((tile) => scaleTile(tile, 8))).toEqual(pixels.tiles);
  });

  it.each([
    [0, 64, 0.25, 1],
    [100.5, 64, 0.25, 1],
    [100, 64, 1, 1],
    [100, 64, 0.25, 8],
    [96, 60, 0.25, 8],
  ])('refuses %f, %f, %f, %f', (length, tile, overlap, multiple) => {
    expect(() => planTiles(length, tile, overlap, multiple)).toThrow(RangeError);
  });
});

describe('TileBlender', () => {
  type Size = [channels: number, height: number, width: number, tile: number, overlap: number];
  const SIZES: Size[] = [
    [2, 40, 100, 32, 0.25],
    [4, 64, 64, 64, 0.25],
    [3, 65, 33, 32, 0.25],
    [1, 97, 130, 24, 0.5],
    [1, 50, 50, 16, 0],
  ];

  /** Cuts `source` [channels, height, width] into tiles and blends them again. */
  function roundTrip(source: Float32Array, [channels, height, width, tile, overlap]: Size): Float32Array {
    const blender = new TileBlender(channels, height, width);
    for (const part of new TileGrid(width, height, tile, overlap).tiles) {
      blender.add(cutTile(source, channels, height, width, part), part, overlap);
    }
    return blender.finish();
  }

  it.each(SIZES)('reproduces constants and ramps: %i × %i × %i, tile %i, overlap %f', (...size) => {
    const [channels, height, width] = size;
    const area = height * width;
    // Powers of two leave rounding out: the weights themselves must sum to one.
    const constant = new Float32Array(channels * area).fill(0.5);
    expect(roundTrip(constant, size).every((value) => Math.abs(value - 0.5) < 1e-7)).toBe(true);
    const ramp = Float32Array.from(
      { length: channels * area },
      (_, i) => Math.floor(i / area) * 1000 + Math.floor((i % area) / width) * 2 + (i % width),
    );
    const off = roundTrip(ramp, size).findIndex((value, i) => {
      const exact = ramp[i] ?? NaN;
      return !(Math.abs(value - exact) <= 1e-6 * exact);
    });
    expect(off).toBe(-1);
  });

  it('fades linearly from one tile into the next, with no step', () => {
    const [width, tile] = [96, 64];
    const blender = new TileBlender(1, 1, width);
    const { tiles } = new TileGrid(width, 1, tile);
    tiles.forEach((part, k) => blender.add(new Float32Array(part.width).fill(k), part));
    const result = blender.finish();
    expect(result[0]).toBe(0);
    expect(result[31]).toBe(0);
    expect(result[64]).toBe(1);
    for (let i = 1; i < width; i += 1) {
      const rise = (result[i] ?? NaN) - (result[i - 1] ?? NaN);
      expect(rise).toBeGreaterThanOrEqual(0);
      expect(rise).toBeLessThan(0.1);
    }
    expect((result[47] ?? NaN) + (result[48] ?? NaN)).toBeCloseTo(1, 6);
  });

  it('refuses tiles of another size and areas with holes', () => {
    const blender = new TileBlender(1, 4, 4);
    expect(() => blender.add(new Float32Array(3), { x: 0, y: 0, width: 2, height: 2 })).toThrow(RangeError);
    blender.add(new Float32Array(4), { x: 0, y: 0, width: 2, height: 2 });
    expect(() => blender.finish()).toThrow(/no tile covers/);
  });
});
