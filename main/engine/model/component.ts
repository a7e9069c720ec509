/** The parts of models, by the folder names of diffusers and optimum. Which of them a model has depends on its family. */
export const COMPONENTS = [
  'text_encoder',
  'text_encoder_2',
  'unet',
  'transformer',
  'vae_encoder',
  'vae_decoder',
] as const;
export type Component = (typeof COMPONENTS)[number];

export const TEXT_ENCODERS = ['text_encoder', 'text_encoder_2'] as const;
export type TextEncoder = (typeof TEXT_ENCODERS)[number];

/** The folder of a text encoder's tokenizer. */
export const tokenizerOf = (encoder: TextEncoder): string => encoder.replace('text_encoder', 'tokenizer');

/** The part that predicts: one of the two. */
export type Denoiser = 'unet' | 'transformer';

/** The parts that a Stable Diffusion 1 or 2 model has. */
export const SD_COMPONENTS = ['text_encoder', 'unet', 'vae_encoder', 'vae_decoder'] as const;
