/** Between 8-bit pictures and the tensors of the VAE (pipelines.md 1.2). */

/** An upright sRGB picture at working size: `rgb` is [height, width, 3] bytes. */
export interface WorkingPicture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
  /** One flat colour, as an honestly black picture is: flat results are then honest too. */
  readonly isFlat: boolean;
}

/** A picture that came as the VAE's own input: `pixels` is [1, 3, height, width] float32 in [-1, 1]. */
export interface TensorPicture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array;
  readonly isFlat: boolean;
}

/**
 * What a mask leaves of a picture: middle grey, 0 in [-1, 1], where it is white (pipelines.md 1.11).
 * @param mask [height, width] of 0 and 1; null: white all over
 */
export function maskedPicture(picture: WorkingPicture, mask: Uint8Array | null): TensorPicture {
  const { width, height } = picture;
  if (mask === null) return { width, height, pixels: new Float32Array(3 * width * height), isFlat: true };
  const pixels = toTensorPixels(picture);
  for (let i = 0; i < mask.length; i += 1) {
    if (mask[i] === 0) continue;
    for (let c = 0; c < 3; c += 1) pixels[c * mask.length + i] = 0;
  }
  return { width, height, pixels, isFlat: picture.isFlat || mask.every((value) => value === 1) };
}

/** [h, w, 3] bytes → [1, 3, h, w] float32 in [-1, 1]: `2·(v/255) − 1`, every operation rounded to float32. */
export function toTensorPixels(picture: WorkingPicture): Float32Array {
  const plane = picture.width * picture.height;
  const out = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      out[c * plane + i] = Math.fround(2 * Math.fround((picture.rgb[3 * i + c] ?? 0) / 255)) - 1;
    }
  }
  return out;
}

/** [1, 3, h, w] float32 → [h, w, 3] bytes: clamp(x/2 + 0.5) · 255, rounded half to even as numpy does. */
export function toBytes(pixels: Float32Array, width: number, height: number): Uint8Array {
  const plane = width * height;
  const out = new Uint8Array(3 * plane);
  for (let c = 0; c < 3; c += 1) {
    for (let i = 0; i < plane; i += 1) {
      const unit = Math.min(
        1,
        Math.max(0, Math.fround(Math.fround((pixels[c * plane + i] ?? 0) * 0.5) + 0.5)),
      );
      out[3 * i + c] = roundHalfEven(Math.fround(unit * 255));
    }
  }
  return out;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
