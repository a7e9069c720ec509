/** Stable Diffusion 1.x: CLIP ViT-L text encoder (width 768), epsilon prediction, 512 px. */
import type { FamilyTraits } from './family-traits';
import { embedWithClip } from './sd-prompts';
import { unetIo } from './unet-io';

export const sd1: FamilyTraits = {
  family: 'sd1',
  clipEncoders: ['text_encoder'],
  scalingFactor: 0.18215,
  shiftFactor: 0,
  latentChannels: 4,
  nativeSidePx: 512,
  stepRule: 'floor',
  repairsSchedulerConfig: true,
  defaults: { strength: 0.6, steps: 20, guidance: 7.5 },
  embed: embedWithClip,
  denoiser: unetIo,
};
