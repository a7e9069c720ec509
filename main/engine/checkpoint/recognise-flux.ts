/** Recognises FLUX.1's parts in files of the original naming from their tensors' names and shapes, and gives them the configs that diffusers would have. */
import { AppError } from '../../../shared/errors';
import { fluxNames } from './flux-keys';
import { ldmVaeNames, type LdmName } from './ldm-keys';
import { findIn, ldmVaeConfig, type RecognisedPart } from './recognise-ldm';
import { clip } from './recognise-text';
import type { SafetensorsHeader } from './safetensors-file';
import { countWhile, incomplete, type Shapes } from './tensor-shapes';

/** What the names of a transformer begin with: alone in its file, or in a file with everything inside. */
const TRANSFORMER_ROOTS = ['', 'model.diffusion_model.'] as const;
/** In a file with everything inside, as ComfyUI writes it, and alone in a file. */
const CLIP_ROOTS = ['text_encoders.clip_l.transformer.', ''] as const;
const T5_ROOTS = ['text_encoders.t5xxl.transformer.', ''] as const;
const VAE_ROOTS = ['vae.', ''] as const;

const FIRST_BLOCK = 'double_blocks.0.img_attn.qkv.weight';

/** Whether the file holds a Flux transformer, in whatever type. */
export const isFluxFile = ({ weights, others }: SafetensorsHeader): boolean =>
  TRANSFORMER_ROOTS.some((root) => weights.has(root + FIRST_BLOCK) || others.has(root + FIRST_BLOCK));

/** Throws `AppError('model')` for a file whose weights cannot be computed here, or that is not whole. */
export function recogniseFluxTransformer(header: SafetensorsHeader, label: string): RecognisedPart {
  assertDtype(
    header,
    label,
    TRANSFORMER_ROOTS.map((root) => root + FIRST_BLOCK),
  );
  const root = TRANSFORMER_ROOTS.find((candidate) => header.weights.has(candidate + FIRST_BLOCK)) ?? '';
  const shapeOf: Shapes = (name) => header.weights.get(root + name)?.shape;
  const doubleBlocks = countWhile((i) => shapeOf(`double_blocks.${i}.img_attn.qkv.weight`) !== undefined);
  const singleBlocks = countWhile((i) => shapeOf(`single_blocks.${i}.linear1.weight`) !== undefined);
  const [width, inChannels] = shapeOf('img_in.weight') ?? [];
  const head = shapeOf('double_blocks.0.img_attn.norm.query_norm.scale')?.[0];
  const out = shapeOf('final_layer.linear.weight')?.[0];
  if (width === undefined || head === undefined || out === undefined) throw incomplete(label, 'transformer');
  return part(header, label, root, fluxNames(root, { doubleBlocks, singleBlocks }), {
    _class_name: 'FluxTransformer2DModel',
    in_channels: inChannels,
    out_channels: out,
    num_layers: doubleBlocks,
    num_single_layers: singleBlocks,
    attention_head_dim: head,
    num_attention_heads: Math.max(1, Math.floor(width / head)),
    joint_attention_dim: shapeOf('txt_in.weight')?.[1],
    pooled_projection_dim: shapeOf('vector_in.in_layer.weight')?.[1],
    guidance_embeds: shapeOf('guidance_in.in_layer.weight') !== undefined,
  });
}

/** CLIP ViT-L in transformers' naming; undefined: there is none in the file. */
export function recogniseFluxClip(header: SafetensorsHeader, label: string): RecognisedPart | undefined {
  const first = 'text_model.embeddings.token_embedding.weight';
  const root = rootOf(header, label, CLIP_ROOTS, first);
  if (root === undefined) return undefined;
  const { names, config } = clip('text_encoder', root, (name) => header.weights.get(name)?.shape, label);
  return part(header, label, root, names, config);
}

/** T5 v1.1's encoder in transformers' naming. */
export function recogniseT5(header: SafetensorsHeader, label: string): RecognisedPart | undefined {
  const bias = 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight';
  const root = rootOf(header, label, T5_ROOTS, bias);
  if (root === undefined) return undefined;
  const shapeOf: Shapes = (name) => header.weights.get(root + name)?.shape;
  const [buckets, heads = 1] = shapeOf(bias) ?? [];
  const [vocabulary, width] = shapeOf('shared.weight') ?? shapeOf('encoder.embed_tokens.weight') ?? [];
  const gate = (i: number): readonly number[] | undefined =>
    shapeOf(`encoder.block.${i}.layer.1.DenseReluDense.wi_0.weight`);
  const inner = shapeOf('encoder.block.0.layer.0.SelfAttention.q.weight')?.[0];
  if (vocabulary === undefined || inner === undefined) throw incomplete(label, 'T5 text encoder');
  return part(header, label, root, (name) => ({ name: root + name }), {
    model_type: 't5',
    vocab_size: vocabulary,
    d_model: width,
    d_ff: gate(0)?.[0],
    d_kv: inner / heads,
    num_heads: heads,
    num_layers: countWhile((i) => gate(i) !== undefined),
    feed_forward_proj: 'gated-gelu',
    relative_attention_num_buckets: buckets,
  });
}

/** The autoencoder in the original naming. */
export function recogniseFluxVae(header: SafetensorsHeader, label: string): RecognisedPart | undefined {
  const root = rootOf(header, label, VAE_ROOTS, 'encoder.down.0.block.0.conv1.weight');
  if (root === undefined) return undefined;
  const config = ldmVaeConfig((name) => header.weights.get(name)?.shape, label, root);
  return part(
    header,
    label,
    root,
    ldmVaeNames(config.block_out_channels.length, config.layers_per_block, root),
    config,
  );
}

function rootOf(
  header: SafetensorsHeader,
  label: string,
  roots: readonly string[],
  first: string,
): string | undefined {
  assertDtype(
    header,
    label,
    roots.map((root) => root + first),
  );
  return roots.find((root) => header.weights.has(root + first));
}

function part(
  header: SafetensorsHeader,
  label: string,
  root: string,
  names: (name: string) => LdmName,
  config: RecognisedPart['config'],
): RecognisedPart {
  return { root, config, weights: { label, find: (name) => findIn(header.weights, names(name)) } };
}

/** 8-bit floats have no kernels here. */
function assertDtype({ others }: SafetensorsHeader, label: string, names: readonly string[]): void {
  const dtype = names.map((name) => others.get(name)?.dtype).find((found) => found !== undefined);
  if (dtype === undefined) return;
  throw new AppError(
    'model',
    `${label} is stored as ${dtype.startsWith('F8') ? '8-bit floats' : dtype} (${dtype}), which cannot be computed here; download its float16 or bfloat16 version.`,
  );
}
