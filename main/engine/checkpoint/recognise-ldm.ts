/** Recognises the architecture inside a single-file checkpoint from its tensors' names and shapes, and gives its parts the configs that diffusers would have. */
import { AppError } from '../../../shared/errors';
import type { Component } from '../model/component';
import { LDM_UNET, LDM_VAE, ldmUnetNames, ldmVaeNames, type LdmName } from './ldm-keys';
import { recogniseTextEncoders } from './recognise-text';
import { countWhile, incomplete, type Shapes } from './tensor-shapes';
import type { SafetensorsHeader } from './safetensors-file';
import { rowsOf, transposed, type Weight, type WeightSource } from './weights';

/** One part of the file: a config in diffusers' or transformers' words, and the tensors under their names there. */
export interface RecognisedPart {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: WeightSource;
  /** Beginning of the part's tensors in the file. */
  readonly root: string;
}

type Parts = Readonly<Partial<Record<Component, RecognisedPart>>> &
  Readonly<Record<'unet' | 'vae_encoder' | 'vae_decoder', RecognisedPart>>;

export interface RecognisedCheckpoint {
  readonly family: 'sd1' | 'sd2' | 'sdxl';
  readonly parts: Parts;
}

/** Throws `AppError('model')` that says what the file is instead, as well as can be told. */
export function recogniseLdm(header: SafetensorsHeader, label: string): RecognisedCheckpoint {
  const shapeOf: Shapes = (name) => header.weights.get(name)?.shape;
  if (shapeOf(`${LDM_UNET}input_blocks.0.0.weight`) === undefined) throw explainOther(header, label);
  const source = (toFile: (name: string) => LdmName): WeightSource => ({
    label,
    find: (name) => findIn(header.weights, toFile(name)),
  });

  const unet = unetConfig(shapeOf, label);
  const vae = ldmVaeConfig(shapeOf, label, LDM_VAE);
  const { family, encoders } = recogniseTextEncoders(shapeOf, label);
  const text: Partial<Record<Component, RecognisedPart>> = {};
  for (const { component, config, root, names } of encoders) {
    text[component] = { config, root, weights: source(names) };
  }
  const autoencoder: RecognisedPart = {
    config: vae,
    root: LDM_VAE,
    weights: source(ldmVaeNames(vae.block_out_channels.length, vae.layers_per_block, LDM_VAE)),
  };
  return {
    family,
    parts: {
      ...text,
      unet: { config: unet.config, root: LDM_UNET, weights: source(ldmUnetNames(unet.blocks)) },
      vae_encoder: autoencoder,
      vae_decoder: autoencoder,
    },
  };
}

/** The tensor, or the part of one, that a name of diffusers stands for. */
export function findIn(
  weights: ReadonlyMap<string, Weight>,
  { name, rows, isTransposed }: LdmName,
): Weight | undefined {
  const weight = weights.get(name);
  if (weight === undefined) return undefined;
  if (isTransposed) return transposed(weight);
  return rows === undefined ? weight : rowsOf(weight, rows.part, rows.parts, rows.count);
}

interface LdmUnet {
  readonly config: Readonly<Record<string, unknown>>;
  readonly blocks: Parameters<typeof ldmUnetNames>[0];
}

/** Sinusoids for each number that every published SDXL UNet is told; no shape shows it. */
const ADDED_TIME_FEATURES = 256;

/**
 * Levels end where a downsampler stands. The number of heads does not show in any shape: 8 with convolutional projections (SD1), one per
 * 64 channels with linear ones (SD2, SDXL).
 */
function unetConfig(shapeOf: Shapes, label: string): LdmUnet {
  const at = (k: number, rest: string): readonly number[] | undefined =>
    shapeOf(`${LDM_UNET}input_blocks.${k}.${rest}`);
  const transformerLayers = (block: string): number =>
    countWhile((i) => shapeOf(`${LDM_UNET}${block}.1.transformer_blocks.${i}.norm1.weight`) !== undefined);
  const channels: number[] = [];
  const hasAttention: boolean[] = [];
  const depths: number[] = [];
  const layers: number[] = [0];
  const blocks = countWhile(
    (k) => (at(k, '0.weight') ?? at(k, '0.in_layers.2.weight') ?? at(k, '0.op.weight')) !== undefined,
  );
  for (let k = 1; k < blocks; k += 1) {
    const level = layers.length - 1;
    const conv = at(k, '0.in_layers.2.weight');
    if (conv === undefined) {
      layers.push(0);
    } else {
      channels[level] = conv[0] ?? 0;
      hasAttention[level] = at(k, '1.proj_in.weight') !== undefined;
      depths[level] = Math.max(1, transformerLayers(`input_blocks.${k}`));
      layers[level] = (layers[level] ?? 0) + 1;
    }
  }
  const [layersPerBlock = 0] = layers;
  const first = shapeOf(`${LDM_UNET}input_blocks.0.0.weight`) ?? [];
  const out = shapeOf(`${LDM_UNET}out.2.weight`);
  const projection = shapeOf(`${LDM_UNET}middle_block.1.proj_in.weight`);
  const context = shapeOf(`${LDM_UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight`);
  if (
    out === undefined ||
    projection === undefined ||
    context === undefined ||
    layersPerBlock === 0 ||
    layers.some((count) => count !== layersPerBlock)
  ) {
    throw incomplete(label, 'UNet');
  }
  const isLinear = projection.length === 2;
  const up = hasAttention.toReversed();
  // The middle is as deep as the last level; where that has no attention, only the middle tells.
  depths[channels.length - 1] = Math.max(1, transformerLayers('middle_block'));
  const added = shapeOf(`${LDM_UNET}label_emb.0.0.weight`);
  const condition = shapeOf(`${LDM_UNET}time_embed.cond_proj.weight`);
  return {
    blocks: { levels: channels.length, layersPerBlock, hasUpAttention: up },
    config: {
      _class_name: 'UNet2DConditionModel',
      in_channels: first[1],
      out_channels: out[0],
      block_out_channels: channels,
      layers_per_block: layersPerBlock,
      cross_attention_dim: context[1],
      attention_head_dim: isLinear ? channels.map((count) => Math.max(1, count / 64)) : 8,
      use_linear_projection: isLinear,
      down_block_types: hasAttention.map((has) => (has ? 'CrossAttnDownBlock2D' : 'DownBlock2D')),
      up_block_types: up.map((has) => (has ? 'CrossAttnUpBlock2D' : 'UpBlock2D')),
      transformer_layers_per_block: depths,
      ...(condition === undefined ? {} : { time_cond_proj_dim: condition[1] }),
      ...(added === undefined
        ? {}
        : {
            addition_embed_type: 'text_time',
            addition_time_embed_dim: ADDED_TIME_FEATURES,
            projection_class_embeddings_input_dim: added[1],
          }),
    },
  };
}

/** Where the tensors lie that tell an autoencoder's config. */
interface VaeLandmarks {
  readonly root: string;
  readonly block: (i: number, j: number) => string;
  readonly attention: readonly string[];
}

/** In the original naming, behind `root`. */
export const ldmVaeConfig = (shapeOf: Shapes, label: string, root: string): VaeConfig =>
  vaeConfig(shapeOf, label, {
    root,
    block: (i, j) => `encoder.down.${i}.block.${j}`,
    attention: ['encoder.mid.attn_1.q'],
  });

/** In diffusers' naming; `query`: before its version 0.18. */
export const diffusersVaeConfig = (shapeOf: Shapes, label: string): VaeConfig =>
  vaeConfig(shapeOf, label, {
    root: '',
    block: (i, j) => `encoder.down_blocks.${i}.resnets.${j}`,
    attention: ['encoder.mid_block.attentions.0.to_q', 'encoder.mid_block.attentions.0.query'],
  });

type VaeConfig = ReturnType<typeof vaeConfig>;

function vaeConfig(shapeOf: Shapes, label: string, { root, block, attention }: VaeLandmarks) {
  const weight = (name: string): readonly number[] | undefined => shapeOf(`${root}${name}.weight`);
  const conv = (i: number, j: number): readonly number[] | undefined => weight(`${block(i, j)}.conv1`);
  const levels = countWhile((i) => conv(i, 0) !== undefined);
  const latent = weight('decoder.conv_in')?.[1];
  if (levels === 0 || latent === undefined) throw incomplete(label, 'autoencoder');
  return {
    _class_name: 'AutoencoderKL',
    block_out_channels: Array.from({ length: levels }, (_, i) => conv(i, 0)?.[0] ?? 0),
    layers_per_block: countWhile((j) => conv(0, j) !== undefined),
    latent_channels: latent,
    mid_block_add_attention: attention.some((name) => weight(name) !== undefined),
    use_quant_conv: weight('quant_conv') !== undefined,
    use_post_quant_conv: weight('post_quant_conv') !== undefined,
  };
}

/** Beginnings and parts of names → what such a file is. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)joint_blocks\./, 'a Stable Diffusion 3 model'],
  [/^(single_)?transformer_blocks\./, 'the transformer of a model folder, which has to stay in its folder,'],
  [
    /lora_(up|down|A|B)\b|\.lora\.|^lora_|\.hada_|\.lokr_/,
    'a LoRA, which changes a model and is none itself',
  ],
  [/^control_model\.|controlnet_cond_embedding/, 'a ControlNet'],
  [/^(down_blocks|up_blocks|mid_block)\./, 'a UNet alone, without text encoder and autoencoder'],
  [
    /^(encoder|decoder)\.(conv_in|mid|down|up|layers)|^\d+\.conv\.0\.weight/,
    'an autoencoder alone, which goes with another model (--vae)',
  ],
  [/^(text_model|encoder\.layers|transformer\.resblocks)\.?/, 'a text encoder alone'],
  [/^emb_params$|^string_to_param|^clip_[gl]$/, 'a textual inversion'],
];

function explainOther(header: SafetensorsHeader, label: string): AppError {
  const names = [...header.weights.keys(), ...header.others.keys()];
  const found = OTHERS.find(([pattern]) => names.some((name) => pattern.test(name)));
  return new AppError(
    'model',
    found === undefined
      ? `${label} is no checkpoint that is known here; choose a Stable Diffusion or FLUX.1 checkpoint, or a model folder.`
      : `${label} is ${found[1]}, which cannot be opened here; choose a Stable Diffusion or FLUX.1 checkpoint.`,
  );
}
