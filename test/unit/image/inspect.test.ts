/** What the window shows: the checked picture, previews of a running job, and sheets. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { inspectPicture } from '../../../main/engine/image/inspect';
import { writePreview } from '../../../main/engine/image/preview';
import { readPicture } from '../../../main/engine/image/read';
import { makeBeforeAfterSheet, makeStrip } from '../../../main/engine/image/sheet';
import { labelPath, labelWidthPx } from '../../../main/engine/image/stroke-font';
import { pictureInfoSchema } from '../../../main/engine/messages';
import { expectRefusal, fixture, makePicture, temporaryFolder } from './helpers';

const folder = await temporaryFolder();

describe('inspectPicture', () => {
  it('describes the picture and writes what the engine will see, upright', async () => {
    const path = join(folder, 'turned.png');
    const info = await inspectPicture(fixture('orientation-6.tif'), path);
    expect(pictureInfoSchema.parse(info)).toEqual({
      width: 48,
      height: 32,
      format: 'tiff',
      orientation: 6,
      profile: 'sRGB',
      hasAlpha: false,
    });
    const shown = await readPicture(path);
    expect(shown.info).toMatchObject({ format: 'png', orientation: 1 });
    expect(shown.rgb.equals((await readPicture(fixture('upright.png'))).rgb)).toBe(true);
  });

  it('keeps transparency, straight', async () => {
    const path = join(folder, 'clear.png');
    expect((await inspectPicture(fixture('alpha.png'), path)).hasAlpha).toBe(true);
    const rgba = await sharp(path).raw().toBuffer();
    expect([...rgba.subarray(8 * 4, 8 * 4 + 4)]).toEqual([255, 0, 0, 136]);
  });

  it('converts colours as the engine does', async () => {
    for (const name of ['p3.png', 'p3-16.png', 'rgb-16.png', 'cmyk.jpg', 'grey-16.png']) {
      const path = join(folder, `shown-${name}.png`);
      await inspectPicture(fixture(name), path);
      const shown = await readPicture(path);
      expect(shown.info.bitDepth).toBe(8);
      expect(shown.rgb.equals((await readPicture(fixture(name))).rgb), name).toBe(true);
    }
  });

  it('limits the size of what is shown, not of what is said', async () => {
    const large = join(folder, 'large.jpg');
    await sharp({ create: { width: 5000, height: 100, channels: 3, background: '#456' } })
      .jpeg()
      .toFile(large);
    const info = await inspectPicture(large, join(folder, 'small.png'));
    expect([info.width, info.height]).toEqual([5000, 100]);
    const shown = await sharp(join(folder, 'small.png')).metadata();
    expect([shown.width, shown.height]).toEqual([2048, 41]);
    await inspectPicture(large, join(folder, 'full.png'), 8192);
    expect((await sharp(join(folder, 'full.png')).metadata()).width).toBe(5000);
  });

  it('notices damage at the very end of a large picture, and writes nothing', async () => {
    const inner = join(folder, 'none');
    await mkdir(inner);
    const { width, height, rgb } = makePicture(3000, 2500);
    const jpeg = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .jpeg()
      .toBuffer();
    const path = join(folder, 'cut.jpg');
    await writeFile(path, jpeg.subarray(0, jpeg.length - 2000));
    await expectRefusal(inspectPicture(path, join(inner, 'preview.png')), 'input', /damaged or incomplete/);
    expect(await readdir(inner)).toEqual([]);
  });

  it('says when the preview cannot be saved', async () => {
    await expectRefusal(
      inspectPicture(fixture('upright.png'), join(folder, 'no', 'p.png')),
      'output',
      /does not exist/,
    );
  });
});

describe('writePreview', () => {
  it('enlarges smoothly and replaces the file', async () => {
    const path = join(folder, 'preview.png');
    const rgb = new Uint8Array([0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255]);
    await writePreview(rgb, 2, 2, 8, path);
    await writePreview(rgb, 2, 2, 4, path);
    const { width, height, rgb: shown } = await readPicture(path);
    expect([width, height]).toEqual([8, 8]);
    expect(new Set(shown).size).toBeGreaterThan(2);
    expect(shown[0]).toBeLessThan(shown[21] ?? 0);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('sheets', () => {
  it('puts before and after side by side, unchanged in colour, with labels below', async () => {
    const after = join(folder, 'after.png');
    await sharp({ create: { width: 256, height: 256, channels: 3, background: '#c81e1e' } })
      .png()
      .toFile(after);
    const out = join(folder, 'sheet.png');
    await makeBeforeAfterSheet(fixture('p3.png'), after, out, ['Before', 'After']);
    const { width, height, rgb } = await readPicture(out);
    expect([width, height]).toEqual([24 + 512 + 24 + 512 + 24, 24 + 512 + 48]);
    const at = (x: number, y: number): number[] => [
      ...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
    ];
    expect(at(24 + 256, 24 + 256)).toEqual([200, 60, 40]);
    expect(at(24 + 512 + 24 + 256, 24 + 256)).toEqual([0xc8, 0x1e, 0x1e]);
    expect(at(5, 5)).toEqual([0x1b, 0x1b, 0x1f]);
    const brightBelow = (left: number): number => {
      let count = 0;
      for (let y = 24 + 512; y < height; y++)
        for (let x = left; x < left + 512; x++) if ((at(x, y)[0] ?? 0) > 150) count++;
      return count;
    };
    expect(brightBelow(24)).toBeGreaterThan(100);
    expect(brightBelow(24 + 512 + 24)).toBeGreaterThan(100);
    // Without labels the same place is empty.
    await makeBeforeAfterSheet(fixture('p3.png'), after, join(folder, 'bare.png'), ['', '']);
    const bare = await readPicture(join(folder, 'bare.png'));
    expect(bare.rgb.subarray((24 + 512) * bare.width * 3).every((v) => v <= 0x1f)).toBe(true);
  });

  it('makes the same file twice, and a strip of any shapes', async () => {
    const paths = ['odd.png', 'upright.png', 'one-pixel.png', 'alpha.png'].map(fixture);
    const labels = ['0.2', '0.4', 'a label that is far too long for a narrow picture', 'µ'];
    await makeStrip(paths, labels, join(folder, 'strip-1.png'));
    await makeStrip(paths, labels, join(folder, 'strip-2.png'));
    const [first, second] = await Promise.all([1, 2].map((n) => readFile(join(folder, `strip-${n}.png`))));
    expect(second && first?.equals(second)).toBe(true);
    const strip = await readPicture(join(folder, 'strip-1.png'));
    expect(strip.width).toBe(24 + 1024 + 24 + 768 + 24 + 512 + 24 + 1024 + 24);
  });

  it('refuses no pictures and missing ones', async () => {
    await expectRefusal(makeStrip([], [], join(folder, 'x.png')), 'usage', /1 to 24 pictures/);
    await expectRefusal(
      makeStrip([join(folder, 'gone.png')], [], join(folder, 'x.png')),
      'input',
      /does not exist/,
    );
  });

  it('draws every character that labels use, and something for the rest', () => {
    const used = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:-+=×/%()→#!?\'"_';
    const shapes = Array.from(used.toUpperCase()).map((character) => labelPath(character, 0, 0, 6));
    expect(shapes.every((shape) => /^M[\d. MLQ,]+$/.test(shape))).toBe(true);
    const unknown = labelPath('語', 0, 0, 6);
    expect(unknown.length).toBeGreaterThan(10);
    expect(shapes).not.toContain(unknown);
    expect(labelPath(' ', 0, 0, 6)).toBe('');
    expect(labelWidthPx('AB', 6)).toBeCloseTo(9.5);
  });
});
