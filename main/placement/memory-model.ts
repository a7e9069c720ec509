/** How much memory a stage needs, as pure arithmetic (onnxruntime.md 2.1, 4.2). */

/**
 * Safe bounds for the activations of a full-size Stable Diffusion VAE on the CPU provider with `enableMemPattern: false`,
 * in float32 elements per pixel (measured: onnxruntime.md 2.1).
 */
const VAE_ELEMENTS_PER_PIXEL = { encode: 1100, decode: 1600 } as const;

/** The decoder width those bounds were measured at: `block_out_channels[0]` of Stable Diffusion's VAE. */
const MEASURED_VAE_WIDTH = 128;

/** Share of the free memory that one job may plan to use. */
const USABLE_SHARE = 0.7;

/**
 * Bytes of activations that a VAE pass needs untiled.
 * @param vaeWidth channels of the VAE at full resolution (`block_out_channels[0]`)
 */
export function vaeActivationBytes(
  stage: 'encode' | 'decode',
  widthPx: number,
  heightPx: number,
  vaeWidth: number,
): number {
  return VAE_ELEMENTS_PER_PIXEL[stage] * (vaeWidth / MEASURED_VAE_WIDTH) * widthPx * heightPx * 4;
}

/** True when an untiled VAE pass does not fit into the memory that is free. */
export function mustTile(
  stage: 'encode' | 'decode',
  widthPx: number,
  heightPx: number,
  vaeWidth: number,
  availableBytes: number,
): boolean {
  return vaeActivationBytes(stage, widthPx, heightPx, vaeWidth) > USABLE_SHARE * availableBytes;
}

/**
 * True when all sessions of a model fit into memory together, so that a second picture reloads nothing.
 * Half-precision weights double on the CPU (onnxruntime.md 1.5), so files are counted twice.
 */
export function fitsTogether(modelBytes: number, availableBytes: number): boolean {
  return 2 * modelBytes <= USABLE_SHARE * availableBytes;
}
