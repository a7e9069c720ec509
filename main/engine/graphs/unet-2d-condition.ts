/**
 * UNet2DConditionModel of diffusers, as in Stable Diffusion 1, 2 and XL: time embedding; conv_in; blocks downwards, each keeping its results;
 * the middle; blocks upwards that take those results back; norm, SiLU, conv_out.
 */
import { z } from 'zod';
import type { WeightSource } from '../checkpoint/weights';
import { parseConfig } from './config';
import { GraphBuilder, type BuiltGraph, type GraphTarget, type Value } from './graph-builder';
import { add, batchOf, conv2d, groupNorm, linear, silu, toRows, upsampleNearest2x } from './layers';
import { sinusoids } from './sine';
import { resnetBlock, type ResnetOptions } from './resnet-block';
import { transformer2d, type TransformerOptions } from './transformer-2d';

const count = z.number().int().positive();
const few = count.max(100);
const none = z.null().optional();
const absent = z.union([z.literal(false), z.null()]).optional();

const schema = z.object({
  in_channels: count.default(4),
  out_channels: count.default(4),
  block_out_channels: z.array(count).min(1).max(16),
  layers_per_block: z.union([few, z.array(few)]).default(2),
  transformer_layers_per_block: z.union([few, z.array(few)]).default(1),
  cross_attention_dim: count,
  attention_head_dim: z.union([count, z.array(count)]).default(8),
  num_attention_heads: z.union([count, z.array(count)]).nullish(),
  norm_num_groups: count.default(32),
  norm_eps: z.number().positive().default(1e-5),
  flip_sin_to_cos: z.boolean().default(true),
  freq_shift: z.number().default(0),
  time_cond_proj_dim: count.nullish(),
  addition_embed_type: z.literal('text_time').nullish(),
  addition_time_embed_dim: count.nullish(),
  projection_class_embeddings_input_dim: count.nullish(),
  down_block_types: z.array(z.enum(['CrossAttnDownBlock2D', 'DownBlock2D'])).min(1),
  up_block_types: z.array(z.enum(['CrossAttnUpBlock2D', 'UpBlock2D'])).min(1),
  // What other architectures set, and what nothing here builds.
  mid_block_type: z.literal('UNetMidBlock2DCrossAttn').default('UNetMidBlock2DCrossAttn'),
  act_fn: z.enum(['silu', 'swish']).default('silu'),
  downsample_padding: z.literal(1).default(1),
  conv_in_kernel: z.literal(3).default(3),
  conv_out_kernel: z.literal(3).default(3),
  resnet_time_scale_shift: z.literal('default').default('default'),
  time_embedding_type: z.literal('positional').default('positional'),
  class_embed_type: none,
  num_class_embeds: none,
  encoder_hid_dim: none,
  encoder_hid_dim_type: none,
  time_embedding_dim: none,
  time_embedding_act_fn: none,
  timestep_post_act: none,
  cross_attention_norm: none,
  reverse_transformer_layers_per_block: none,
  center_input_sample: absent,
  dual_cross_attention: absent,
  only_cross_attention: absent,
  mid_block_only_cross_attention: absent,
  resnet_skip_time_act: absent,
  class_embeddings_concat: absent,
  mid_block_scale_factor: z.literal(1).default(1),
  resnet_out_scale_factor: z.literal(1).default(1),
  attention_type: z.literal('default').default('default'),
});
type Config = z.infer<typeof schema>;

/** What every block needs. */
interface Shared {
  readonly config: Config;
  readonly time: NonNullable<ResnetOptions['time']>;
  readonly context: Pick<TransformerOptions, 'context' | 'contextFeatures' | 'batch'>;
}

/** A kept result on the way down. */
interface Skip {
  readonly value: Value;
  readonly channels: number;
}

/**
 * sample [B, C, h, w], timestep [] (float32), encoder_hidden_states [B, T, D], and timestep_cond [B, E] for distilled models →
 * out_sample [B, C', h, w]. SDXL adds text_embeds [B, P] and time_ids [B, n] (sizes and crop). h and w must be divisible by two for every halving.
 */
export function buildUnet(json: unknown, weights: WeightSource, target: GraphTarget): BuiltGraph {
  const config = parseConfig(schema, json, weights.label);
  const g = new GraphBuilder('unet', weights, target);
  const { block_out_channels: channels, cross_attention_dim: D, norm_num_groups: groups } = config;
  const first = channels[0] ?? 0;
  const last = channels.length - 1;

  const sample = g.input('sample', 'float32', ['batch_size', config.in_channels, 'height', 'width']);
  const timestep = g.input('timestep', 'float32', []);
  const text = g.input('encoder_hidden_states', 'float32', ['batch_size', 'sequence_length', D]);

  // 1. time
  const time = { value: timeEmbedding(g, timestep, first, config), features: 4 * first };
  const context = { context: toRows(g, text, D), contextFeatures: D, batch: batchOf(g, sample) };
  const shared: Shared = { config, time, context };

  // 2. conv_in
  let x = conv2d(g, sample, 'conv_in', { inChannels: config.in_channels, outChannels: first });
  const skips: Skip[] = [{ value: x, channels: first }];

  // 3. down
  let inChannels = first;
  for (const [i, outChannels] of channels.entries()) {
    const name = `down_blocks.${i}`;
    for (let j = 0; j < at(config.layers_per_block, i); j += 1) {
      x = resnet(g, x, `${name}.resnets.${j}`, inChannels, outChannels, shared);
      if (config.down_block_types[i] === 'CrossAttnDownBlock2D') {
        x = attend(g, x, `${name}.attentions.${j}`, i, shared);
      }
      inChannels = outChannels;
      skips.push({ value: x, channels: outChannels });
    }
    if (i < last) {
      x = conv2d(g, x, `${name}.downsamplers.0.conv`, { inChannels, outChannels, stride: 2 });
      skips.push({ value: x, channels: outChannels });
    }
  }

  // 4. middle
  x = resnet(g, x, 'mid_block.resnets.0', inChannels, inChannels, shared);
  x = attend(g, x, 'mid_block.attentions.0', last, shared);
  x = resnet(g, x, 'mid_block.resnets.1', inChannels, inChannels, shared);
  g.cut([
    { value: time.value, dims: ['time_rows', time.features] },
    ...[...skips, { value: x, channels: inChannels }].map(({ value, channels: C }) => ({
      value,
      dims: ['batch_size', C, `${value}/height`, `${value}/width`],
    })),
  ]);

  // 5. up
  for (let i = 0; i <= last; i += 1) {
    const level = last - i;
    const name = `up_blocks.${i}`;
    const outChannels = channels[level] ?? 0;
    for (let j = 0; j < at(config.layers_per_block, level) + 1; j += 1) {
      const skip = skips.pop();
      if (skip === undefined) throw new Error('the way up is longer than the way down');
      x = g.op('Concat', [x, skip.value], { attributes: { axis: 1 } });
      x = resnet(g, x, `${name}.resnets.${j}`, inChannels + skip.channels, outChannels, shared);
      if (config.up_block_types[i] === 'CrossAttnUpBlock2D') {
        x = attend(g, x, `${name}.attentions.${j}`, level, shared);
      }
      inChannels = outChannels;
    }
    if (i < last) {
      x = conv2d(g, upsampleNearest2x(g, x), `${name}.upsamplers.0.conv`, { inChannels, outChannels });
    }
  }

  // 6. out
  x = silu(g, groupNorm(g, x, 'conv_norm_out', { channels: first, groups, eps: config.norm_eps }));
  x = conv2d(g, x, 'conv_out', { inChannels: first, outChannels: config.out_channels });
  g.output('out_sample', x, ['batch_size', config.out_channels, 'height', 'width']);
  return g.build();
}

/** t as sines and cosines, then two linear layers, plus what SDXL adds, then the SiLU that every ResNet begins with: [] → [1 or B, 4C]. */
function timeEmbedding(g: GraphBuilder, timestep: Value, channels: number, config: Config): Value {
  let x = waves(g, g.op('Reshape', [timestep, g.ints([1, 1])]), channels, config); // [1, C]
  if (typeof config.time_cond_proj_dim === 'number') {
    const features = config.time_cond_proj_dim;
    const condition = g.input('timestep_cond', 'float32', ['batch_size', features]);
    const options = { inFeatures: features, outFeatures: channels, bias: false };
    x = add(g, x, linear(g, condition, 'time_embedding.cond_proj', options)); // [B, C]
  }
  x = twoLayers(g, x, 'time_embedding', channels, 4 * channels);
  if (config.addition_embed_type === 'text_time') x = add(g, x, addedEmbedding(g, 4 * channels, config));
  return silu(g, x);
}

/** SDXL: the pooled prompt and each of the picture's numbers as sinusoids, through two linear layers: [B, 4C]. */
function addedEmbedding(g: GraphBuilder, features: number, config: Config): Value {
  const size = config.addition_time_embed_dim ?? 0;
  const inFeatures = config.projection_class_embeddings_input_dim ?? 0;
  const text = g.input('text_embeds', 'float32', ['batch_size', 'text_features']);
  const ids = g.input('time_ids', 'float32', ['batch_size', 'time_ids']);
  const numbers = waves(g, g.op('Reshape', [ids, g.ints([-1, 1])]), size, config); // [B·n, size]
  const rows = g.op('Concat', [batchOf(g, ids), g.ints([-1])], { attributes: { axis: 0 } });
  const all = g.op('Concat', [text, g.op('Reshape', [numbers, rows])], { attributes: { axis: 1 } });
  return twoLayers(g, all, 'add_embedding', inFeatures, features);
}

/** Sines and cosines at falling frequencies: [N, 1] → [N, features]. */
const waves = (g: GraphBuilder, x: Value, features: number, config: Config): Value =>
  sinusoids(g, x, { features, freqShift: config.freq_shift, cosineFirst: config.flip_sin_to_cos });

const twoLayers = (g: GraphBuilder, x: Value, name: string, inFeatures: number, features: number): Value => {
  const first = silu(g, linear(g, x, `${name}.linear_1`, { inFeatures, outFeatures: features }));
  return linear(g, first, `${name}.linear_2`, { inFeatures: features, outFeatures: features });
};

function resnet(
  g: GraphBuilder,
  x: Value,
  name: string,
  inChannels: number,
  outChannels: number,
  { config, time }: Shared,
): Value {
  const { norm_num_groups: groups, norm_eps: eps } = config;
  return resnetBlock(g, x, name, { inChannels, outChannels, groups, eps, time });
}

/** Cross-attention at a level of the UNet; `attention_head_dim` is the number of heads, in spite of its name. */
function attend(g: GraphBuilder, x: Value, name: string, level: number, { config, context }: Shared): Value {
  return transformer2d(g, x, name, {
    ...context,
    channels: config.block_out_channels[level] ?? 0,
    heads: at(config.num_attention_heads ?? config.attention_head_dim, level),
    layers: at(config.transformer_layers_per_block, level),
    groups: config.norm_num_groups,
  });
}

/** The value for a level, from one for all or from a list. */
const at = (value: number | readonly number[], level: number): number =>
  typeof value === 'number' ? value : (value[level] ?? 0);
