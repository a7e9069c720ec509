/** Which models a LoRA was made for, from its layers' names and sizes, then from its metadata. */
import type { Family } from '../../../shared/models';
import type { LoraFile } from './read-lora';

export type LoraFamily = Family | 'sd3';

export const FAMILY_NAMES: Readonly<Record<LoraFamily, string>> = {
  sd1: 'Stable Diffusion 1',
  sd2: 'Stable Diffusion 2',
  sdxl: 'Stable Diffusion XL',
  sd3: 'Stable Diffusion 3',
  flux: 'Flux',
};

/** Layers that only one family has. */
const LAYERS: readonly (readonly [RegExp, LoraFamily])[] = [
  [/^(double_blocks|single_blocks|single_transformer_blocks)_/, 'flux'],
  [/^joint_blocks_/, 'sd3'],
  // A second block in one place, or the added conditioning.
  [/^(down|up|mid|input|output|middle)_block.*_transformer_blocks_[1-9]/, 'sdxl'],
  [/^(add_embedding|label_emb)_/, 'sdxl'],
];

/** Width of the prompt, where the UNet reads it and inside the text encoder. */
const PROMPT_WIDTHS: Readonly<Record<number, LoraFamily>> = { 768: 'sd1', 1024: 'sd2', 2048: 'sdxl' };

/** Words in `modelspec.architecture` and kohya's `ss_base_model_version`. */
const ARCHITECTURES: readonly (readonly [RegExp, LoraFamily])[] = [
  [/flux/i, 'flux'],
  [/stable-diffusion-v3|sd3/i, 'sd3'],
  [/stable-diffusion-xl|sdxl/i, 'sdxl'],
  [/stable-diffusion-v2|sd_?v?2/i, 'sd2'],
  [/stable-diffusion-v1|sd_?v?1/i, 'sd1'],
];

/** Null: it does not show. */
export function familyOf({ layers, header }: LoraFile): LoraFamily | null {
  for (const [pattern, family] of LAYERS) {
    if (layers.some(({ part, layer }) => part === 'denoiser' && pattern.test(layer))) return family;
  }
  const reader = layers.find(({ layer }) => /_attn2_to_[kv]$/.test(layer));
  const byWidth = PROMPT_WIDTHS[reader?.down.shape[1] ?? 0];
  if (byWidth !== undefined) return byWidth;
  // CLIP as the second encoder; Flux has T5 there.
  if (layers.some(({ part, layer }) => part === 'text_encoder_2' && /_self_attn_|_mlp_/.test(layer)))
    return 'sdxl';

  const { metadata } = header;
  const told = `${metadata['modelspec.architecture'] ?? ''} ${metadata['ss_base_model_version'] ?? ''}`;
  const byMetadata = ARCHITECTURES.find(([pattern]) => pattern.test(told))?.[1];
  if (byMetadata !== undefined) return byMetadata;
  // kohya's name for a text encoder that is the only one.
  const text = layers.find(({ key, layer }) => key.startsWith('lora_te_') && layer.endsWith('_q_proj'));
  const width = text?.down.shape[1];
  return width === 768 || width === 1024 ? (PROMPT_WIDTHS[width] ?? null) : null;
}
