/** Work on the part of a picture around a mask at the model's full resolution: what other tools call "only masked", and diffusers `padding_mask_crop`. */
import type { GenerationSettings } from '../../../shared/generation';
import {
  centred,
  makePlan,
  planFit,
  scaled,
  toNearest,
  type Box,
  type FitLimits,
  type FitPlan,
  type Size,
} from './fit';

/** An area that is longer than this many times its width is widened first: models are bad at strips. */
const LONGEST_ASPECT = 2;

/**
 * Plans for the part of a picture around a mask.
 * @param around the smallest box around the mask, in the picture's pixels
 * `size` is the working size; `input`: the model's own area in the shape of that part, larger only where the part itself is larger.
 */
export function planMaskedArea(
  input: Size,
  around: Box,
  { size, fit, mask }: Pick<GenerationSettings, 'size' | 'fit' | 'mask'>,
  limits: FitLimits,
): FitPlan {
  const padded = grow(around, mask.paddingPx, input);
  const canvas =
    size === 'input'
      ? canvasFor(padded, input, limits)
      : { width: toNearest(size.width, limits.multiple), height: toNearest(size.height, limits.multiple) };
  const source = growToAspect(padded, canvas.width / canvas.height, input);
  const scale = Math.min(canvas.width / source.width, canvas.height / source.height);
  const content = centred(scaled(source, scale, canvas), canvas);
  // The mask decides what is kept: no seam along the cut.
  return { ...makePlan(fit, input, canvas, source, content), featherPx: 0 };
}

/** The model's own area, or the part's own size where that is larger, in the part's shape. */
function canvasFor(padded: Box, input: Size, limits: FitLimits): Size {
  const aspect = Math.min(LONGEST_ASPECT, Math.max(1 / LONGEST_ASPECT, padded.width / padded.height));
  const area = growToAspect(padded, aspect, input);
  const scale = Math.max(1, limits.nativeSidePx / Math.sqrt(area.width * area.height));
  const size = { width: Math.round(area.width * scale), height: Math.round(area.height * scale) };
  const { width, height } = planFit(size, 'input', limits, 'stretch');
  return { width, height };
}

function grow(box: Box, by: number, within: Size): Box {
  const left = Math.max(0, box.left - by);
  const top = Math.max(0, box.top - by);
  return {
    left,
    top,
    width: Math.min(within.width, box.left + box.width + by) - left,
    height: Math.min(within.height, box.top + box.height + by) - top,
  };
}

/** The shorter side grows to the aspect, evenly on both sides and shifted back into the picture, as diffusers' `get_crop_region` does it. */
function growToAspect(box: Box, aspect: number, within: Size): Box {
  if (box.width / box.height > aspect) {
    const [top, height] = growSpan(box.top, box.height, box.width / aspect, within.height);
    return { ...box, top, height };
  }
  const [left, width] = growSpan(box.left, box.width, box.height * aspect, within.width);
  return { ...box, left, width };
}

/** Start and length. */
function growSpan(start: number, length: number, wanted: number, limit: number): [number, number] {
  const more = Math.trunc(wanted - length);
  const grown = Math.min(limit, length + more);
  const from = Math.min(start - Math.floor(more / 2), limit - grown);
  return [Math.max(0, from), grown];
}
