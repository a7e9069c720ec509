/** Fitting to a working size and back: sizes, exactness, and what happens at the edges. */
import { describe, expect, it } from 'vitest';
import { applyFit, planFit, undoFit, type FitLimits } from '../../../main/engine/image/fit';
import type { RgbImage } from '../../../main/engine/image/picture';
import { FIT_MODES, type GenerationSettings } from '../../../shared/generation';
import { largestDifference, makePicture, seeded } from './helpers';

const SD: FitLimits = { multiple: 8, minSidePx: 64, maxPixels: 1024 * 1024, nativeSidePx: 512 };

const pixel = (image: RgbImage, x: number, y: number): number[] => [
  ...image.rgb.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3),
];

/** What a model does in the worst case: an entirely different picture. */
const inverted = (image: RgbImage): RgbImage => ({
  ...image,
  rgb: Buffer.from(image.rgb.map((v) => 255 - v)),
});

/** Without noise, so that resampling there and back loses next to nothing. */
function softPicture(width: number, height: number): RgbImage {
  const rgb = Buffer.alloc(width * height * 3);
  for (let i = 0; i < rgb.length; i++) {
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    rgb[i] = 128 + 90 * Math.sin(x / 15 + (i % 3)) * Math.cos(y / 18);
  }
  return { width, height, rgb };
}

async function expectRoundTrip(
  input: RgbImage,
  target: GenerationSettings['size'],
  fit: GenerationSettings['fit'],
  limits = SD,
): Promise<{ working: RgbImage; result: RgbImage }> {
  const plan = planFit(input, target, limits, fit);
  const working = await applyFit(input, plan);
  expect([working.width, working.height]).toEqual([plan.width, plan.height]);
  expect(working.rgb.length).toBe(plan.width * plan.height * 3);
  const result = await undoFit(working, plan, input);
  expect([result.width, result.height]).toEqual([input.width, input.height]);
  expect(result.rgb.length).toBe(input.rgb.length);
  return { working, result };
}

describe('a picture that already has a right size', () => {
  for (const fit of FIT_MODES) {
    it(`passes untouched (${fit})`, async () => {
      const input = makePicture(128, 72);
      for (const target of ['input', { width: 128, height: 72 }] as const) {
        const plan = planFit(input, target, SD, fit);
        expect(plan).toMatchObject({ width: 128, height: 72, isExact: true, featherPx: 0 });
        const { working, result } = await expectRoundTrip(input, target, fit);
        expect(working.rgb.equals(input.rgb)).toBe(true);
        expect(result.rgb.equals(input.rgb)).toBe(true);
      }
    });
  }
});

describe('size: input', () => {
  for (const fit of ['crop', 'pad'] as const) {
    it(`takes 511 × 837 as it is and only fills up to the multiple (${fit})`, async () => {
      const input = makePicture(511, 837);
      const plan = planFit(input, 'input', SD, fit);
      expect(plan).toMatchObject({ width: 512, height: 840, isExact: true });
      const { working, result } = await expectRoundTrip(input, 'input', fit);
      expect(result.rgb.equals(input.rgb)).toBe(true);
      // The filled edge repeats its neighbour.
      expect(pixel(working, 511, 400)).toEqual(pixel(working, 510, 400));
      expect(pixel(working, 300, 839)).toEqual(pixel(working, 300, 837));
    });
  }

  it('stretches to the nearest multiple when asked to', async () => {
    const input = softPicture(515, 837);
    expect(planFit(input, 'input', SD, 'stretch')).toMatchObject({ width: 512, height: 840, isExact: false });
    const { result } = await expectRoundTrip(input, 'input', 'stretch');
    expect(largestDifference(result.rgb, input.rgb)).toBeLessThanOrEqual(6);
  });

  it('scales a large picture down to the largest area, with its aspect', async () => {
    const plan = planFit({ width: 6000, height: 4000 }, 'input', SD, 'crop');
    expect(plan.width * plan.height).toBeLessThanOrEqual(SD.maxPixels);
    expect(plan.width * plan.height).toBeGreaterThan(SD.maxPixels * 0.97);
    expect(plan.content.width / plan.content.height).toBeCloseTo(1.5, 2);
  });

  it('never goes over the area when it rounds up', () => {
    const plan = planFit({ width: 1023, height: 1025 }, 'input', SD, 'crop');
    expect(plan.width * plan.height).toBeLessThanOrEqual(SD.maxPixels);
  });

  it('scales a small picture up to the native area', async () => {
    expect(planFit({ width: 40, height: 40 }, 'input', SD, 'crop')).toMatchObject({
      width: 512,
      height: 512,
    });
    const { result } = await expectRoundTrip(makePicture(40, 50), 'input', 'crop');
    expect(result.width).toBe(40);
  });

  it('works with one pixel', async () => {
    for (const fit of FIT_MODES) {
      const input = { width: 1, height: 1, rgb: Buffer.from([12, 34, 56]) };
      const { working, result } = await expectRoundTrip(input, 'input', fit);
      expect([working.width, working.height]).toEqual([512, 512]);
      expect([...result.rgb]).toEqual([12, 34, 56]);
    }
  });

  it('works with 8000 × 40: both limits hold, and the rest is filled', async () => {
    for (const minSidePx of [64, 256, 512]) {
      const limits = { ...SD, minSidePx };
      const plan = planFit({ width: 8000, height: 40 }, 'input', limits, 'crop');
      expect(plan.height).toBe(minSidePx);
      expect(plan.width * plan.height).toBeLessThanOrEqual(SD.maxPixels);
      expect(plan.width).toBeLessThanOrEqual(8192);
      expect(plan.content.width).toBeGreaterThan(plan.width - 8);
    }
    await expectRoundTrip(makePicture(8000, 40), 'input', 'crop');
    await expectRoundTrip(makePicture(40, 8000), 'input', 'stretch');
  });

  it('keeps every promise for 2000 sizes', () => {
    const next = seeded(7);
    for (let i = 0; i < 2000; i++) {
      const side = (): number => Math.max(1, Math.floor(10 ** (next() * 4.3)));
      const input = { width: side(), height: side() };
      const limits = {
        multiple: next() < 0.5 ? 8 : 16,
        minSidePx: [8, 64, 250, 512][Math.floor(next() * 4)] ?? 64,
        maxPixels: [300_000, 1_048_576, 4_000_000][Math.floor(next() * 3)] ?? 1_048_576,
        nativeSidePx: 512,
      };
      const fit = FIT_MODES[i % 3] ?? 'crop';
      const target =
        next() < 0.5
          ? 'input'
          : { width: 8 + Math.floor(next() * 2000), height: 8 + Math.floor(next() * 2000) };
      const plan = planFit(input, target, limits, fit);
      const label = JSON.stringify({ input, target, limits, plan });
      expect(plan.width % limits.multiple === 0 && plan.height % limits.multiple === 0, label).toBe(true);
      for (const [box, within] of [
        [plan.source, input],
        [plan.content, plan],
      ] as const) {
        expect(box.left >= 0 && box.top >= 0 && box.width >= 1 && box.height >= 1, label).toBe(true);
        expect(box.left + box.width <= within.width && box.top + box.height <= within.height, label).toBe(
          true,
        );
      }
      const isWish = target !== 'input';
      expect(isWish || plan.width * plan.height <= limits.maxPixels, label).toBe(true);
      expect(isWish || Math.max(plan.width, plan.height) <= 8192, label).toBe(true);
      expect(isWish || Math.min(plan.width, plan.height) >= limits.minSidePx, label).toBe(true);
    }
  });
});

describe('an explicit size', () => {
  it('is rounded to the nearest multiple', () => {
    const plan = planFit(
      { width: 100, height: 100 },
      { width: 515, height: 3 },
      { ...SD, multiple: 16 },
      'stretch',
    );
    expect([plan.width, plan.height]).toEqual([512, 16]);
  });

  it('crop: works on the middle and leaves the margins as they were', async () => {
    const input = makePicture(200, 100);
    const plan = planFit(input, { width: 96, height: 96 }, SD, 'crop');
    expect(plan.source).toEqual({ left: 50, top: 0, width: 100, height: 100 });
    const working = await applyFit(input, plan);
    const result = await undoFit(inverted(working), plan, input);
    for (const x of [0, 20, 49, 150, 199]) expect(pixel(result, x, 37)).toEqual(pixel(input, x, 37));
    const middle = pixel(result, 100, 50);
    const was = pixel(input, 100, 50);
    middle.forEach((v, i) => expect(Math.abs(v - (255 - (was[i] ?? 0)))).toBeLessThan(30));
    // The seam fades in over a few pixels; where the picture itself ends there is no seam.
    const red = (x: number): number =>
      Math.abs((pixel(result, x, 50)[0] ?? 0) - (pixel(input, x, 50)[0] ?? 0));
    expect(red(50)).toBeLessThan(red(60));
    const top = pixel(result, 100, 0);
    pixel(input, 100, 0).forEach((v, i) => expect(Math.abs((top[i] ?? 0) - (255 - v))).toBeLessThan(40));
  });

  it('crop: a cut without scaling does not resample', async () => {
    const input = makePicture(120, 64);
    const plan = planFit(input, { width: 64, height: 64 }, SD, 'crop');
    expect(plan).toMatchObject({ isExact: true, source: { left: 28, top: 0, width: 64, height: 64 } });
    const { result } = await expectRoundTrip(input, { width: 64, height: 64 }, 'crop');
    expect(result.rgb.equals(input.rgb)).toBe(true);
  });

  it('pad: fits inside, fills by repeating the edge, and cuts the filling off again', async () => {
    const input = makePicture(128, 64);
    const plan = planFit(input, { width: 128, height: 128 }, SD, 'pad');
    expect(plan.content).toEqual({ left: 0, top: 32, width: 128, height: 64 });
    const working = await applyFit(input, plan);
    for (const y of [0, 15, 31]) expect(pixel(working, 77, y)).toEqual(pixel(input, 77, 0));
    for (const y of [96, 127]) expect(pixel(working, 77, y)).toEqual(pixel(input, 77, 63));
    const result = await undoFit(inverted(working), plan, input);
    expect(result.rgb.equals(inverted(input).rgb)).toBe(true);
  });

  it('brings everything back to the size of the picture, whatever the sizes', async () => {
    for (const [width, height] of [
      [511, 837],
      [1, 1],
      [300, 7],
      [64, 640],
    ] as const) {
      for (const fit of FIT_MODES)
        await expectRoundTrip(makePicture(width, height), { width: 256, height: 192 }, fit);
    }
  });

  it('resamples smoothly: enlarged and brought back, a soft picture is nearly the same', async () => {
    const input = softPicture(100, 80);
    const { result } = await expectRoundTrip(input, { width: 200, height: 160 }, 'stretch');
    expect(largestDifference(result.rgb, input.rgb)).toBeLessThanOrEqual(6);
  });
});
