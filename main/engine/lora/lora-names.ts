/**
 * The names that tensors have in LoRA files, as data. A name is a part of the model, a layer in it, and what the tensor is to that layer:
 * `lora_unet_mid_block_attentions_0_proj_in` + `.lora_down.weight` (kohya), `unet.mid_block.attentions.0.proj_in` + `.lora_A.weight` (PEFT),
 * `unet.mid_block.attentions.0.proj_in` + `.lora.down.weight` (older diffusers). Layers are compared with dots written as underscores.
 */

/** What a LoRA can change; `denoiser` is the UNet or the transformer, whichever the model has. */
export const LORA_PARTS = ['text_encoder', 'text_encoder_2', 'denoiser'] as const;
export type LoraPart = (typeof LORA_PARTS)[number];

export const NAMINGS = ['kohya', 'peft', 'diffusers'] as const;
export type LoraNaming = (typeof NAMINGS)[number];

/** Beginnings of names → part; the first that fits counts, and without any it is the denoiser. */
const PART_BEGINNINGS: readonly (readonly [string, LoraPart])[] = [
  ['lora_te1_', 'text_encoder'],
  ['lora_te2_', 'text_encoder_2'],
  // Flux' T5 under the number that it has in Stable Diffusion 3.
  ['lora_te3_', 'text_encoder_2'],
  ['lora_te_', 'text_encoder'],
  ['lora_unet_', 'denoiser'],
  ['lora_transformer_', 'denoiser'],
  ['lycoris_', 'denoiser'],
  ['text_encoder_2.', 'text_encoder_2'],
  ['text_encoder.', 'text_encoder'],
  ['text_model.', 'text_encoder'],
  ['unet.', 'denoiser'],
  ['transformer.', 'denoiser'],
  ['model.diffusion_model.', 'denoiser'],
  ['diffusion_model.', 'denoiser'],
];

/** Wrappers around a whole name. */
const PEFT_WRAPPER = 'base_model.model.';

export type TensorRole = 'down' | 'up' | 'mid' | 'alpha';

/** Ends of names → what the tensor is, and who names it so. */
const ROLES: readonly (readonly [RegExp, TensorRole, LoraNaming])[] = [
  [/\.lora_down\.weight$/, 'down', 'kohya'],
  [/\.lora_up\.weight$/, 'up', 'kohya'],
  [/\.lora_mid\.weight$/, 'mid', 'kohya'],
  [/\.alpha$/, 'alpha', 'kohya'],
  // With the adapter's name in between where PEFT itself has written the file.
  [/\.lora_A(\.\w+)?\.weight$/, 'down', 'peft'],
  [/\.lora_B(\.\w+)?\.weight$/, 'up', 'peft'],
  [/[._]lora(_linear_layer)?\.down\.weight$/, 'down', 'diffusers'],
  [/[._]lora(_linear_layer)?\.up\.weight$/, 'up', 'diffusers'],
];

/** Tensors of methods that are no plain LoRA → the method. */
const OTHER_METHODS: readonly (readonly [RegExp, string])[] = [
  [/\.dora_scale$|\.lora_magnitude_vector(\.|$)/, 'DoRA'],
  [/\.lokr_w\d/, 'LoKr'],
  [/\.hada_w\d/, 'LoHa'],
  [/\.oft_(blocks|diag|R)\b|\.boft_/, 'OFT'],
  [/\.on_input$|\.ia3_l/, 'IA3'],
  [/\.vera_lambda_/, 'VeRA'],
  [/\.[ab][12]\.weight$/, 'GLoRA'],
  [/\.(diff|diff_b|set_weight|w_norm|b_norm)$/, 'LoRA with whole weights beside it'],
  [/\.lora_(B|up)(\.\w+)?\.bias$/, 'LoRA with biases'],
  [/\.lora_embedding_[AB]\b/, 'LoRA with changed word embeddings'],
];

/** A tensor's name taken apart. */
export interface LoraTensorName {
  readonly part: LoraPart;
  /** The layer's whole name in the file. */
  readonly key: string;
  /** The layer inside the part, with underscores. */
  readonly layer: string;
  readonly role: TensorRole;
  readonly naming: LoraNaming;
}

/** Null: not the name of a LoRA's tensor. */
export function parseLoraName(name: string): LoraTensorName | null {
  const found = ROLES.find(([ending]) => ending.test(name));
  if (found === undefined) return null;
  const [ending, role, naming] = found;
  const key = name.replace(ending, '');
  const inner = key.startsWith(PEFT_WRAPPER) ? key.slice(PEFT_WRAPPER.length) : key;
  const [beginning, part] = PART_BEGINNINGS.find(([start]) => inner.startsWith(start)) ?? ['', 'denoiser'];
  return {
    part,
    key,
    layer: flatten(inner.slice(beginning.length).replace('.processor.', '.')),
    role,
    naming,
  };
}

/** The method that a tensor belongs to when it is not plain LoRA. */
export const otherMethodOf = (name: string): string | null =>
  OTHER_METHODS.find(([pattern]) => pattern.test(name))?.[1] ?? null;

export const flatten = (name: string): string => name.replaceAll('.', '_');
