/** Masks as data: bounds, soft edges, the way to the working size and to the latents, and the area around them. */
import { describe, expect, it } from 'vitest';
import { planFit, type FitLimits } from '../../../main/engine/image/fit';
import { boundsOf, fitMask, softEdge, type Mask } from '../../../main/engine/image/mask';
import { planMaskedArea } from '../../../main/engine/image/masked-area';
import { chooseByMask, poolMask } from '../../../main/engine/latents/mask';
import { generationSettingsSchema, type GenerationRequest } from '../../../shared/generation';
import { seeded } from './helpers';

const SD: FitLimits = { multiple: 8, minSidePx: 256, maxPixels: 768 * 768, nativeSidePx: 512 };

/** White where `isWhite` says so. */
function maskOf(width: number, height: number, isWhite: (x: number, y: number) => boolean | number): Mask {
  const values = Buffer.alloc(width * height);
  for (let i = 0; i < values.length; i += 1) {
    const value = isWhite(i % width, Math.floor(i / width));
    values[i] = typeof value === 'number' ? value : value ? 255 : 0;
  }
  return { width, height, values };
}
const inBox =
  (left: number, top: number, right: number, bottom: number) =>
  (x: number, y: number): boolean =>
    x >= left && x < right && y >= top && y < bottom;

it('boundsOf finds the smallest box around everything that is not black', () => {
  const box = inBox(3, 5, 8, 11);
  expect(boundsOf(maskOf(20, 30, box))).toEqual({ left: 3, top: 5, width: 5, height: 6 });
  expect(boundsOf(maskOf(20, 30, (x, y) => (x === 19 && y === 29 ? 1 : 0)))).toEqual({
    left: 19,
    top: 29,
    width: 1,
    height: 1,
  });
});

describe('softEdge', () => {
  it('never shows more than the mask, keeps black black, and is white far inside', () => {
    const random = seeded(3);
    const mask = maskOf(70, 50, () => (random() < 0.1 ? Math.floor(random() * 256) : 255));
    for (const blurPx of [0, 1, 5]) {
      const soft = softEdge(mask, blurPx);
      expect(soft.every((value, i) => value <= (mask.values[i] ?? 0))).toBe(true);
    }
    const box = maskOf(60, 60, inBox(10, 10, 50, 50));
    const soft = softEdge(box, 6);
    expect(soft[30 * 60 + 30]).toBe(255);
    expect([10, 11, 12].map((x) => soft[30 * 60 + x])).toEqual([36, 73, 109]);
    expect(soft.filter((value) => value > 0).length).toBe(40 * 40);
  });

  it('knows no edge where the picture ends', () => {
    const soft = softEdge(maskOf(40, 40, inBox(0, 0, 20, 40)), 8);
    expect(soft[0]).toBe(255);
    expect(soft[39 * 40]).toBe(255);
    expect(soft[20 * 40 + 19]).toBe(28);
  });

  it('leaves thin strokes visible', () => {
    const soft = softEdge(maskOf(40, 40, inBox(19, 0, 22, 40)), 4);
    expect([19, 20, 21].map((x) => soft[20 * 40 + x])).toEqual([51, 102, 51]);
  });
});

describe('fitMask', () => {
  it('is the mask itself where nothing is resampled, and repeats its edge beyond the picture', () => {
    const mask = maskOf(260, 300, inBox(200, 100, 260, 150));
    const plan = planFit(mask, 'input', SD, 'crop');
    expect([plan.width, plan.height]).toEqual([264, 304]);
    const fitted = fitMask(mask, plan);
    const at = (x: number, y: number): number =>
      fitted[(y + plan.content.top) * 264 + x + plan.content.left] ?? -1;
    expect([at(199, 120), at(200, 120), at(259, 120), at(261, 120), at(220, 99)]).toEqual([0, 1, 1, 1, 0]);
  });

  it('loses no stroke when the picture is made much smaller, and follows a cut', () => {
    const thin = maskOf(1000, 750, (x) => x === 303);
    const plan = planFit(thin, { width: 128, height: 96 }, SD, 'crop');
    expect(fitMask(thin, plan).filter((value) => value === 1).length).toBe(96);
    const left = maskOf(1000, 500, inBox(0, 0, 100, 500));
    expect(fitMask(left, planFit(left, { width: 512, height: 512 }, SD, 'crop')).includes(1)).toBe(false);
    const enlarged = fitMask(
      maskOf(64, 64, inBox(16, 16, 32, 32)),
      planFit({ width: 64, height: 64 }, { width: 512, height: 512 }, SD, 'crop'),
    );
    expect(enlarged.filter((value) => value === 1).length).toBe(128 * 128);
  });

  it('takes grey from the middle on for white', () => {
    const plan = planFit({ width: 512, height: 512 }, 'input', SD, 'crop');
    const half = maskOf(512, 512, (x) => (x < 256 ? 127 : 128));
    expect(fitMask(half, plan).filter((value) => value === 1).length).toBe(256 * 512);
  });
});

describe('poolMask', () => {
  it('a cell is masked when any pixel is; exactly as diffusers, when its first pixel is', () => {
    const mask = Uint8Array.from(maskOf(32, 16, (x, y) => x === 11 && y === 3).values, (value) =>
      Number(value > 0),
    );
    expect([...poolMask(mask, { width: 32, height: 16 }, 8, false)]).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    expect(poolMask(mask, { width: 32, height: 16 }, 8, true).includes(1)).toBe(false);
    mask[8] = 1;
    expect([...poolMask(mask, { width: 32, height: 16 }, 8, true)]).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
  });

  it('chooses channel by channel', () => {
    const chosen = chooseByMask(
      Uint8Array.of(1, 0),
      Float32Array.of(1, 2, 3, 4),
      Float32Array.of(5, 6, 7, 8),
    );
    expect([...chosen]).toEqual([1, 6, 3, 8]);
  });
});

describe('planMaskedArea', () => {
  const plan = (
    [left, top, right, bottom]: readonly [number, number, number, number],
    mask: GenerationRequest['mask'] = {},
  ): ReturnType<typeof planMaskedArea> =>
    planMaskedArea(
      { width: 3000, height: 2000 },
      { left, top, width: right - left, height: bottom - top },
      generationSettingsSchema.parse({ prompt: '', mask }),
      SD,
    );

  it("enlarges a small part to the model's own area, with what lies around it", () => {
    const { source, content, width, height } = plan([1000, 900, 1100, 1020]);
    expect(source).toMatchObject({ left: 968, top: 868, width: 164 });
    expect([184, 185]).toContain(source.height);
    expect(Math.abs(width * height - 512 * 512)).toBeLessThan(0.05 * 512 * 512);
    expect(content.width / content.height).toBeCloseTo(source.width / source.height, 2);
  });

  it("works at the part's own size where that is larger, as far as the model allows", () => {
    const own = plan([1000, 900, 1600, 1500], { paddingPx: 0 });
    expect([own.width, own.height]).toEqual([600, 600]);
    expect(own.isExact).toBe(true);
    const most = plan([100, 100, 1900, 1900]);
    expect(most.width * most.height).toBeLessThanOrEqual(768 * 768);
  });

  it('stays inside the picture and covers the mask, whatever its shape', () => {
    const random = seeded(9);
    for (let i = 0; i < 300; i += 1) {
      const size = { width: 20 + Math.floor(random() * 900), height: 20 + Math.floor(random() * 900) };
      const [left, top] = [Math.floor(random() * (size.width - 1)), Math.floor(random() * (size.height - 1))];
      const [right, bottom] = [
        left + 1 + Math.floor(random() * (size.width - left - 1)),
        top + 1 + Math.floor(random() * (size.height - top - 1)),
      ];
      const found = planMaskedArea(
        size,
        { left, top, width: right - left, height: bottom - top },
        generationSettingsSchema.parse({
          prompt: '',
          mask: { paddingPx: Math.floor(random() * 100) },
          size: random() < 0.5 ? 'input' : { width: 512, height: 320 },
        }),
        SD,
      );
      const { source, content } = found;
      expect(source.left).toBeGreaterThanOrEqual(0);
      expect(source.top).toBeGreaterThanOrEqual(0);
      expect(source.left + source.width).toBeLessThanOrEqual(size.width);
      expect(source.top + source.height).toBeLessThanOrEqual(size.height);
      expect(source.left).toBeLessThanOrEqual(left);
      expect(source.top).toBeLessThanOrEqual(top);
      expect(source.left + source.width).toBeGreaterThanOrEqual(right);
      expect(source.top + source.height).toBeGreaterThanOrEqual(bottom);
      expect(content.left + content.width).toBeLessThanOrEqual(found.width);
      expect(content.top + content.height).toBeLessThanOrEqual(found.height);
      expect([found.width % 8, found.height % 8]).toEqual([0, 0]);
      expect(found.width * found.height).toBeLessThanOrEqual(768 * 768);
    }
  });
});
