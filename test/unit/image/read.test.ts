/** Reading pictures: orientation, colour, depth and transparency, with real files. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../../main/engine/image/read';
import { fixture, largestDifference, temporaryFolder } from './helpers';

const folder = await temporaryFolder();
const upright = await readPicture(fixture('upright.png'));

describe('orientation', () => {
  it('starts from a picture that is different in every orientation', async () => {
    const stored = await Promise.all(
      [1, 2, 3, 4].map(async (o) => {
        return (
          await sharp(fixture(`orientation-${o}.png`))
            .raw()
            .toBuffer()
        ).toString('hex');
      }),
    );
    expect(new Set(stored).size).toBe(4);
    expect([upright.width, upright.height]).toEqual([48, 32]);
  });

  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    for (const format of ['png', 'tif', 'webp', 'avif']) {
      it(`${orientation} in a lossless ${format} gives the upright pixels exactly`, async () => {
        const picture = await readPicture(fixture(`orientation-${orientation}.${format}`));
        expect([picture.width, picture.height]).toEqual([48, 32]);
        expect(picture.rgb.equals(upright.rgb)).toBe(true);
        // AVIF is turned by its container, not by EXIF.
        expect(picture.info.orientation).toBe(format === 'avif' ? 1 : orientation);
      });
    }
    it(`${orientation} in a JPEG gives the upright pixels within what JPEG loses`, async () => {
      const picture = await readPicture(fixture(`orientation-${orientation}.jpg`));
      expect([picture.width, picture.height]).toEqual([48, 32]);
      expect(picture.info.orientation).toBe(orientation);
      expect(largestDifference(picture.rgb, upright.rgb)).toBeLessThan(32);
      const mean =
        picture.rgb.reduce((sum, v, i) => sum + Math.abs(v - (upright.rgb[i] ?? 0)), 0) / picture.rgb.length;
      expect(mean).toBeLessThan(4);
    });
  }
});

describe('formats', () => {
  it('reads AVIF exactly when it is lossless', async () => {
    const picture = await readPicture(fixture('orientation-1.avif'));
    expect(picture.info).toMatchObject({ format: 'avif', hasAlpha: false });
    expect(picture.rgb.equals(upright.rgb)).toBe(true);
  });

  for (const name of ['animated.gif', 'animated.webp']) {
    it(`reads the first frame of ${name} and says that there are more`, async () => {
      const picture = await readPicture(fixture(name));
      expect([picture.width, picture.height]).toEqual([24, 16]);
      expect(picture.info.isAnimated).toBe(true);
      expect([...picture.rgb.subarray(0, 3)]).toEqual([250, 0, 0]);
      expect([...picture.rgb.subarray(-3)]).toEqual([250, 0, 0]);
    });
  }

  it('decides from the content, not from the name', async () => {
    const path = join(folder, 'really-a-png.jpg');
    await writeFile(path, await sharp(fixture('upright.png')).png().toBuffer());
    expect((await readPicture(path)).info.format).toBe('png');
  });

  it('reads a picture of one pixel', async () => {
    const picture = await readPicture(fixture('one-pixel.png'));
    expect(picture).toMatchObject({ width: 1, height: 1, alpha: null });
    expect([...picture.rgb]).toEqual([12, 34, 56]);
  });
});

describe('depth and layout', () => {
  it('reads 16-bit RGB and grey exactly to 8 bits', async () => {
    for (const name of ['rgb-16.png', 'rgb-16.tif']) {
      const picture = await readPicture(fixture(name));
      expect(picture.info.bitDepth).toBe(16);
      const expected = Array.from({ length: 32 * 8 * 3 }, (_, i) => (Math.floor(i / 3) % 32) * 8 + (i % 3));
      expect([...picture.rgb]).toEqual(expected);
    }
    const grey = await readPicture(fixture('grey-16.png'));
    expect(grey.info).toMatchObject({ bitDepth: 16, colourSpace: 'grey16' });
    expect([...grey.rgb]).toEqual(Array.from({ length: 32 * 8 * 3 }, (_, i) => (Math.floor(i / 3) % 32) * 8));
  });

  it('reads 16-bit transparency', async () => {
    const picture = await readPicture(fixture('rgba-16.png'));
    expect([...(picture.alpha ?? [])].slice(0, 4)).toEqual([3, 11, 19, 27]);
  });

  it('reads 1-bit grey, 1-bit palette and 1-bit TIFF as black and white', async () => {
    const grey = await readPicture(fixture('grey-1-bit.png'));
    expect(grey.info.bitDepth).toBe(1);
    const firstOfPixel = (_: number, i: number): boolean => i % 3 === 0;
    expect([...grey.rgb].filter(firstOfPixel)).toEqual([
      255, 0, 255, 0, 255, 0, 255, 0, 255, 255, 255, 255, 0, 0, 0, 0,
    ]);
    const palette = await readPicture(fixture('one-bit.png'));
    const tiff = await readPicture(fixture('one-bit.tif'));
    expect([palette.info.bitDepth, tiff.info.bitDepth]).toEqual([1, 1]);
    expect(new Set(tiff.rgb)).toEqual(new Set([0, 255]));
    expect(palette.rgb.equals(tiff.rgb)).toBe(true);
  });

  it('reads grey as three equal channels', async () => {
    for (const name of ['grey.png', 'grey.jpg']) {
      const { rgb, info } = await readPicture(fixture(name));
      expect(info.colourSpace).toBe('b-w');
      expect(rgb.length).toBe(48 * 32 * 3);
      expect(rgb.every((v, i) => v === rgb[i - (i % 3)])).toBe(true);
      expect(new Set(rgb).size).toBeGreaterThan(50);
    }
  });

  it('reads a palette', async () => {
    const { info, rgb } = await readPicture(fixture('palette.png'));
    expect(info).toMatchObject({ bitDepth: 4, hasAlpha: false });
    const colours = new Set(Array.from({ length: 48 * 32 }, (_, i) => rgb.toString('hex', i * 3, i * 3 + 3)));
    expect(colours.size).toBeLessThanOrEqual(16);
    expect(colours.size).toBeGreaterThan(8);
  });
});

describe('transparency', () => {
  for (const name of ['alpha.png', 'alpha.webp']) {
    it(`flattens ${name} over white and keeps its alpha`, async () => {
      const { rgb, alpha, info } = await readPicture(fixture(name));
      expect(info.hasAlpha).toBe(true);
      for (let x = 0; x < 16; x++) {
        expect(alpha?.[x]).toBe(x * 17);
        // Red over white; the green that hides under full transparency never shows.
        expect([...rgb.subarray(x * 3, x * 3 + 3)]).toEqual([255, 255 - x * 17, 255 - x * 17]);
      }
    });
  }

  it('flattens grey with alpha', async () => {
    const { rgb, alpha } = await readPicture(fixture('grey-alpha.png'));
    expect(alpha?.[5]).toBe(85);
    expect([...rgb.subarray(15, 18)]).toEqual(Array(3).fill(Math.round((100 * 85 + 255 * 170) / 255)));
  });

  it('reads transparent palette entries', async () => {
    const { rgb, alpha } = await readPicture(fixture('palette-clear.png'));
    expect([...(alpha ?? [])]).toEqual([0, 128, 255, 255]);
    expect([...rgb]).toEqual([255, 255, 255, 127, 255, 127, 0, 0, 255, 9, 9, 9]);
  });
});

/** Display P3 → sRGB, 8 bits, with the matrices of both spaces (SMPTE EG 432-1 and IEC 61966-2-1, D65). */
function p3ToSrgb(rgb: readonly number[]): number[] {
  const linear = rgb.map((v) => {
    const x = v / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  });
  const matrix = [
    [1.22494, -0.22494, 0],
    [-0.042057, 1.042057, 0],
    [-0.019638, -0.078636, 1.098274],
  ];
  return matrix.map((row) => {
    const value = row.reduce((sum, m, i) => sum + m * (linear[i] ?? 0), 0);
    const clipped = Math.max(0, Math.min(1, value));
    return Math.round(255 * (clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055));
  });
}

const firstPixel = (rgb: Buffer): number[] => [...rgb.subarray(0, 3)];

function expectColour(actual: number[], expected: number[], tolerance: number): void {
  actual.forEach((value, i) => {
    expect(
      Math.abs(value - (expected[i] ?? -99)),
      `${actual.join()} against ${expected.join()}`,
    ).toBeLessThanOrEqual(tolerance);
  });
}

describe('colour', () => {
  it('converts Display P3 to sRGB and says so', async () => {
    const stored = [...(await sharp(fixture('p3.png'), { ignoreIcc: true }).raw().toBuffer())].slice(0, 3);
    expect(Math.abs((stored[0] ?? 0) - 200)).toBeGreaterThan(5);
    const { rgb, info } = await readPicture(fixture('p3.png'));
    expect(info.profile).toBe('Display P3');
    expectColour(firstPixel(rgb), p3ToSrgb(stored), 1);
    expectColour(firstPixel(rgb), [200, 60, 40], 1);
  });

  it('brings the reddest red of Display P3 to the reddest red of sRGB', async () => {
    // Stored as 255, 0, 0 and marked as P3, as a phone's camera does it: outside of sRGB, so it must clip, not turn or fade.
    const { rgb } = await readPicture(fixture('p3-red.png'));
    expectColour(firstPixel(rgb), [255, 0, 0], 1);
  });

  it('converts 16-bit Display P3 as well', async () => {
    const { rgb, info } = await readPicture(fixture('p3-16.png'));
    expect(info).toMatchObject({ profile: 'Display P3', bitDepth: 16 });
    expectColour(firstPixel(rgb), p3ToSrgb([0xbe, 0x45, 0x30]), 1);
  });

  it('leaves pixels that are tagged as sRGB untouched', async () => {
    const { rgb, info } = await readPicture(fixture('srgb-tagged.png'));
    expect(info.profile).toBe('sRGB');
    expect(rgb.equals(upright.rgb)).toBe(true);
  });

  it('takes an untagged picture as sRGB and says so', () => {
    expect(upright.info.profile).toBe('none (taken as sRGB)');
  });

  it('ignores a profile that cannot belong to the picture', async () => {
    const { rgb, info } = await readPicture(fixture('wrong-profile.png'));
    expect(info.profile).toContain('taken as sRGB');
    expect([...rgb]).toEqual([10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40]);
  });

  it('converts CMYK without a profile', async () => {
    for (const name of ['cmyk.jpg', 'cmyk.tif']) {
      const { rgb, info } = await readPicture(fixture(name));
      expect(info).toMatchObject({ colourSpace: 'cmyk', profile: 'CMYK: none (taken as generic CMYK)' });
      // The colour was 200, 60, 40 before it became ink; a wrong polarity would give something blue.
      expectColour(firstPixel(rgb), [200, 60, 40], 30);
    }
  });

  it('converts CMYK with a profile and names it', async () => {
    const path = join(folder, 'cmyk-tagged.jpg');
    await writeFile(
      path,
      await sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 200, g: 60, b: 40 } } })
        .toColourspace('cmyk')
        .withIccProfile('cmyk')
        .jpeg({ quality: 100 })
        .toBuffer(),
    );
    const { rgb, info } = await readPicture(path);
    expect(info.profile).toMatch(/^CMYK: \S+/);
    expect(info.profile).not.toContain('none');
    expectColour(firstPixel(rgb), [200, 60, 40], 30);
  });
});
