/** What the model families need at full size: parameters, work, and shapes (onnxruntime.md 4.1, 4.2; pipelines.md 1.1). Plain data. */
import type { Family } from '../../shared/models';

export interface FamilyProfile {
  /** Parameters. */
  readonly textParameters: number;
  readonly denoiserParameters: number;
  readonly vaeEncoderParameters: number;
  readonly vaeDecoderParameters: number;
  /** Channels of a latent. */
  readonly latentChannels: number;
  /** Native side in pixels. */
  readonly nativeSidePx: number;
  /** `f` of the memory that a denoising step takes (ComfyUI's constants, onnxruntime.md 4.2). */
  readonly stepMemoryFactor: number;
  /** Floating-point operations of one denoising step per pixel and picture of the batch, at the native size. */
  readonly stepFlopsPerPx: number;
  /** Operations of the text encoders for one prompt. */
  readonly textFlops: number;
  /** Bytes of one number in the autoencoder on a graphics card where files are half precision: Stable Diffusion XL's overflows below 4. */
  readonly vaeElementBytes: 2 | 4;
  /** Rows of the batch with guidance; Flux is told the guidance as a number. */
  readonly guidedRows: 1 | 2;
  /** What people usually run: steps after strength, for a plan without a request. */
  readonly usualSteps: number;
}

const SD1: FamilyProfile = {
  textParameters: 123.1e6,
  denoiserParameters: 859.5e6,
  vaeEncoderParameters: 34.2e6,
  vaeDecoderParameters: 49.5e6,
  latentChannels: 4,
  nativeSidePx: 512,
  stepMemoryFactor: 1,
  stepFlopsPerPx: 0.8e12 / 512 ** 2,
  textFlops: 0.02e12,
  vaeElementBytes: 2,
  guidedRows: 2,
  usualSteps: 12,
};

export const FAMILY_PROFILES: Readonly<Record<Family, FamilyProfile>> = {
  sd1: SD1,
  sd2: { ...SD1, textParameters: 340e6, denoiserParameters: 866e6, nativeSidePx: 768, textFlops: 0.05e12 },
  sdxl: {
    ...SD1,
    textParameters: 123.1e6 + 695e6,
    denoiserParameters: 2567e6,
    nativeSidePx: 1024,
    stepMemoryFactor: 0.8,
    stepFlopsPerPx: 6e12 / 1024 ** 2,
    textFlops: 0.13e12,
    vaeElementBytes: 4,
  },
  flux: {
    ...SD1,
    textParameters: 123.1e6 + 4.76e9,
    denoiserParameters: 11.9e9,
    latentChannels: 16,
    nativeSidePx: 1024,
    stepMemoryFactor: 2.8,
    stepFlopsPerPx: 110e12 / 1024 ** 2,
    textFlops: 5e12,
    guidedRows: 1,
  },
};
