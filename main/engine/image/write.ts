/** Writes result pictures: encoded with their settings inside, and put on the disk whole or not at all. */
import { randomBytes } from 'node:crypto';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { AppError } from '../../../shared/errors';
import type { GenerationSettings } from '../../../shared/generation';
import { embedInJpeg } from './jpeg-settings';
import type { RgbImage } from './picture';
import { embedInPng } from './png-settings';
import { embedInWebp } from './webp-settings';

export type ResultFormat = GenerationSettings['format'];

/** What a result carries: the text that other tools read (A1111 form) and the app's own JSON. */
export interface EmbeddedSettings {
  parameters: string;
  json: string;
}

/** A result picture; `rgb` is over white, as `readPicture` gives it. */
export interface ResultImage extends RgbImage {
  /** alpha: [height, width] uint8; left out or null for an opaque picture. */
  alpha?: Buffer | null;
  /** rgba: [height, width, 4] uint8 to be written as it is where the format has alpha; without it colours are made from `rgb`. */
  ownRgba?: Buffer | null;
}

/** Quality of JPEG and WebP where nothing else is asked for, without chroma subsampling in JPEG: results are often used as inputs again. */
export const LOSSY_QUALITY = 95;
/** Largest side that a format can hold (JPEG: 16 bits; WebP: 14 bits; PNG: beyond everything here). */
const MAX_SIDE_PX: Readonly<Record<ResultFormat, number>> = { png: 2 ** 31 - 1, jpg: 65535, webp: 16383 };

/**
 * Encodes a result as a file's bytes with its settings inside. The same input gives the same bytes.
 * PNG and WebP carry alpha, with colours chosen so that the picture over white is exactly `rgb`; JPEG stays over white.
 * Throws AppError `output` when the format cannot hold a picture of that size.
 */
export async function encodePicture(
  image: ResultImage,
  format: ResultFormat,
  settings: EmbeddedSettings,
  quality = LOSSY_QUALITY,
): Promise<Buffer> {
  const maxSide = MAX_SIDE_PX[format];
  if (Math.max(image.width, image.height) > maxSide) {
    throw new AppError(
      'output',
      `A ${format.toUpperCase()} file cannot hold ${image.width} × ${image.height} pixels (at most ${maxSide} per side); choose PNG instead.`,
    );
  }
  switch (format) {
    case 'png':
      return embedInPng(await pipelineOf(image, true).png({ compressionLevel: 6 }).toBuffer(), settings);
    case 'jpg':
      return embedInJpeg(
        await pipelineOf(image, false).jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer(),
        settings,
      );
    case 'webp':
      return embedInWebp(
        await pipelineOf(image, true).webp({ quality, alphaQuality: 100, effort: 4 }).toBuffer(),
        settings,
        image,
      );
  }
}

function pipelineOf(image: ResultImage, keepAlpha: boolean): Sharp {
  const { width, height } = image;
  const rgba = keepAlpha && image.alpha ? (image.ownRgba ?? withAlpha(image.rgb, image.alpha)) : null;
  return sharp(rgba ?? image.rgb, {
    raw: { width, height, channels: rgba ? 4 : 3 },
    limitInputPixels: false,
  });
}

/** RGB over white and alpha → straight RGBA: the inverse of compositing over white, as far as 8 bits allow. */
export function withAlpha(rgb: Buffer, alpha: Buffer): Buffer {
  const rgba = Buffer.allocUnsafeSlow(alpha.length * 4);
  for (let i = 0; i < alpha.length; i++) {
    const a = alpha[i] ?? 255;
    for (let c = 0; c < 3; c++) {
      const over = rgb[i * 3 + c] ?? 0;
      // Fully transparent pixels keep what was generated: nobody sees it, and an editor can uncover it.
      rgba[i * 4 + c] = a === 0 ? over : Math.max(0, Math.round(255 - ((255 - over) * 255) / a));
    }
    rgba[i * 4 + 3] = a;
  }
  return rgba;
}

/**
 * Puts bytes on the disk under `path`, whole or not at all: written beside it, flushed, then renamed over it.
 * Throws AppError `disk-full` or `output`; no temporary file stays behind. `isDurable: false` skips the flush (previews).
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array,
  { isDurable = true }: { isDurable?: boolean } = {},
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, temporaryName());
  let isCreated = false;
  try {
    const file = await open(temporary, 'wx', 0o644);
    isCreated = true;
    try {
      await file.writeFile(bytes);
      if (isDurable) await file.sync();
    } finally {
      await file.close();
    }
    await renameOver(temporary, path);
    isCreated = false;
    if (isDurable) await flushFolder(folder);
  } catch (error) {
    if (isCreated) await unlink(temporary).catch(() => undefined);
    throw explainWriteError(error, path);
  }
}

/** Checks before hours of work that results can be saved into a folder, by really creating and removing a file; throws AppError. */
export async function assertWritableFolder(path: string): Promise<void> {
  const probe = join(path, temporaryName());
  try {
    const found = await stat(path);
    if (!found.isDirectory()) {
      throw new AppError(
        'output',
        `"${basename(path)}" is a file, not a folder; choose a folder for the results.`,
      );
    }
    const file = await open(probe, 'wx');
    await file.close();
    await unlink(probe);
  } catch (error) {
    throw explainWriteError(error, join(path, 'result'));
  }
}

const temporaryName = (): string => `.underpaint-${randomBytes(6).toString('hex')}.tmp`;

/** Windows refuses to replace a file while somebody reads it, so a few short waits belong to a rename there. */
async function renameOver(from: string, to: string): Promise<void> {
  const waitsMs = process.platform === 'win32' ? [10, 20, 50, 100, 200, 400] : [];
  for (const waitMs of waitsMs) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (!['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return rename(from, to);
}

/** Makes the rename itself survive a power cut where the system allows it; the file is whole either way. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Some network drives refuse to flush a folder.
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** Turns an error from writing to `path` into one plain sentence, AppError `disk-full` or `output`; an AppError stays what it is. */
export function explainWriteError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error;
  const name = basename(path);
  const folder = dirname(path);
  const code = codeOf(error);
  const options = { cause: error };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new AppError(
        'disk-full',
        `"${name}" could not be saved because the disk is full; free some space and try again.`,
        options,
      );
    case 'EFBIG':
      return new AppError(
        'output',
        `"${name}" could not be saved because this drive does not take a file that large; choose another folder.`,
        options,
      );
    case 'ENOENT':
    case 'ENOTDIR':
      return new AppError(
        'output',
        `The folder "${folder}" does not exist, so nothing can be saved there; create it or choose another folder.`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AppError(
        'output',
        `Nothing can be saved in "${folder}" because it is not writable; choose another folder.`,
        options,
      );
    case 'EISDIR':
      return new AppError(
        'output',
        `"${name}" is a folder, so no file can be saved under that name; choose another name.`,
        options,
      );
    default:
      return new AppError(
        'output',
        `"${name}" could not be saved (${code || 'unknown reason'}); check the drive or choose another folder.`,
        options,
      );
  }
}
