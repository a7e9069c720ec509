/** Masks: which pixels of a picture are painted anew, and how strongly the new ones show. */
import { AppError } from '../../../shared/errors';
import type { Box, FitPlan } from './fit';
import type { Picture } from './picture';
import { readPicture } from './read';
import { withAlpha } from './write';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A mask at the size of its picture. */
export interface Mask extends Size {
  /** values: [height, width] uint8; 255 is painted anew, 0 is kept, what lies between is a mixture of both. */
  readonly values: Buffer;
}

/** From here on a pixel counts as masked for the model (diffusers binarises at 0.5). */
const MASKED = 128;

/**
 * Reads a mask for a picture: white is painted anew, black and transparent is kept. Another size of the same shape is brought to the picture's.
 * Null: the mask is white all over, which is no mask. Throws AppError `input` for what cannot be a mask of this picture.
 */
export async function readMask(path: string, picture: Size): Promise<Mask | null> {
  const values = await readMaskValues(path, picture);
  return values.every((value) => value === 255)
    ? null
    : { width: picture.width, height: picture.height, values };
}

/** The same as [height, width] uint8, also where it is white all over. */
export async function readMaskValues(path: string, picture: Size): Promise<Buffer> {
  const found = await readPicture(path, { keepsOwnColours: true });
  if (!hasSameShape(found, picture)) {
    throw new AppError(
      'input',
      `The mask has ${found.width} × ${found.height} pixels and the picture ${picture.width} × ${picture.height}, which is another shape; make the mask from the picture itself, with the same size.`,
    );
  }
  const values = enlarge(greyOf(found), found, picture);
  if (!isMask(values)) {
    throw new AppError(
      'input',
      'The mask has no white in it, so nothing would be painted; make white what shall change, or leave the mask out.',
    );
  }
  return values;
}

/** The brightness of a picture at another size, every pixel from the nearest one: [height, width] uint8. */
export async function readGrey(path: string, size: Size): Promise<Buffer> {
  const found = await readPicture(path, { keepsOwnColours: true });
  return enlarge(greyOf(found), found, size);
}

/** True when something is masked. */
export const isMask = (values: Buffer): boolean => values.some((value) => value >= MASKED);

/** The same aspect, as far as whole pixels allow. */
function hasSameShape(mask: Size, picture: Size): boolean {
  const height = (mask.width * picture.height) / picture.width;
  const width = (mask.height * picture.width) / picture.height;
  return Math.abs(height - mask.height) <= 1 || Math.abs(width - mask.width) <= 1;
}

/** Brightness over black, as Pillow's mode L: [height, width] uint8. */
function greyOf({ rgb, ownRgba, width, height }: Picture): Buffer {
  const [pixels, channels] = ownRgba === null ? [rgb, 3] : [ownRgba, 4];
  const grey = Buffer.allocUnsafeSlow(width * height);
  for (let i = 0, at = 0; i < grey.length; i += 1, at += channels) {
    const luma =
      (19595 * (pixels[at] ?? 0) + 38470 * (pixels[at + 1] ?? 0) + 7471 * (pixels[at + 2] ?? 0) + 32768) >>
      16;
    grey[i] = channels === 3 ? luma : Math.round((luma * (pixels[at + 3] ?? 255)) / 255);
  }
  return grey;
}

/** To another size, every pixel from the nearest one. */
function enlarge(values: Buffer, from: Size, to: Size): Buffer {
  if (from.width === to.width && from.height === to.height) return values;
  const columns = nearest(from.width, to.width);
  const rows = nearest(from.height, to.height);
  const out = Buffer.allocUnsafeSlow(to.width * to.height);
  for (let y = 0; y < to.height; y += 1) {
    const row = (rows[y] ?? 0) * from.width;
    for (let x = 0; x < to.width; x += 1) out[y * to.width + x] = values[row + (columns[x] ?? 0)] ?? 0;
  }
  return out;
}

const nearest = (from: number, to: number): Int32Array =>
  Int32Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor(((i + 0.5) * from) / to)));

/** The smallest box around everything that is not quite black. */
export function boundsOf({ width, height, values }: Mask): Box {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (values[y * width + x] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * How strongly new pixels show, [height, width] uint8: as the mask says, but rising over `blurPx` from what is kept, so that the edge is soft
 * and nothing outside the mask changes. Distances are those of a chamfer transform (steps of 1 and √2), from every grey value.
 */
export function softEdge(mask: Mask, blurPx: number): Buffer {
  const { width, height, values } = mask;
  if (blurPx === 0) return values;
  const box = boundsOf(mask);
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  const straight = 255 / (blurPx + 1);
  const diagonal = Math.SQRT2 * straight;
  const soft = Float32Array.from(values);
  const at = (x: number, y: number): number =>
    x < 0 || x >= width || y < 0 || y >= height ? 255 : (soft[y * width + x] ?? 0);
  const pass = (y: number, x: number, step: 1 | -1): void => {
    const i = y * width + x;
    soft[i] = Math.min(
      soft[i] ?? 0,
      at(x - step, y) + straight,
      at(x, y - step) + straight,
      at(x - step, y - step) + diagonal,
      at(x + step, y - step) + diagonal,
    );
  };
  for (let y = box.top; y < bottom; y += 1) for (let x = box.left; x < right; x += 1) pass(y, x, 1);
  for (let y = bottom - 1; y >= box.top; y -= 1)
    for (let x = right - 1; x >= box.left; x -= 1) pass(y, x, -1);
  return Buffer.from(Uint8Array.from(soft, Math.round));
}

/**
 * The mask at working size, [height, width] of 0 and 1: a pixel is masked when any pixel of the picture that it stands for is. What the canvas
 * has beyond the picture repeats the edge, as the picture does.
 */
export function fitMask({ width, values }: Mask, plan: FitPlan): Uint8Array {
  const columns = spans(
    plan.source.left,
    plan.source.width,
    plan.content.left,
    plan.content.width,
    plan.width,
  );
  const rows = spans(plan.source.top, plan.source.height, plan.content.top, plan.content.height, plan.height);
  const out = new Uint8Array(plan.width * plan.height);
  for (const [y, [top, bottom]] of rows.entries()) {
    for (const [x, [left, right]] of columns.entries()) {
      out[y * plan.width + x] = isAnyMasked(values, width, left, right, top, bottom) ? 1 : 0;
    }
  }
  return out;
}

/** For each position of the canvas, the pixels of the picture that it stands for: first and last. */
function spans(
  source: number,
  sourceLength: number,
  content: number,
  contentLength: number,
  canvas: number,
): [number, number][] {
  const scale = sourceLength / contentLength;
  return Array.from({ length: canvas }, (_, i) => {
    const position = Math.min(contentLength - 1, Math.max(0, i - content));
    const first = Math.floor(position * scale + 1e-9);
    const last = Math.max(first, Math.ceil((position + 1) * scale - 1e-9) - 1);
    return [source + first, source + Math.min(last, sourceLength - 1)];
  });
}

function isAnyMasked(
  values: Buffer,
  width: number,
  left: number,
  right: number,
  top: number,
  bottom: number,
): boolean {
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) if ((values[y * width + x] ?? 0) >= MASKED) return true;
  }
  return false;
}

/** New pixels where the mask says so; every pixel with weight 0 is the picture's own, its colour under transparency too. */
export function composite(
  made: Buffer,
  picture: Picture,
  weights: Buffer,
): { rgb: Buffer; ownRgba: Buffer | null } {
  const rgb = Buffer.from(picture.rgb);
  const changed = (i: number, c: number): number => {
    const was = picture.rgb[3 * i + c] ?? 0;
    return Math.round(was + (((made[3 * i + c] ?? 0) - was) * (weights[i] ?? 0)) / 255);
  };
  for (let i = 0; i < weights.length; i += 1) {
    if (weights[i] === 0) continue;
    for (let c = 0; c < 3; c += 1) rgb[3 * i + c] = changed(i, c);
  }
  const { alpha, ownRgba } = picture;
  if (alpha === null || ownRgba === null) return { rgb, ownRgba: null };
  const rgba = withAlpha(rgb, alpha);
  for (let i = 0; i < weights.length; i += 1) {
    if (weights[i] === 0) ownRgba.copy(rgba, 4 * i, 4 * i, 4 * i + 4);
  }
  return { rgb, ownRgba: rgba };
}
