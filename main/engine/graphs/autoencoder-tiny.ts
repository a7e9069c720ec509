/**
 * AutoencoderTiny of diffusers (the TAESD family): small convolutions that stand in for an AutoencoderKL, without norms and without attention.
 * The encoder gives latents, not a distribution, and both sides work in the scale of the denoising loop (its config's scaling_factor is 1).
 */
import { z } from 'zod';
import type { WeightSource } from '../checkpoint/weights';
import { parseConfig } from './config';
import { GraphBuilder, type BuiltGraph, type GraphTarget, type Value } from './graph-builder';
import { add, conv2d, multiply, relu, upsampleNearest2x } from './layers';

const stages = z.array(z.number().int().positive().max(4096)).min(1).max(16);

const schema = z
  .object({
    in_channels: z.number().int().positive().default(3),
    out_channels: z.number().int().positive().default(3),
    latent_channels: z.number().int().positive().default(4),
    encoder_block_out_channels: stages.default([64, 64, 64, 64]),
    decoder_block_out_channels: stages.default([64, 64, 64, 64]),
    num_encoder_blocks: stages.default([1, 3, 3, 3]),
    num_decoder_blocks: stages.default([3, 3, 3, 1]),
    act_fn: z.literal('relu').default('relu'),
    upsample_fn: z.literal('nearest').default('nearest'),
    upsampling_scaling_factor: z.literal(2).default(2),
  })
  .refine((config) => config.encoder_block_out_channels.length === config.num_encoder_blocks.length, {
    path: ['num_encoder_blocks'],
  })
  .refine((config) => config.decoder_block_out_channels.length === config.num_decoder_blocks.length, {
    path: ['num_decoder_blocks'],
  });

/** True when an autoencoder's config.json says that it is one of these. */
export const isTinyAutoencoder = (config: unknown): boolean =>
  (config as { _class_name?: unknown } | null)?._class_name === 'AutoencoderTiny';

/** sample [B, 3, H, W] in [-1, 1] → latents [B, C, h, w]. Layers are numbered through: a convolution, then its stage's blocks. */
export function buildTinyEncoder(json: unknown, weights: WeightSource, target: GraphTarget): BuiltGraph {
  const config = parseConfig(schema, json, weights.label);
  const g = new GraphBuilder('vae_encoder', weights, target);
  const { encoder_block_out_channels: channels, num_encoder_blocks: blocks } = config;
  const sample = g.input('sample', 'float32', ['batch_size', config.in_channels, 'height', 'width']);

  let x = multiply(g, add(g, sample, g.floats([1], [])), g.floats([0.5], [])); // in [0, 1]
  let layer = 0;
  const next = (): string => `encoder.layers.${layer++}`;
  for (const [i, outChannels] of channels.entries()) {
    x =
      i === 0
        ? conv2d(g, x, next(), { inChannels: config.in_channels, outChannels })
        : conv2d(g, x, next(), { inChannels: outChannels, outChannels, stride: 2, bias: false });
    for (let j = 0; j < (blocks[i] ?? 0); j += 1) x = tinyBlock(g, x, next(), outChannels);
  }
  x = conv2d(g, x, next(), { inChannels: channels.at(-1) ?? 0, outChannels: config.latent_channels });
  g.output('latents', x, ['batch_size', config.latent_channels, 'latent_height', 'latent_width']);
  return g.build();
}

/** latent_sample [B, C, h, w] in the loop's scale → sample [B, 3, H, W], nominally in [-1, 1]. Layers without weights are numbered too. */
export function buildTinyDecoder(json: unknown, weights: WeightSource, target: GraphTarget): BuiltGraph {
  const config = parseConfig(schema, json, weights.label);
  const g = new GraphBuilder('vae_decoder', weights, target);
  const { decoder_block_out_channels: channels, num_decoder_blocks: blocks } = config;
  const latent = config.latent_channels;
  const sample = g.input('latent_sample', 'float32', ['batch_size', latent, 'latent_height', 'latent_width']);

  const third = multiply(g, sample, g.floats([1 / 3], []));
  let x = multiply(g, g.op('Tanh', [third]), g.floats([3], [])); // soft clamp to ±3
  let layer = 0;
  const next = (): string => `decoder.layers.${layer++}`;
  x = relu(g, conv2d(g, x, next(), { inChannels: latent, outChannels: channels[0] ?? 0 }));
  layer += 1; // the activation
  for (const [i, inChannels] of channels.entries()) {
    for (let j = 0; j < (blocks[i] ?? 0); j += 1) x = tinyBlock(g, x, next(), inChannels);
    const isLast = i === channels.length - 1;
    if (!isLast) {
      x = upsampleNearest2x(g, x);
      layer += 1;
    }
    const outChannels = isLast ? config.out_channels : inChannels;
    x = conv2d(g, x, next(), { inChannels, outChannels, bias: isLast });
  }
  x = add(g, multiply(g, x, g.floats([2], [])), g.floats([-1], []));
  g.output('sample', x, ['batch_size', config.out_channels, 'height', 'width']);
  return g.build();
}

/** Three convolutions beside the input: [B, C, h, w] → the same. */
function tinyBlock(g: GraphBuilder, x: Value, name: string, channels: number): Value {
  const conv = (value: Value, i: number): Value =>
    conv2d(g, value, `${name}.conv.${i}`, { inChannels: channels, outChannels: channels });
  const h = conv(relu(g, conv(relu(g, conv(x, 0)), 2)), 4);
  return relu(g, add(g, h, x));
}
