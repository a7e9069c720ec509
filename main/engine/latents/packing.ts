/** Flux's packing of latents: 2 × 2 cells become one token (hybrid-inference.md 4.6, diffusers' `_pack_latents`). */

/**
 * [1, C, h, w] → [1, (h/2)·(w/2), 4C]: `packed[y·(w/2)+x, c·4 + dy·2 + dx] = latent[c, 2y+dy, 2x+dx]`.
 * Height and width must be even.
 */
export function packLatents(
  latents: Float32Array,
  channels: number,
  height: number,
  width: number,
): Float32Array {
  const packed = new Float32Array(latents.length);
  visit(channels, height, width, (flat, token) => {
    packed[token] = latents[flat] ?? 0;
  });
  return packed;
}

/** The inverse. */
export function unpackLatents(
  packed: Float32Array,
  channels: number,
  height: number,
  width: number,
): Float32Array {
  const latents = new Float32Array(packed.length);
  visit(channels, height, width, (flat, token) => {
    latents[flat] = packed[token] ?? 0;
  });
  return latents;
}

function visit(
  channels: number,
  height: number,
  width: number,
  at: (flat: number, token: number) => void,
): void {
  const columns = width / 2;
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const token = (y >> 1) * columns + (x >> 1);
        at((c * height + y) * width + x, token * channels * 4 + c * 4 + (y & 1) * 2 + (x & 1));
      }
    }
  }
}
