/** Stable Diffusion XL: CLIP ViT-L and OpenCLIP bigG (width 768 + 1280), sizes as added conditioning, epsilon prediction, 1024 px. */
import type { FamilyTraits } from './family-traits';
import { embedWithTwoClips } from './sdxl-prompts';
import { unetIo } from './unet-io';

export const sdxl: FamilyTraits = {
  family: 'sdxl',
  clipEncoders: ['text_encoder', 'text_encoder_2'],
  scalingFactor: 0.13025,
  shiftFactor: 0,
  latentChannels: 4,
  nativeSidePx: 1024,
  stepRule: 'floor',
  repairsSchedulerConfig: false,
  defaults: { strength: 0.5, steps: 25, guidance: 5 },
  embed: embedWithTwoClips,
  denoiser: unetIo,
};
