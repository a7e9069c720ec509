/** Marks as pixels: masks, and colours over a picture. */
import { describe, expect, it } from 'vitest';
import { drawMask, paintOver } from '../../../main/engine/image/painting';
import { marksSchema, visibleMarks, type Mark } from '../../../shared/painting';

const SIZE = { width: 32, height: 24 };
const PIXELS = SIZE.width * SIZE.height;
const NO_PICTURES = new Map<string, Buffer>();

const stroke = (more: Partial<Extract<Mark, { kind: 'stroke' }>> = {}): Mark => ({
  kind: 'stroke',
  layer: 'mask',
  erases: false,
  colour: '#c02010',
  opacity: 1,
  points: [6, 12, 4, 26, 12, 4],
  ...more,
});
const at = (x: number, y: number): number => y * SIZE.width + x;
const mask = (...marks: Mark[]): Buffer => drawMask(marks, SIZE, NO_PICTURES);

describe('the mask', () => {
  it('is white where it was drawn, black where it was erased, and nothing else', () => {
    const values = mask(stroke(), stroke({ erases: true, points: [16, 12, 3] }));
    expect(values[at(8, 12)]).toBe(255);
    expect(values[at(16, 12)]).toBe(0);
    expect(values[at(16, 2)]).toBe(0);
  });

  it('becomes its opposite to the bit, and the whole picture', () => {
    const drawn = mask(stroke());
    const inverted = mask(stroke(), { kind: 'invert' });
    expect(inverted.every((value, i) => value === 255 - (drawn[i] ?? 0))).toBe(true);
    expect(mask(stroke(), { kind: 'invert' }, { kind: 'invert' })).toEqual(drawn);
    expect(mask({ kind: 'all' }).every((value) => value === 255)).toBe(true);
    expect(mask(stroke(), { kind: 'clear', layer: 'mask' }).every((value) => value === 0)).toBe(true);
  });

  it('takes a picture and is drawn on further', () => {
    const picture = Buffer.alloc(PIXELS, 77);
    const values = drawMask(
      [stroke(), { kind: 'picture', sourceId: 'm' }, stroke()],
      SIZE,
      new Map([['m', picture]]),
    );
    expect(values[at(0, 0)]).toBe(77);
    expect(values[at(16, 12)]).toBe(255);
  });

  it('ignores the colours', () => {
    expect(mask(stroke({ layer: 'paint' })).every((value) => value === 0)).toBe(true);
  });
});

describe('colours over a picture', () => {
  const rgb = Buffer.from(Array.from({ length: 3 * PIXELS }, (_, i) => (i * 37) % 256));
  const picture = { ...SIZE, rgb, alpha: null, ownRgba: null };
  const colour = (more: Parameters<typeof stroke>[0] = {}): Mark => stroke({ layer: 'paint', ...more });
  const pixel = (pixels: Buffer, x: number, y: number, channels = 3): number[] => [
    ...pixels.subarray(channels * at(x, y), channels * at(x, y) + channels),
  ];

  it('cover it where they were drawn and leave the rest, and the picture itself, as they were', () => {
    const before = Buffer.from(rgb);
    const painted = paintOver([colour()], picture);
    expect(pixel(painted.rgb, 16, 12)).toEqual([0xc0, 0x20, 0x10]);
    expect(pixel(painted.rgb, 16, 2)).toEqual(pixel(rgb, 16, 2));
    expect(rgb).toEqual(before);
  });

  it('show evenly through a stroke that crosses itself', () => {
    const points = [6, 12, 4, 26, 12, 4, 6, 12, 4];
    const painted = paintOver([colour({ opacity: 0.5, points })], picture);
    const [red = 0] = pixel(rgb, 16, 12);
    expect(pixel(painted.rgb, 16, 12)[0]).toBe(Math.round(red + (0xc0 - red) / 2));
  });

  it('give the picture back to the bit where they are erased', () => {
    const painted = paintOver([colour(), colour({ erases: true, points: [16, 12, 20] })], picture);
    expect(painted.rgb).toEqual(rgb);
    const cleared = paintOver([colour(), { kind: 'clear', layer: 'paint' }], picture);
    expect(cleared.rgb).toEqual(rgb);
  });

  it('are opaque on a transparent picture, and its own colours stay everywhere else', () => {
    const ownRgba = Buffer.from(Array.from({ length: PIXELS }, (_, i) => [i % 256, 9, 200, 0]).flat());
    const alpha = Buffer.alloc(PIXELS, 0);
    const white = Buffer.alloc(3 * PIXELS, 255);
    const painted = paintOver([colour()], { ...SIZE, rgb: white, alpha, ownRgba });
    expect(pixel(painted.ownRgba ?? white, 16, 12, 4)).toEqual([0xc0, 0x20, 0x10, 255]);
    expect(pixel(painted.ownRgba ?? white, 3, 2, 4)).toEqual(pixel(ownRgba, 3, 2, 4));
    expect(painted.alpha?.[at(16, 12)]).toBe(255);
    expect(painted.alpha?.[at(3, 2)]).toBe(0);
    expect(pixel(painted.rgb, 3, 2)).toEqual([255, 255, 255]);
    const erased = paintOver([colour(), colour({ erases: true, points: [16, 12, 30] })], {
      ...SIZE,
      rgb: white,
      alpha,
      ownRgba,
    });
    expect(erased.ownRgba).toEqual(ownRgba);
  });
});

describe('marks', () => {
  it('are only those that can be seen', () => {
    const marks: Mark[] = [stroke(), stroke({ layer: 'paint' }), { kind: 'all' }, { kind: 'invert' }];
    expect(visibleMarks(marks, 'mask')).toEqual([{ kind: 'all' }, { kind: 'invert' }]);
    expect(visibleMarks(marks, 'paint')).toHaveLength(1);
    expect(visibleMarks([...marks, { kind: 'clear', layer: 'mask' }], 'mask')).toEqual([]);
  });

  it.each([
    ['half a point', [stroke({ points: [1, 2, 3, 4] })]],
    ['no radius', [stroke({ points: [1, 2, 0] })]],
    ['a radius below nothing', [stroke({ points: [1, 2, -3] })]],
    ['numbers that are none', [stroke({ points: [1, Number.NaN, 3] })]],
    ['far away', [stroke({ points: [1e9, 2, 3] })]],
    ['a colour that is none', [stroke({ colour: 'url(http://x)' })]],
    ['a path for a picture', [{ kind: 'picture', sourceId: '../../etc' }]],
    ['more marks than can be kept', Array.from({ length: 4001 }, () => ({ kind: 'invert' }))],
    [
      'more points than can be kept',
      Array.from({ length: 50 }, () => stroke({ points: Array(12_000).fill(5) })),
    ],
  ])('with %s are refused', (_what, marks) => {
    expect(marksSchema.safeParse(marks).success).toBe(false);
  });

  it('as the page makes them are taken', () => {
    expect(marksSchema.safeParse([stroke(), { kind: 'clear', layer: 'paint' }]).success).toBe(true);
  });
});
