/** The one way in which a picture gets into the engine: window, command line and server all read through here. */
import { basename } from 'node:path';
import { DEFAULT_MAX_PIXELS, openPicture } from './decode';
import type { Picture } from './picture';
import { readSourceFile } from './source-file';

export interface ReadOptions {
  maxPixels?: number;
  /** Also keep `ownRgba`, which costs four bytes per pixel. */
  keepsOwnColours?: boolean;
}

/**
 * Reads a picture file completely: JPEG, PNG, WebP, AVIF, TIFF or GIF (first frame or page), upright, converted to 8-bit sRGB.
 * `rgb` is flattened over white, because colours under transparency are arbitrary; `alpha` is the file's own.
 * Throws AppError `input` with a plain sentence for everything that is not a whole picture of at most `maxPixels`.
 */
export async function readPicture(path: string, options: ReadOptions = {}): Promise<Picture> {
  return decodePictureBytes(await readSourceFile(path), basename(path), options);
}

/** The same for a file's bytes that are in memory already; `name` is what errors call it. */
export async function decodePictureBytes(
  bytes: Buffer,
  name: string,
  options: ReadOptions = {},
): Promise<Picture> {
  const opened = await openPicture(bytes, name, options.maxPixels ?? DEFAULT_MAX_PIXELS);
  const { data, info } = await opened.decode((pipeline) =>
    pipeline.raw().toBuffer({ resolveWithObject: true }),
  );
  const { width, height, channels } = info;
  const pixels = split(data, width * height, channels, options.keepsOwnColours === true);
  return { width, height, ...pixels, info: opened.info };
}

/** Interleaved pixels of 1 … 4 channels → RGB over white, and alpha when there is one (2 or 4 channels). */
function split(
  data: Buffer,
  pixels: number,
  channels: number,
  keepsOwnColours: boolean,
): { rgb: Buffer; alpha: Buffer | null; ownRgba: Buffer | null } {
  if (channels === 3) return { rgb: data, alpha: null, ownRgba: null };
  const rgb = Buffer.allocUnsafeSlow(pixels * 3);
  const isGrey = channels < 3;
  const hasAlpha = channels === 2 || channels === 4;
  const alpha = hasAlpha ? Buffer.allocUnsafeSlow(pixels) : null;
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += channels, to += 3) {
    const a = hasAlpha ? (data[from + channels - 1] ?? 255) : 255;
    if (alpha) alpha[i] = a;
    for (let c = 0; c < 3; c++) {
      rgb[to + c] = overWhite(data[from + (isGrey ? 0 : c)] ?? 0, a);
    }
  }
  return { rgb, alpha, ownRgba: alpha && keepsOwnColours ? ownColours(data, alpha, isGrey) : null };
}

/** Interleaved grey or RGB with alpha → [pixels, 4] */
function ownColours(data: Buffer, alpha: Buffer, isGrey: boolean): Buffer {
  if (!isGrey) return data;
  const rgba = Buffer.allocUnsafeSlow(alpha.length * 4);
  for (let i = 0; i < alpha.length; i++) {
    rgba.fill(data[2 * i] ?? 0, 4 * i, 4 * i + 3);
    rgba[4 * i + 3] = alpha[i] ?? 255;
  }
  return rgba;
}

/** One channel composited over white, rounded to nearest. */
const overWhite = (value: number, alpha: number): number =>
  alpha === 255 ? value : Math.floor((value * alpha + 255 * (255 - alpha) + 127) / 255);
