/** Pictures that tests start from, and comparisons of what comes out. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { ROOT } from './programs';

/** A fixture of test/fixtures/images. */
export const fixture = (name: string): string => join(ROOT, 'test', 'fixtures', 'images', name);

/** A fixed 64 × 64 photo-like picture. */
export const INPUT_64 = join(ROOT, 'test', 'golden', 'input-64x64.png');
/** A fixed 96 × 64 photo-like picture. */
export const INPUT_96X64 = join(ROOT, 'test', 'golden', 'input-96x64.png');

/** Colour slopes with texture, without any symmetry: [height, width, 3] uint8. */
export function texture(width: number, height: number): Buffer {
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = 3 * (y * width + x);
      const grain = ((x * 7 + y * 13) % 17) - 8;
      rgb[at] = Math.round(40 + (160 * x) / width + grain);
      rgb[at + 1] = Math.round(30 + (170 * y) / height - grain);
      rgb[at + 2] = Math.round(128 + 90 * Math.sin(x / 19) * Math.cos(y / 23));
    }
  }
  return rgb;
}

/** Writes `pixels` ([height, width, 3 or 4] uint8) as PNG and answers the path. */
export async function writePng(path: string, width: number, height: number, pixels: Buffer): Promise<string> {
  const channels = pixels.length === width * height * 4 ? 4 : 3;
  await sharp(pixels, { raw: { width, height, channels } }).png().toFile(path);
  return path;
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Buffer;
}

/** The file's own pixels, as they are stored. */
export async function readPixels(path: string): Promise<Pixels> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** SHA-256 of a file's bytes. */
export async function sha256OfFile(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** SHA-256 of a picture's pixels and size. */
export async function sha256OfPixels(path: string): Promise<string> {
  const { width, height, channels, data } = await readPixels(path);
  return createHash('sha256').update(`${width}x${height}x${channels}`).update(data).digest('hex');
}

/** Writes bytes and answers the path. */
export async function writeBytes(path: string, bytes: Uint8Array | string): Promise<string> {
  await writeFile(path, bytes);
  return path;
}

/** Mean of the absolute differences. */
export function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths differ: ${a.length} and ${b.length}`);
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
  return sum / a.length;
}
