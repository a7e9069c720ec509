/** Stable Diffusion 1.x: CLIP ViT-L text encoder (width 768), epsilon prediction, 512 px. */
import type { FamilyTraits } from './family-traits';

export const sd1: FamilyTraits = {
  family: 'sd1',
  scalingFactor: 0.18215,
  latentChannels: 4,
  nativeSidePx: 512,
  defaults: { strength: 0.6, steps: 20, guidance: 7.5 },
};
