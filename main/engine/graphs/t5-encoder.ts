/**
 * T5's encoder (v1.1: gated GELU), T5EncoderModel of transformers, as in Flux: tokens → N × (self-attention, gated MLP), each on an RMS-normalised
 * copy and added → RMS norm. Positions enter only as a bias on the attention scores, which all layers share.
 */
import { z } from 'zod';
import type { WeightSource } from '../checkpoint/weights';
import { attention } from './attention';
import { parseConfig } from './config';
import { GraphBuilder, type BuiltGraph, type GraphTarget, type Value } from './graph-builder';
import { add, batchOf, geluTanh, linear, multiply, rmsNorm, toRows } from './layers';

const count = z.number().int().positive();
const schema = z.object({
  vocab_size: count,
  d_model: count,
  d_ff: count,
  d_kv: count,
  num_heads: count,
  num_layers: count.max(100),
  feed_forward_proj: z.literal('gated-gelu'),
  relative_attention_num_buckets: count.max(1024).default(32),
  relative_attention_max_distance: count.max(4096).default(128),
  layer_norm_epsilon: z.number().positive().default(1e-6),
});
type Config = z.infer<typeof schema>;

/** input_ids [B, S] int64 → last_hidden_state [B, S, D]. Padding is attended like text. */
export function buildT5Encoder(json: unknown, weights: WeightSource, target: GraphTarget): BuiltGraph {
  const config = parseConfig(schema, json, weights.label);
  const g = new GraphBuilder('text_encoder_2', weights, target);
  const { d_model: D, layer_norm_epsilon: eps } = config;

  const ids = g.input('input_ids', 'int64', ['batch_size', 'sequence_length']);
  const batch = batchOf(g, ids);
  // Checkpoints hold the token table under one or both of its names.
  const table =
    ['shared.weight', 'encoder.embed_tokens.weight'].find((name) => g.has(name)) ?? 'shared.weight';
  const tokens = g.op('Gather', [g.weight(table, [config.vocab_size, D]), ids]); // [B, S, D]
  const bias = positionBias(g, ids, config);

  let x = toRows(g, tokens, D); // [B·S, D]
  for (let i = 0; i < config.num_layers; i += 1) {
    const layer = `encoder.block.${i}.layer`;
    const normal = rmsNorm(g, x, `${layer}.0.layer_norm`, D, eps);
    x = add(g, x, selfAttention(g, normal, `${layer}.0.SelfAttention`, { batch, bias, config }));
    x = add(
      g,
      x,
      feedForward(g, rmsNorm(g, x, `${layer}.1.layer_norm`, D, eps), `${layer}.1.DenseReluDense`, config),
    );
  }
  x = rmsNorm(g, x, 'encoder.final_layer_norm', D, eps);
  const shape = g.op('Concat', [batch, g.ints([-1, D])], { attributes: { axis: 0 } });
  g.output('last_hidden_state', g.op('Reshape', [x, shape]), ['batch_size', 'sequence_length', D]);
  return g.build();
}

interface AttentionInput {
  readonly batch: Value;
  readonly bias: Value;
  readonly config: Config;
}

/** Without biases, and without a scale on the scores: [B·S, D] → [B·S, D]. */
function selfAttention(
  g: GraphBuilder,
  x: Value,
  name: string,
  { batch, bias, config }: AttentionInput,
): Value {
  const { d_model: D, num_heads: heads, d_kv } = config;
  const inner = heads * d_kv;
  const project = (letter: string): Value =>
    linear(g, x, `${name}.${letter}`, { inFeatures: D, outFeatures: inner, bias: false });
  const options = { heads, features: inner, batch, bias, scale: 1 };
  const mixed = attention(g, project('q'), project('k'), project('v'), options);
  return linear(g, mixed, `${name}.o`, { inFeatures: inner, outFeatures: D, bias: false });
}

/** GELU of one projection times another, then back: [B·S, D] → [B·S, D]. */
function feedForward(g: GraphBuilder, x: Value, name: string, config: Config): Value {
  const { d_model: D, d_ff: M } = config;
  const wide = (part: string): Value =>
    linear(g, x, `${name}.${part}`, { inFeatures: D, outFeatures: M, bias: false });
  const gated = multiply(g, geluTanh(g, wide('wi_0')), wide('wi_1'));
  return linear(g, gated, `${name}.wo`, { inFeatures: M, outFeatures: D, bias: false });
}

/** What layer 0 has learnt about distances, as a bias on everyone's scores: [1, heads, S, S]. */
function positionBias(g: GraphBuilder, ids: Value, config: Config): Value {
  const { relative_attention_num_buckets: buckets, relative_attention_max_distance: far, num_heads } = config;
  // Every distance from −far to far; beyond, buckets no longer change.
  const table = g.ints(Array.from({ length: 2 * far + 1 }, (_, i) => bucketOf(i - far, buckets, far)));
  const learnt = g.weight('encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight', [
    buckets,
    num_heads,
  ]);
  const byDistance = g.op('Transpose', [g.op('Gather', [learnt, table])], { attributes: { perm: [1, 0] } }); // [heads, 2·far + 1]

  const length = g.op('Squeeze', [g.op('Gather', [g.op('Shape', [ids]), g.ints([1])])]);
  const positions = g.op('Range', [g.int(0), length, g.int(1)]); // [S]
  const distances = g.op('Sub', [positions, g.op('Reshape', [positions, g.ints([-1, 1])])]); // key − query, [S, S]
  const near = add(g, g.op('Max', [g.op('Min', [distances, g.int(far)]), g.int(-far)]), g.int(far));
  const bias = g.op('Gather', [byDistance, near], { attributes: { axis: 1 } }); // [heads, S, S]
  return g.op('Unsqueeze', [bias, g.ints([0])]);
}

/**
 * T5's bucket of a distance (key − query): half of them for each direction, one each for short distances, logarithmically wider ones up to `far`.
 * In float32, as transformers computes it (`_relative_position_bucket`).
 */
export function bucketOf(distance: number, buckets: number, far: number): number {
  const half = Math.floor(buckets / 2);
  const exact = Math.floor(half / 2);
  const size = Math.abs(distance);
  const direction = distance > 0 ? half : 0;
  if (size < exact) return direction + size;
  const { fround } = Math;
  const share = fround(fround(Math.log(fround(size / exact))) / fround(Math.log(far / exact)));
  return direction + Math.min(half - 1, exact + Math.trunc(fround(share * (half - exact))));
}
