/** Results on the disk: whole or not at all, the same bytes for the same picture, with their colours and transparency. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../../main/engine/image/read';
import {
  assertWritableFolder,
  encodePicture,
  explainWriteError,
  writeAtomically,
} from '../../../main/engine/image/write';
import { IMAGE_FORMATS } from '../../../shared/generation';
import { asOrdinaryUser } from './ordinary-user';
import { expectRefusal, fixture, largestDifference, makePicture, temporaryFolder } from './helpers';

const folder = await temporaryFolder();
const SETTINGS = { parameters: 'a cat\nSteps: 4, Sampler: Euler, CFG scale: 7', json: '{"seed":7}' };

async function roundTrip(bytes: Buffer, name: string): ReturnType<typeof readPicture> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return readPicture(path);
}

describe('encodePicture', () => {
  for (const format of IMAGE_FORMATS) {
    it(`gives the same bytes for the same picture (${format})`, async () => {
      const picture = makePicture(64, 48);
      const first = await encodePicture(picture, format, SETTINGS);
      const second = await encodePicture({ ...picture, rgb: Buffer.from(picture.rgb) }, format, SETTINGS);
      expect(first.equals(second)).toBe(true);
      const other = await encodePicture(makePicture(64, 48, 2), format, SETTINGS);
      expect(first.equals(other)).toBe(false);
    });
  }

  it('writes PNG without loss, marked as sRGB', async () => {
    const picture = makePicture(33, 17);
    const bytes = await encodePicture(picture, 'png', SETTINGS);
    const back = await roundTrip(bytes, 'exact.png');
    expect(back.rgb.equals(picture.rgb)).toBe(true);
    expect([bytes.includes('sRGB'), bytes.includes('pHYs')]).toEqual([true, false]);
    expect(back.info).toMatchObject({ hasAlpha: false, bitDepth: 8, orientation: 1 });
  });

  it('writes JPEG and WebP close to the picture', async () => {
    const picture = await readPicture(fixture('upright.png'));
    for (const format of ['jpg', 'webp'] as const) {
      const back = await roundTrip(await encodePicture(picture, format, SETTINGS), `close.${format}`);
      expect([back.width, back.height]).toEqual([48, 32]);
      expect(largestDifference(back.rgb, picture.rgb)).toBeLessThan(48);
      const mean =
        back.rgb.reduce((sum, v, i) => sum + Math.abs(v - (picture.rgb[i] ?? 0)), 0) / back.rgb.length;
      expect(mean).toBeLessThan(5);
    }
    const jpeg = await encodePicture(picture, 'jpg', SETTINGS);
    expect((await sharp(jpeg).metadata()).chromaSubsampling).toBe('4:4:4');
  });

  it('gives alpha back in PNG exactly, with colours that show the same over white', async () => {
    const picture = await readPicture(fixture('alpha.png'));
    const back = await roundTrip(await encodePicture(picture, 'png', SETTINGS), 'alpha.png');
    expect(back.alpha).not.toBeNull();
    expect(picture.alpha && back.alpha?.equals(picture.alpha)).toBe(true);
    // Pixels that are fully clear show white, whatever they hold.
    for (let i = 0; i < picture.rgb.length; i++) {
      expect(Math.abs((back.rgb[i] ?? 0) - (picture.rgb[i] ?? 0))).toBeLessThanOrEqual(1);
    }
    const straight = await sharp(join(folder, 'alpha.png')).raw().toBuffer();
    // Half-clear red is still red, not pink.
    expect([...straight.subarray(8 * 4, 8 * 4 + 4)]).toEqual([255, 0, 0, 136]);
  });

  it('gives alpha back in WebP, and flattens over white in JPEG', async () => {
    const picture = await readPicture(fixture('alpha.png'));
    const webp = await roundTrip(await encodePicture(picture, 'webp', SETTINGS), 'alpha.webp');
    expect(picture.alpha && webp.alpha?.equals(picture.alpha)).toBe(true);
    const jpeg = await roundTrip(await encodePicture(picture, 'jpg', SETTINGS), 'alpha.jpg');
    expect(jpeg.alpha).toBeNull();
    expect(largestDifference(jpeg.rgb, picture.rgb)).toBeLessThan(30);
  });

  it('refuses a size that the format cannot hold', async () => {
    const wide = { width: 16384, height: 1, rgb: Buffer.alloc(16384 * 3) };
    await expectRefusal(encodePicture(wide, 'webp', SETTINGS), 'output', /WEBP file cannot hold 16384 × 1/);
    expect((await encodePicture(wide, 'jpg', SETTINGS)).length).toBeGreaterThan(100);
  });
});

describe('writeAtomically', () => {
  it('writes, replaces, and leaves nothing else behind', async () => {
    const inner = join(folder, 'fresh');
    await mkdir(inner);
    await writeAtomically(join(inner, 'a.png'), Buffer.from('one'));
    await writeAtomically(join(inner, 'a.png'), Buffer.from('two'), { isDurable: false });
    expect(await readdir(inner)).toEqual(['a.png']);
    expect(await readFile(join(inner, 'a.png'), 'utf8')).toBe('two');
  });

  it('is never seen half-written by a reader', async () => {
    const path = join(folder, 'watched.bin');
    const [small, large] = [Buffer.alloc(300_000, 'a'), Buffer.alloc(500_000, 'b')];
    await writeAtomically(path, small);
    let isDone = false;
    const reading = (async () => {
      let reads = 0;
      while (!isDone) {
        const seen = await readFile(path);
        expect(seen.equals(small) || seen.equals(large)).toBe(true);
        reads++;
      }
      return reads;
    })();
    for (let i = 0; i < 60; i++) await writeAtomically(path, i % 2 ? small : large, { isDurable: false });
    isDone = true;
    expect(await reading).toBeGreaterThan(5);
  });

  it('refuses a folder that does not exist, and one that is a file', async () => {
    await expectRefusal(
      writeAtomically(join(folder, 'nowhere', 'a.png'), Buffer.from('x')),
      'output',
      /does not exist/,
    );
    await writeFile(join(folder, 'file'), '');
    await expectRefusal(
      writeAtomically(join(folder, 'file', 'a.png'), Buffer.from('x')),
      'output',
      /does not exist/,
    );
  });

  it('refuses to replace a folder, and leaves no temporary file', async () => {
    const inner = join(folder, 'taken');
    await mkdir(join(inner, 'a.png'), { recursive: true });
    await expectRefusal(writeAtomically(join(inner, 'a.png'), Buffer.from('x')), 'output', /is a folder/);
    expect(await readdir(inner)).toEqual(['a.png']);
  });

  it('refuses a folder without write permission, and keeps what is in it', async () => {
    const inner = join(folder, 'locked');
    await mkdir(inner);
    await writeFile(join(inner, 'a.png'), 'before');
    await chmod(inner, 0o555);
    await chmod(folder, 0o755);
    await asOrdinaryUser(async () => {
      await expectRefusal(
        writeAtomically(join(inner, 'a.png'), Buffer.from('after')),
        'output',
        /not writable/,
      );
      await expectRefusal(assertWritableFolder(inner), 'output', /not writable/);
    });
    await chmod(inner, 0o755);
    expect(await readdir(inner)).toEqual(['a.png']);
    expect(await readFile(join(inner, 'a.png'), 'utf8')).toBe('before');
  });

  it('says that the drive refuses the size, and leaves nothing behind (file size limit of a real process)', async () => {
    const inner = join(folder, 'limited');
    await mkdir(inner);
    await writeFile(join(inner, 'a.png'), 'before');
    const limitOf = (kind: string): string => /Max file size\s+(\S+)/.exec(kind)?.[1] ?? 'unlimited';
    const before = limitOf(await readFile('/proc/self/limits', 'utf8'));
    execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=65536:']);
    try {
      await expectRefusal(
        writeAtomically(join(inner, 'a.png'), Buffer.alloc(200_000)),
        'output',
        /does not take a file that large/,
      );
    } finally {
      execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${before}:`]);
    }
    expect(await readdir(inner)).toEqual(['a.png']);
    expect(await readFile(join(inner, 'a.png'), 'utf8')).toBe('before');
  });
});

describe('a full disk', () => {
  it('is told from the other reasons (a real error of the system)', async () => {
    const error: unknown = await writeFile('/dev/full', 'x').then(
      () => null,
      (thrown: unknown) => thrown,
    );
    const explained = explainWriteError(error, join(folder, 'a.png'));
    expect(explained.code).toBe('disk-full');
    expect(explained.message).toMatch(/"a\.png" could not be saved because the disk is full/);
  });

  it('leaves the old file whole and nothing else (a really full drive where this account may mount one)', async () => {
    const drive = join(folder, 'drive');
    await mkdir(drive);
    const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', drive]).status === 0;
    try {
      await writeAtomically(join(drive, 'a.png'), Buffer.from('before'));
      if (isMounted) {
        await expectRefusal(
          writeAtomically(join(drive, 'a.png'), Buffer.alloc(1e6)),
          'disk-full',
          /disk is full/,
        );
      }
      expect(await readdir(drive)).toEqual(['a.png']);
      expect(await readFile(join(drive, 'a.png'), 'utf8')).toBe('before');
    } finally {
      if (isMounted) execFileSync('umount', [drive]);
    }
  });
});

describe('assertWritableFolder', () => {
  it('accepts a folder that can be written to, without a trace', async () => {
    const inner = join(folder, 'good');
    await mkdir(inner);
    await assertWritableFolder(inner);
    expect(await readdir(inner)).toEqual([]);
  });

  it('refuses a missing folder and a file', async () => {
    await expectRefusal(assertWritableFolder(join(folder, 'missing')), 'output', /does not exist/);
    await writeFile(join(folder, 'a-file'), '');
    await expectRefusal(assertWritableFolder(join(folder, 'a-file')), 'output', /is a file, not a folder/);
  });
});
