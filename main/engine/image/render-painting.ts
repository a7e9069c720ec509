/** Turns a painting into files that a job works with: the painted picture and its mask. */
import sharp from 'sharp';
import { hasMarks, type Mark } from '../../../shared/painting';
import type { RenderedPainting, RenderPaintingParams } from '../messages';
import { scaled, type Box, type Size } from './fit';
import { pictureSize } from './inspect';
import { resampleLanczos } from './lanczos';
import { boundsOf, isMask, readGrey, readMaskValues } from './mask';
import { drawMask, paintOver, type MaskPictures } from './painting';
import { readPicture } from './read';
import { withAlpha, writeAtomically } from './write';

/** Side of the mask that is drawn to find its place; beyond it the place is known to a few pixels. */
const BOUNDS_SIDE_PX = 2048;

/**
 * Writes the picture with the colours over it to `paintedPath` (unless it is left as it is) and the mask to `maskPath` (unless nothing is
 * masked). With `maxPixels` both are made smaller, and the picture is always written, flattened over white.
 * Throws AppError `input` for an unusable picture, `output` or `disk-full` when a file cannot be written.
 */
export async function renderPainting(params: RenderPaintingParams): Promise<RenderedPainting> {
  const { inputPath, marks, pictures, maxPixels, paintedPath, maskPath } = params;
  const own = await pictureSize(inputPath);
  const share = maxPixels === null ? 1 : Math.min(1, Math.sqrt(maxPixels / (own.width * own.height)));
  const size = {
    width: Math.max(1, Math.floor(own.width * share)),
    height: Math.max(1, Math.floor(own.height * share)),
  };
  const scale = size.width / own.width;
  const isPainted = maxPixels !== null || hasMarks(marks, 'paint');
  if (isPainted) {
    const picture = await readPicture(inputPath, { keepsOwnColours: share === 1 });
    const used = share === 1 ? picture : { ...resampleLanczos(picture, size), alpha: null, ownRgba: null };
    const painted = paintOver(marks, used, scale);
    await writePng(
      painted.alpha === null ? painted.rgb : (painted.ownRgba ?? withAlpha(painted.rgb, painted.alpha)),
      size,
      painted.alpha === null ? 3 : 4,
      paintedPath,
    );
  }
  const mask = hasMarks(marks, 'mask') ? await maskOf(marks, size, pictures, scale) : null;
  if (mask !== null) await writePng(mask, size, 1, maskPath);
  return { ...size, scale, isPainted, isMasked: mask !== null };
}

/** The smallest box around a painting's mask, in the picture's own pixels; null when nothing is masked. */
export async function maskBounds(
  marks: readonly Mark[],
  picture: Size,
  pictures: Readonly<Record<string, string>>,
): Promise<Box | null> {
  if (!hasMarks(marks, 'mask')) return null;
  const share = Math.min(1, BOUNDS_SIDE_PX / Math.max(picture.width, picture.height));
  const size = scaled(picture, share, picture);
  const values = await maskOf(marks, size, pictures, size.width / picture.width);
  if (values === null) return null;
  const { left, top, width, height } = boundsOf({ ...size, values });
  const [x, y] = [picture.width / size.width, picture.height / size.height];
  const from = { left: Math.floor(left * x), top: Math.floor(top * y) };
  return {
    ...from,
    width: Math.min(picture.width, Math.ceil((left + width) * x)) - from.left,
    height: Math.min(picture.height, Math.ceil((top + height) * y)) - from.top,
  };
}

/** Null where nothing or everything is masked: then there is no mask. */
async function maskOf(
  marks: readonly Mark[],
  size: Size,
  paths: Readonly<Record<string, string>>,
  scale: number,
): Promise<Buffer | null> {
  const values = drawMask(marks, size, await readMaskPictures(marks, size, paths), scale);
  return isMask(values) && values.some((value) => value < 255) ? values : null;
}

async function readMaskPictures(
  marks: readonly Mark[],
  size: Size,
  paths: Readonly<Record<string, string>>,
): Promise<MaskPictures> {
  const found = new Map<string, Buffer>();
  for (const mark of marks) {
    const path = mark.kind === 'picture' ? paths[mark.sourceId] : undefined;
    if (mark.kind !== 'picture' || path === undefined || found.has(mark.sourceId)) continue;
    found.set(mark.sourceId, await readGrey(path, size));
  }
  return found;
}

/**
 * Writes a picture that somebody wants as a mask in the form that can be shown over its picture and read as a mask alike: white, as opaque
 * as the picture is bright. Throws AppError `input` when it cannot be a mask of a picture of that size.
 */
export async function prepareMask(inputPath: string, picture: Size, outputPath: string): Promise<null> {
  const values = await readMaskValues(inputPath, picture);
  const pixels = Buffer.alloc(values.length * 2, 255);
  for (let i = 0; i < values.length; i += 1) pixels[2 * i + 1] = values[i] ?? 0;
  await writePng(pixels, picture, 2, outputPath);
  return null;
}

/** Writes a picture of one colour. `name` goes into it, so that two of one size are two pictures. */
export async function writeBlank(
  { width, height }: Size,
  colour: string,
  name: string,
  outputPath: string,
): Promise<null> {
  const png = await sharp({ create: { width, height, channels: 3, background: colour } })
    .withExif({ IFD0: { ImageDescription: name } })
    .png({ compressionLevel: 6 })
    .toBuffer();
  await writeAtomically(outputPath, png, { isDurable: false });
  return null;
}

/** Fast rather than small: it is read once or twice. */
async function writePng(pixels: Buffer, size: Size, channels: 1 | 2 | 3 | 4, path: string): Promise<void> {
  const { width, height } = size;
  const png = await sharp(pixels, { raw: { width, height, channels }, limitInputPixels: false })
    .png({ compressionLevel: 2 })
    .toBuffer();
  await writeAtomically(path, png, { isDurable: false });
}
