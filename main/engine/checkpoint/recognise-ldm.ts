/** Recognises the architecture inside a single-file checkpoint from its tensors' names and shapes, and gives its parts the configs that diffusers would have. */
import { AppError } from '../../../shared/errors';
import {
  LDM_CLIP,
  LDM_OPEN_CLIP,
  LDM_UNET,
  LDM_VAE,
  ldmClipNames,
  ldmOpenClipNames,
  ldmUnetNames,
  ldmVaeNames,
  type LdmName,
} from './ldm-keys';
import type { SD_COMPONENTS } from '../model/component';
import type { SafetensorsHeader } from './safetensors-file';
import { rowsOf, type Weight, type WeightSource } from './weights';

/** One part of the file: a config in diffusers' or transformers' words, and the tensors under their names there. */
export interface RecognisedPart {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: WeightSource;
  /** Beginning of the part's tensors in the file. */
  readonly root: string;
}

export interface RecognisedCheckpoint {
  readonly family: 'sd1' | 'sd2';
  readonly parts: Readonly<Record<(typeof SD_COMPONENTS)[number], RecognisedPart>>;
}

type Shapes = (name: string) => readonly number[] | undefined;

/** Throws `AppError('model')` that says what the file is instead, as well as can be told. */
export function recogniseLdm(header: SafetensorsHeader, label: string): RecognisedCheckpoint {
  const shapeOf: Shapes = (name) => header.weights.get(name)?.shape;
  if (shapeOf(`${LDM_UNET}input_blocks.0.0.weight`) === undefined || isXl(header)) {
    throw explainOther(header, label);
  }
  const source = (toFile: (name: string) => LdmName): WeightSource => ({
    label,
    find: (name) => findIn(header.weights, toFile(name)),
  });

  const unet = unetConfig(shapeOf, label);
  const vae = vaeConfig(shapeOf, label);
  const isOpenClip = shapeOf(`${LDM_OPEN_CLIP}token_embedding.weight`) !== undefined;
  const text = isOpenClip ? openClipConfig(shapeOf, label) : clipConfig(shapeOf, label);
  const hasTextModel = shapeOf(`${LDM_CLIP}text_model.final_layer_norm.weight`) !== undefined;
  const autoencoder: RecognisedPart = {
    config: vae,
    root: LDM_VAE,
    weights: source(ldmVaeNames(vae.block_out_channels.length, vae.layers_per_block)),
  };
  return {
    family: isOpenClip ? 'sd2' : 'sd1',
    parts: {
      text_encoder: {
        config: text,
        root: isOpenClip ? LDM_OPEN_CLIP : LDM_CLIP,
        weights: source(isOpenClip ? ldmOpenClipNames(text.num_hidden_layers) : ldmClipNames(hasTextModel)),
      },
      unet: { config: unet.config, root: LDM_UNET, weights: source(ldmUnetNames(unet.blocks)) },
      vae_encoder: autoencoder,
      vae_decoder: autoencoder,
    },
  };
}

function findIn(weights: ReadonlyMap<string, Weight>, { name, rows }: LdmName): Weight | undefined {
  const weight = weights.get(name);
  return weight === undefined || rows === undefined ? weight : rowsOf(weight, rows.part, rows.parts);
}

/** Counts 0, 1, 2 ... as long as the tensor exists. */
function countWhile(exists: (i: number) => boolean): number {
  let n = 0;
  while (n < 1000 && exists(n)) n += 1;
  return n;
}

interface LdmUnet {
  readonly config: Readonly<Record<string, unknown>>;
  readonly blocks: Parameters<typeof ldmUnetNames>[0];
}

/**
 * Levels end where a downsampler stands. The number of heads does not show in any shape: 8 with convolutional projections (SD1), one per
 * 64 channels with linear ones (SD2).
 */
function unetConfig(shapeOf: Shapes, label: string): LdmUnet {
  const at = (k: number, rest: string): readonly number[] | undefined =>
    shapeOf(`${LDM_UNET}input_blocks.${k}.${rest}`);
  const channels: number[] = [];
  const hasAttention: boolean[] = [];
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
    },
  };
}

function vaeConfig(shapeOf: Shapes, label: string) {
  const block = (i: number, j: number): readonly number[] | undefined =>
    shapeOf(`${LDM_VAE}encoder.down.${i}.block.${j}.conv1.weight`);
  const levels = countWhile((i) => block(i, 0) !== undefined);
  const latent = shapeOf(`${LDM_VAE}decoder.conv_in.weight`)?.[1];
  if (levels === 0 || latent === undefined) throw incomplete(label, 'autoencoder');
  return {
    _class_name: 'AutoencoderKL',
    block_out_channels: Array.from({ length: levels }, (_, i) => block(i, 0)?.[0] ?? 0),
    layers_per_block: countWhile((j) => block(0, j) !== undefined),
    latent_channels: latent,
    mid_block_add_attention: shapeOf(`${LDM_VAE}encoder.mid.attn_1.q.weight`) !== undefined,
    use_quant_conv: shapeOf(`${LDM_VAE}quant_conv.weight`) !== undefined,
    use_post_quant_conv: shapeOf(`${LDM_VAE}post_quant_conv.weight`) !== undefined,
  };
}

/** Head size of every published CLIP text model. */
const CLIP_HEAD_SIZE = 64;

function clipConfig(shapeOf: Shapes, label: string) {
  const root = [`${LDM_CLIP}text_model.`, LDM_CLIP].find(
    (candidate) => shapeOf(`${candidate}final_layer_norm.weight`) !== undefined,
  );
  const tokens = shapeOf(`${root ?? ''}embeddings.token_embedding.weight`);
  const layer = (i: number): readonly number[] | undefined =>
    shapeOf(`${root ?? ''}encoder.layers.${i}.mlp.fc1.weight`);
  if (root === undefined || tokens === undefined) throw incomplete(label, 'text encoder');
  return textConfig(
    tokens,
    layer(0),
    countWhile((i) => layer(i) !== undefined),
    {
      positions: shapeOf(`${root}embeddings.position_embedding.weight`)?.[0],
      activation: 'quick_gelu',
    },
  );
}

/** SD2 was trained on the states before the last layer, so that layer is left out, as in diffusers' folders. */
function openClipConfig(shapeOf: Shapes, label: string) {
  const tokens = shapeOf(`${LDM_OPEN_CLIP}token_embedding.weight`);
  const layer = (i: number): readonly number[] | undefined =>
    shapeOf(`${LDM_OPEN_CLIP}transformer.resblocks.${i}.mlp.c_fc.weight`);
  const layers = countWhile((i) => layer(i) !== undefined);
  if (tokens === undefined || layers < 2) throw incomplete(label, 'text encoder');
  return textConfig(tokens, layer(0), layers - 1, {
    positions: shapeOf(`${LDM_OPEN_CLIP}positional_embedding`)?.[0],
    activation: 'gelu',
  });
}

function textConfig(
  tokens: readonly number[],
  mlp: readonly number[] | undefined,
  layers: number,
  { positions, activation }: { positions: number | undefined; activation: string },
) {
  const [vocabulary = 0, width = 0] = tokens;
  return {
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: mlp?.[0],
    num_hidden_layers: layers,
    num_attention_heads: Math.max(1, width / CLIP_HEAD_SIZE),
    max_position_embeddings: positions,
    hidden_act: activation,
    eos_token_id: vocabulary - 1,
  };
}

const isXl = (header: SafetensorsHeader): boolean =>
  [...header.weights.keys()].some((name) => name.startsWith('conditioner.embedders.'));

/** Beginnings and parts of names → what such a file is. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^conditioner\.embedders\./, 'a Stable Diffusion XL checkpoint'],
  [
    /(^|\.)(double_blocks|single_blocks|joint_blocks)\.|^transformer_blocks\./,
    'a Flux or Stable Diffusion 3 model',
  ],
  [
    /lora_(up|down|A|B)\b|\.lora\.|^lora_|\.hada_|\.lokr_/,
    'a LoRA, which changes a model and is none itself',
  ],
  [/^control_model\.|controlnet_cond_embedding/, 'a ControlNet'],
  [/^(down_blocks|up_blocks|mid_block)\./, 'a UNet alone, without text encoder and autoencoder'],
  [/^(encoder|decoder)\.(conv_in|mid|down|up)/, 'an autoencoder alone'],
  [/^(text_model|encoder\.layers|transformer\.resblocks)\.?/, 'a text encoder alone'],
  [/^emb_params$|^string_to_param|^clip_[gl]$/, 'a textual inversion'],
];

function explainOther(header: SafetensorsHeader, label: string): AppError {
  const names = [...header.weights.keys(), ...header.others.keys()];
  const found = OTHERS.find(([pattern]) => names.some((name) => pattern.test(name)));
  return new AppError(
    'model',
    found === undefined
      ? `${label} is no checkpoint that is known here; choose a Stable Diffusion 1 or 2 checkpoint, or a model folder.`
      : `${label} is ${found[1]}, which cannot be opened here; choose a Stable Diffusion 1 or 2 checkpoint.`,
  );
}

const incomplete = (label: string, part: string): AppError =>
  new AppError(
    'model',
    `${label} has no complete ${part}; it was cut out of a checkpoint or is of an unknown architecture, so use the whole checkpoint.`,
  );
