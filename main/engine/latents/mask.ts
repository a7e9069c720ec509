/** Masks at the size of the latents. */

interface Shape {
  readonly width: number;
  readonly height: number;
}

/**
 * [H, W] of 0 and 1 → [H/f, W/f]: a cell is masked when any of its pixels is, so that thin strokes do not vanish. `isExact`: when its first pixel is,
 * which is diffusers' interpolation to the nearest (pipelines.md 1.11).
 */
export function poolMask(mask: Uint8Array, size: Shape, factor: number, isExact: boolean): Uint8Array {
  const width = size.width / factor;
  const out = new Uint8Array((width * size.height) / factor);
  for (let y = 0; y < size.height; y += 1) {
    const row = Math.floor(y / factor) * width;
    for (let x = 0; x < size.width; x += 1) {
      if (isExact && (y % factor !== 0 || x % factor !== 0)) continue;
      if (mask[y * size.width + x] === 1) out[row + Math.floor(x / factor)] = 1;
    }
  }
  return out;
}

/** `ours` where the mask is 1 and `kept` elsewhere, channel by channel: both [C, h, w], the mask [h, w]. */
export const chooseByMask = (mask: Uint8Array, ours: Float32Array, kept: Float32Array): Float32Array =>
  ours.map((value, i) => (mask[i % mask.length] === 1 ? value : (kept[i] ?? 0)));
