/** Between the VAE's latents and those of the denoising loop (pipelines.md 1.3): loop = (vae − shift) · factor, in float32. */

export interface LatentScale {
  /** `scaling_factor` of the VAE's config. */
  readonly factor: number;
  /** `shift_factor`; 0 for all families but Flux. */
  readonly shift: number;
}

/** To the loop's scale; a new array. */
export const scaleLatents = (latents: Float32Array, { factor, shift }: LatentScale): Float32Array =>
  latents.map((value) => Math.fround(value - shift) * factor);

/** Back to the VAE's; a new array. */
export const unscaleLatents = (latents: Float32Array, { factor, shift }: LatentScale): Float32Array =>
  latents.map((value) => Math.fround(value / factor) + shift);
