/** Everything that is not a whole, sane picture is refused in plain words. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../../main/engine/image/read';
import { isCameraRaw } from '../../../main/engine/image/camera-raw';
import { sniff } from '../../../main/engine/image/sniff';
import { asOrdinaryUser } from './ordinary-user';
import { expectRefusal, fixture, temporaryFolder } from './helpers';

const folder = await temporaryFolder();

async function file(name: string, bytes: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const expectRefused = (path: string, pattern: RegExp): Promise<unknown> =>
  expectRefusal(readPicture(path), 'input', pattern);

describe('files', () => {
  it('says that a file is missing, and names it', () =>
    expectRefused(join(folder, 'gone.png'), /"gone\.png" does not exist/));
  it('says that a path leads through a file', async () => {
    const path = await file('plain.txt', 'hello');
    await expectRefused(join(path, 'inner.png'), /does not exist/);
  });
  it('says that a folder is a folder', async () => {
    await mkdir(join(folder, 'album.png'));
    await expectRefused(join(folder, 'album.png'), /is a folder/);
  });
  it('says that a file is empty', async () =>
    expectRefused(await file('empty.png', ''), /is empty \(0 bytes\)/));
  it('refuses a path with a NUL in it, and one that is far too long', async () => {
    await expectRefused(join(folder, 'a\0b.png'), /not a usable path/);
    await expectRefused(join(folder, `${'x'.repeat(300)}.png`), /not a usable path/);
  });
  it('refuses a named pipe instead of waiting for it', async () => {
    const path = join(folder, 'pipe.png');
    execFileSync('mkfifo', [path]);
    await expectRefused(path, /device or a pipe/);
  });
  it('refuses a file larger than 1 GiB without reading it', async () => {
    const path = join(folder, 'huge.png');
    const handle = await open(path, 'w');
    await handle.truncate(2 ** 30 + 1); // Sparse: takes no space.
    await handle.close();
    await expectRefused(path, /larger than 1 GiB/);
  });
  it('says that a file may not be read', async () => {
    await chmod(folder, 0o755);
    const path = await file('locked.png', await readFile(fixture('upright.png')));
    await chmod(path, 0o000);
    await asOrdinaryUser(() => expectRefused(path, /no permission/));
  });
});

describe('content', () => {
  const named: [string, string | Buffer, RegExp][] = [
    ['text.png', 'This is not a picture.\n', /is a text file/],
    ['page.jpg', '<!doctype html><title>x</title>', /is a web page/],
    [
      'drawing.png',
      '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
      /is an SVG drawing/,
    ],
    ['document.png', '%PDF-1.7\n1 0 obj', /is a PDF document/],
    ['painting.png', Buffer.from('8BPS\0\x01aaaaaaaaaaaaaaaaaaaa'), /Photoshop/],
    ['phone.jpg', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), /is a HEIC picture/],
    ['camera.tif', Buffer.from('II*\0\x10\0\0\0CR\x02\0aaaaaaaaaaaaaaaa', 'latin1'), /camera RAW/],
    ['photo.raf', Buffer.from('FUJIFILMCCD-RAW 0201'), /camera RAW/],
    ['bitmap.png', Buffer.from('BM\x36\0\0\0aaaaaaaaaaaa'), /BMP/],
    ['clip.webp', Buffer.from('RIFF\x10\0\0\0AVI LIST'), /is a video/],
    ['next.png', Buffer.from([0xff, 0x0a, 1, 2, 3, 4]), /JPEG XL/],
    ['noise.png', Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 200]), /is not a picture/],
    ['short.png', Buffer.from([0x89]), /not a picture/],
  ];
  for (const [name, bytes, pattern] of named) {
    it(`refuses ${name} for what it is`, async () => expectRefused(await file(name, bytes), pattern));
  }

  it('tells camera RAW from TIFF by its first directory', async () => {
    const directory = (tag: number, type: number, value: number): Buffer => {
      const bytes = Buffer.alloc(26);
      bytes.write('MM\0*', 0, 'latin1');
      bytes.writeUInt32BE(8, 4);
      bytes.writeUInt16BE(1, 8);
      bytes.writeUInt16BE(tag, 10);
      bytes.writeUInt16BE(type, 12);
      bytes.writeUInt32BE(1, 14);
      if (type === 3) bytes.writeUInt16BE(value, 18);
      else bytes.writeUInt32BE(value, 18);
      return bytes;
    };
    expect(isCameraRaw(directory(50706, 4, 0x01040000))).toBe(true); // DNG
    expect(isCameraRaw(directory(254, 4, 1))).toBe(true); // NEF: a thumbnail comes first
    expect(isCameraRaw(directory(262, 3, 32803))).toBe(true); // sensor data
    expect(isCameraRaw(directory(262, 3, 2))).toBe(false);
    expect(sniff(await readFile(fixture('orientation-1.tif')))).toEqual({ format: 'tiff' });
  });

  for (const name of [
    'orientation-1.jpg',
    'upright.png',
    'orientation-1.webp',
    'orientation-1.tif',
    'orientation-1.avif',
    'photo.gif',
  ]) {
    for (const share of [0.02, 0.3, 0.6, 0.9]) {
      it(`refuses ${name} cut off at ${share * 100} %`, async () => {
        const bytes = await readFile(fixture(name));
        const path = await file(`cut-${share}-${name}`, bytes.subarray(0, Math.ceil(bytes.length * share)));
        await expectRefused(path, /damaged or incomplete|not a picture/);
      });
    }
  }

  it('refuses a PNG with one wrong bit in its pixels', async () => {
    const bytes = await readFile(fixture('upright.png'));
    const at = bytes.indexOf('IDAT') + 100;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await expectRefused(await file('flipped.png', bytes), /damaged or incomplete/);
  });

  it('opens a JPEG with harmless bytes behind its end', async () => {
    const bytes = await readFile(fixture('orientation-1.jpg'));
    const path = await file('tail.jpg', Buffer.concat([bytes, Buffer.from('phone maker notes')]));
    expect((await readPicture(path)).width).toBe(48);
  });

  it("keeps the library's own words out of the sentence but in the details", async () => {
    const bytes = await readFile(fixture('upright.png'));
    const path = await file('half.png', bytes.subarray(0, bytes.length >> 1));
    const error = await expectRefusal(readPicture(path), 'input', /"half\.png" is damaged/);
    expect(error.details).toMatch(/png/i);
  });
});

describe('size', () => {
  it('refuses a decompression bomb before it decodes anything', async () => {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    await expectRefused(fixture('bomb.png'), /60000 × 60000 pixels/);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  it('keeps a limit that the caller sets', async () => {
    await expectRefusal(
      readPicture(fixture('upright.png'), { maxPixels: 48 * 32 - 1 }),
      'input',
      /48 × 32 pixels/,
    );
    expect((await readPicture(fixture('upright.png'), { maxPixels: 48 * 32 })).width).toBe(48);
  });

  it('reads a very long picture', async () => {
    const path = join(folder, 'long.png');
    await sharp({ create: { width: 8000, height: 40, channels: 3, background: '#345' } })
      .png()
      .toFile(path);
    expect(await readPicture(path)).toMatchObject({ width: 8000, height: 40 });
  });
});
