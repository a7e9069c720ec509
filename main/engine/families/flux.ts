/** FLUX.1: CLIP ViT-L for the prompt's summary and T5 for its words, 16-channel latents in packets of 2 × 2, flow matching, 1024 px. */
import type { FamilyTraits } from './family-traits';
import { fluxIo } from './flux-io';
import { embedForFlux } from './flux-prompts';

/** schnell: distilled to few steps, without guidance. */
export const fluxSchnell: FamilyTraits = {
  family: 'flux',
  clipEncoders: ['text_encoder'],
  t5: { encoder: 'text_encoder_2', longest: 256 },
  scalingFactor: 0.3611,
  shiftFactor: 0.1159,
  latentChannels: 16,
  nativeSidePx: 1024,
  stepRule: 'ceil',
  repairsSchedulerConfig: false,
  defaults: { strength: 0.6, steps: 4, guidance: 0 },
  embed: embedForFlux,
  denoiser: fluxIo,
};

/** dev: guidance is a number that the transformer is told. */
export const fluxDev: FamilyTraits = {
  ...fluxSchnell,
  t5: { encoder: 'text_encoder_2', longest: 512 },
  defaults: { strength: 0.6, steps: 28, guidance: 3.5 },
};
