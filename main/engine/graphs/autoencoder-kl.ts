/**
 * AutoencoderKL of diffusers: encoder (picture → mean and log variance) and decoder (latents → picture).
 * Each side: conv_in → blocks of ResNets that halve or double the size → ResNet, attention, ResNet in the middle → norm, SiLU, conv_out.
 */
import { z } from 'zod';
import type { WeightSource } from '../checkpoint/weights';
import { parseConfig } from './config';
import { GraphBuilder, type BuiltGraph, type GraphTarget, type Value } from './graph-builder';
import { attention } from './attention';
import { add, batchOf, conv2d, groupNorm, linear, silu, toRows, upsampleNearest2x } from './layers';
import { resnetBlock } from './resnet-block';

const schema = z.object({
  in_channels: z.number().int().positive().default(3),
  out_channels: z.number().int().positive().default(3),
  latent_channels: z.number().int().positive().default(4),
  block_out_channels: z.array(z.number().int().positive()).min(1).max(16),
  layers_per_block: z.number().int().positive().max(100).default(1),
  norm_num_groups: z.number().int().positive().default(32),
  act_fn: z.enum(['silu', 'swish']).default('silu'),
  down_block_types: z.array(z.literal('DownEncoderBlock2D')).optional(),
  up_block_types: z.array(z.literal('UpDecoderBlock2D')).optional(),
  mid_block_add_attention: z.boolean().default(true),
  use_quant_conv: z.boolean().default(true),
  use_post_quant_conv: z.boolean().default(true),
});
type Config = z.infer<typeof schema>;

const EPS = 1e-6;

/** sample [B, 3, H, W] in [-1, 1] → latent_parameters [B, 2C, h, w]: mean, then log variance. */
export function buildVaeEncoder(json: unknown, weights: WeightSource, target: GraphTarget): BuiltGraph {
  const config = parseConfig(schema, json, weights.label);
  const g = new GraphBuilder('vae_encoder', weights, target);
  const { block_out_channels: channels, norm_num_groups: groups } = config;
  const moments = 2 * config.latent_channels;
  const sample = g.input('sample', 'float32', ['batch_size', config.in_channels, 'height', 'width']);

  let inChannels = channels[0] ?? 0;
  let x = conv2d(g, sample, 'encoder.conv_in', { inChannels: config.in_channels, outChannels: inChannels });
  for (const [i, outChannels] of channels.entries()) {
    const block = `encoder.down_blocks.${i}`;
    for (let j = 0; j < config.layers_per_block; j += 1) {
      x = resnetBlock(g, x, `${block}.resnets.${j}`, { inChannels, outChannels, groups, eps: EPS });
      inChannels = outChannels;
    }
    if (i < channels.length - 1) {
      // The autoencoder pads only at the right and at the bottom before it halves.
      x = conv2d(g, x, `${block}.downsamplers.0.conv`, {
        inChannels,
        outChannels: inChannels,
        stride: 2,
        pads: [0, 0, 1, 1],
      });
    }
  }
  x = midBlock(g, x, 'encoder.mid_block', inChannels, config);
  x = silu(g, groupNorm(g, x, 'encoder.conv_norm_out', { channels: inChannels, groups, eps: EPS }));
  x = conv2d(g, x, 'encoder.conv_out', { inChannels, outChannels: moments });
  if (config.use_quant_conv) {
    x = conv2d(g, x, 'quant_conv', { inChannels: moments, outChannels: moments, kernel: 1 });
  }
  g.output('latent_parameters', x, ['batch_size', moments, 'latent_height', 'latent_width']);
  return g.build();
}

/** latent_sample [B, C, h, w], already divided by the scaling factor → sample [B, 3, H, W], nominally in [-1, 1]. */
export function buildVaeDecoder(json: unknown, weights: WeightSource, target: GraphTarget): BuiltGraph {
  const config = parseConfig(schema, json, weights.label);
  const g = new GraphBuilder('vae_decoder', weights, target);
  const { norm_num_groups: groups, latent_channels: latent } = config;
  const channels = config.block_out_channels.toReversed();
  let x = g.input('latent_sample', 'float32', ['batch_size', latent, 'latent_height', 'latent_width']);

  if (config.use_post_quant_conv) {
    x = conv2d(g, x, 'post_quant_conv', { inChannels: latent, outChannels: latent, kernel: 1 });
  }
  let inChannels = channels[0] ?? 0;
  x = conv2d(g, x, 'decoder.conv_in', { inChannels: latent, outChannels: inChannels });
  x = midBlock(g, x, 'decoder.mid_block', inChannels, config);
  for (const [i, outChannels] of channels.entries()) {
    const block = `decoder.up_blocks.${i}`;
    for (let j = 0; j < config.layers_per_block + 1; j += 1) {
      x = resnetBlock(g, x, `${block}.resnets.${j}`, { inChannels, outChannels, groups, eps: EPS });
      inChannels = outChannels;
    }
    if (i < channels.length - 1) {
      x = conv2d(g, upsampleNearest2x(g, x), `${block}.upsamplers.0.conv`, {
        inChannels,
        outChannels: inChannels,
      });
    }
  }
  x = silu(g, groupNorm(g, x, 'decoder.conv_norm_out', { channels: inChannels, groups, eps: EPS }));
  x = conv2d(g, x, 'decoder.conv_out', { inChannels, outChannels: config.out_channels });
  g.output('sample', x, ['batch_size', config.out_channels, 'height', 'width']);
  return g.build();
}

/** ResNet, attention, ResNet: [B, C, h, w] → the same. */
function midBlock(g: GraphBuilder, x: Value, name: string, channels: number, config: Config): Value {
  const resnet = {
    inChannels: channels,
    outChannels: channels,
    groups: config.norm_num_groups,
    eps: EPS,
  };
  let h = resnetBlock(g, x, `${name}.resnets.0`, resnet);
  if (config.mid_block_add_attention) {
    h = spatialAttention(g, h, `${name}.attentions.0`, channels, config.norm_num_groups);
  }
  return resnetBlock(g, h, `${name}.resnets.1`, resnet);
}

/** Attention over all positions with a single head: [B, C, h, w] → the same. */
function spatialAttention(g: GraphBuilder, x: Value, name: string, channels: number, groups: number): Value {
  // Folders from before diffusers 0.18 have older names for the four projections.
  const isOld = g.has(`${name}.query.weight`);
  const names = isOld ? ['query', 'key', 'value', 'proj_attn'] : ['to_q', 'to_k', 'to_v', 'to_out.0'];
  const project = (value: Value, i: number): Value =>
    linear(g, value, `${name}.${names[i] ?? ''}`, { inFeatures: channels, outFeatures: channels });

  const h = groupNorm(g, x, `${name}.group_norm`, { channels, groups, eps: EPS });
  const nhwc = g.op('Transpose', [h], { attributes: { perm: [0, 2, 3, 1] } }); // [B, h, w, C]
  const rows = toRows(g, nhwc, channels); // [B·h·w, C]
  const mixed = attention(g, project(rows, 0), project(rows, 1), project(rows, 2), {
    heads: 1,
    features: channels,
    batch: batchOf(g, x),
  });
  const back = g.op('Reshape', [project(mixed, 3), g.op('Shape', [nhwc])]);
  return add(g, x, g.op('Transpose', [back], { attributes: { perm: [0, 3, 1, 2] } }));
}
