/**
 * Brings a picture to a working size that a model accepts, and the model's answer back to the picture's own size.
 *
 * Every mode is the same two boxes: `source`, the part of the picture that is used, and `content`, where it lands on the working canvas.
 * What the canvas has beyond `content` is filled by repeating the edge; what the picture has beyond `source` keeps its own pixels.
 */
import { LIMITS, type GenerationSettings } from '../../../shared/generation';
import { resampleLanczos } from './lanczos';
import type { RgbImage } from './picture';

/** A rectangle in pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What a model can work with. */
export interface FitLimits {
  /** Both working sides are multiples of this (8; FLUX: 16). */
  multiple: number;
  /** Shortest working side. */
  minSidePx: number;
  /** Largest working area. Only `size: input` is bounded by it: an explicit size is a wish. */
  maxPixels: number;
  /** The side that the model was trained on: a picture that is too small is brought to its area. */
  nativeSidePx: number;
}

/** How a picture goes to its working size and back. */
export interface FitPlan {
  fit: GenerationSettings['fit'];
  inputWidth: number;
  inputHeight: number;
  /** Working size. */
  width: number;
  height: number;
  /** The part of the picture that is used, in the picture's pixels. */
  source: Box;
  /** Where that part lands on the working canvas, in working pixels. */
  content: Box;
  /** Width of the soft seam at the cut edges of `source`, in the picture's pixels; 0 when nothing is cut away. */
  featherPx: number;
  /** True when no pixel is resampled on the way in and out. */
  isExact: boolean;
}

export interface Size {
  width: number;
  height: number;
}

const MAX_FEATHER_PX = 8;
const RGB = 3;

/**
 * Plans the working size for a picture.
 * `input`: the picture's own size, unscaled, with the canvas rounded up to the multiple and the rest filled by repeating the edge (`stretch`:
 * the nearest multiple instead); scaled down when it is over `maxPixels`, up to the native area when a side is under `minSidePx`.
 * An explicit size: rounded to the nearest multiple; `crop` covers it, `pad` fits inside it, `stretch` ignores the aspect.
 */
export function planFit(
  input: Size,
  target: GenerationSettings['size'],
  limits: FitLimits,
  fit: GenerationSettings['fit'],
): FitPlan {
  if (target === 'input') return planOwnSize(input, limits, fit);
  const canvas = {
    width: toNearest(target.width, limits.multiple),
    height: toNearest(target.height, limits.multiple),
  };
  const whole = { left: 0, top: 0, ...input };
  if (fit === 'stretch') return makePlan(fit, input, canvas, whole, { left: 0, top: 0, ...canvas });
  if (fit === 'pad') {
    const scale = Math.min(canvas.width / input.width, canvas.height / input.height);
    return makePlan(fit, input, canvas, whole, centred(scaled(input, scale, canvas), canvas));
  }
  const scale = Math.max(canvas.width / input.width, canvas.height / input.height);
  const source = centred(scaled(canvas, 1 / scale, input), input);
  return makePlan(fit, input, canvas, source, { left: 0, top: 0, ...canvas });
}

/** Working size for `size: input`: the aspect is the picture's, so nothing has to be cut away. */
function planOwnSize(input: Size, limits: FitLimits, fit: GenerationSettings['fit']): FitPlan {
  const { multiple, maxPixels, nativeSidePx } = limits;
  // A minimum that does not fit into maxPixels would be a contradiction; memory wins.
  const largestSquare = Math.floor(Math.sqrt(maxPixels) / multiple) * multiple;
  const minSide = Math.max(multiple, Math.min(toNext(limits.minSidePx, multiple), largestSquare));
  const round = fit === 'stretch' ? toNearest : toNext;
  const canvasAt = (scale: number): Size => ({
    width: Math.max(minSide, round(Math.max(1, Math.round(input.width * scale)), multiple)),
    height: Math.max(minSide, round(Math.max(1, Math.round(input.height * scale)), multiple)),
  });
  const isWithin = ({ width, height }: Size): boolean =>
    width * height <= maxPixels && Math.max(width, height) <= LIMITS.sidePx.max;

  const shortest = Math.min(input.width, input.height);
  const wanted =
    shortest >= minSide
      ? 1
      : Math.max(1, minSide / shortest, nativeSidePx / Math.sqrt(input.width * input.height));
  const scale = isWithin(canvasAt(wanted)) ? wanted : largestScale(wanted, (s) => isWithin(canvasAt(s)));
  const canvas = canvasAt(scale);
  const content =
    fit === 'stretch' ? { left: 0, top: 0, ...canvas } : centred(scaled(input, scale, canvas), canvas);
  return makePlan(fit, input, canvas, { left: 0, top: 0, ...input }, content);
}

/** The largest scale under `upper` that still passes, by bisection; the canvas grows with the scale, so there is one border. */
function largestScale(upper: number, passes: (scale: number) => boolean): number {
  let low = 0;
  let high = upper;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}

export function makePlan(fit: FitPlan['fit'], input: Size, canvas: Size, source: Box, content: Box): FitPlan {
  const isCut = source.width < input.width || source.height < input.height;
  return {
    fit,
    inputWidth: input.width,
    inputHeight: input.height,
    width: canvas.width,
    height: canvas.height,
    source,
    content,
    featherPx: isCut ? Math.min(MAX_FEATHER_PX, Math.floor(Math.min(source.width, source.height) / 8)) : 0,
    isExact: source.width === content.width && source.height === content.height,
  };
}

/** Brings the picture to the working size; answers the same buffer when nothing has to change. Resamples with Lanczos 3, as Pillow does. */
export async function applyFit(picture: RgbImage, plan: FitPlan): Promise<RgbImage> {
  const used = cut(picture, plan.source);
  const content = resampleLanczos(used, plan.content);
  return extendByEdge(content, plan);
}

/**
 * Brings generated pixels of the working size back: the result has exactly the size of `original`.
 * Filled edges are cut off; parts of the original that were cut away by `crop` come back untouched behind a soft seam.
 */
export async function undoFit(generated: RgbImage, plan: FitPlan, original: RgbImage): Promise<RgbImage> {
  const content = cut(generated, plan.content);
  const region = resampleLanczos(content, plan.source);
  if (region.width === original.width && region.height === original.height) return region;
  return pasteWithSeam(region, plan, original);
}

function cut(image: RgbImage, box: Box): RgbImage {
  if (box.width === image.width && box.height === image.height) return image;
  const rgb = Buffer.allocUnsafeSlow(box.width * box.height * RGB);
  for (let y = 0; y < box.height; y++) {
    const from = ((box.top + y) * image.width + box.left) * RGB;
    image.rgb.copy(rgb, y * box.width * RGB, from, from + box.width * RGB);
  }
  return { width: box.width, height: box.height, rgb };
}

/** Puts the content on the canvas and repeats its edge pixels outwards. */
function extendByEdge(content: RgbImage, plan: FitPlan): RgbImage {
  const { width, height } = plan;
  if (content.width === width && content.height === height) return content;
  const { left, top } = plan.content;
  const rgb = Buffer.allocUnsafeSlow(width * height * RGB);
  const rowBytes = width * RGB;
  const right = left + content.width;
  for (let y = 0; y < content.height; y++) {
    const row = rgb.subarray((top + y) * rowBytes, (top + y + 1) * rowBytes);
    content.rgb.copy(row, left * RGB, y * content.width * RGB, (y + 1) * content.width * RGB);
    row.fill(row.subarray(left * RGB, (left + 1) * RGB), 0, left * RGB);
    row.fill(row.subarray((right - 1) * RGB, right * RGB), right * RGB);
  }
  const bottom = top + content.height;
  for (let y = 0; y < top; y++) rgb.copy(rgb, y * rowBytes, top * rowBytes, (top + 1) * rowBytes);
  for (let y = bottom; y < height; y++) {
    rgb.copy(rgb, y * rowBytes, (bottom - 1) * rowBytes, bottom * rowBytes);
  }
  return { width, height, rgb };
}

/** Puts the region back into the original; its weight rises linearly over `featherPx` from every edge that was cut. */
function pasteWithSeam(region: RgbImage, plan: FitPlan, original: RgbImage): RgbImage {
  const { source, featherPx } = plan;
  const rgb = Buffer.from(original.rgb);
  const across = seamWeights(source.left, source.width, original.width, featherPx);
  const down = seamWeights(source.top, source.height, original.height, featherPx);
  for (let y = 0; y < source.height; y++) {
    for (let x = 0; x < source.width; x++) {
      const weight = Math.min(across[x] ?? 1, down[y] ?? 1);
      const to = ((source.top + y) * original.width + source.left + x) * RGB;
      const from = (y * source.width + x) * RGB;
      for (let c = 0; c < RGB; c++) {
        const was = rgb[to + c] ?? 0;
        rgb[to + c] = Math.round(was + ((region.rgb[from + c] ?? 0) - was) * weight);
      }
    }
  }
  return { width: original.width, height: original.height, rgb };
}

/** weights: [length], 1 in the middle, falling towards an end only when the picture goes on beyond it. */
function seamWeights(start: number, length: number, whole: number, featherPx: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => {
    const fromStart = start > 0 ? (i + 1) / (featherPx + 1) : 1;
    const fromEnd = start + length < whole ? (length - i) / (featherPx + 1) : 1;
    return Math.min(1, fromStart, fromEnd);
  });
}

export const toNearest = (side: number, multiple: number): number =>
  Math.max(multiple, Math.round(side / multiple) * multiple);

const toNext = (side: number, multiple: number): number => Math.ceil(side / multiple) * multiple;

/** The size times the scale, rounded, at least 1 × 1 and never larger than `within`. */
export const scaled = (size: Size, scale: number, within: Size): Size => ({
  width: Math.min(within.width, Math.max(1, Math.round(size.width * scale))),
  height: Math.min(within.height, Math.max(1, Math.round(size.height * scale))),
});

export const centred = (size: Size, within: Size): Box => ({
  left: Math.floor((within.width - size.width) / 2),
  top: Math.floor((within.height - size.height) / 2),
  ...size,
});
