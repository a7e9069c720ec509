/**
 * FluxTransformer2DModel of diffusers (FLUX.1 schnell and dev): prompt and picture as two streams that attend to one another (double blocks), then as
 * one stream (single blocks). Time, guidance and the pooled prompt modulate every block; positions turn queries and keys.
 */
import { z } from 'zod';
import type { WeightSource } from '../checkpoint/weights';
import { attention } from './attention';
import { parseConfig } from './config';
import { fluxConditioning, type Conditioning } from './flux-conditioning';
import { rotaryTables, rotate, type Rotary } from './flux-rotary';
import { GraphBuilder, type BuiltGraph, type GraphTarget, type Value } from './graph-builder';
import { add, batchOf, geluTanh, linear, multiply, plainLayerNorm, rmsNorm, toRows } from './layers';

const count = z.number().int().positive();
const schema = z.object({
  in_channels: count.default(64),
  out_channels: count.nullish(),
  num_layers: count.max(200).default(19),
  num_single_layers: count.max(200).default(38),
  attention_head_dim: count.default(128),
  num_attention_heads: count.default(24),
  joint_attention_dim: count.default(4096),
  pooled_projection_dim: count.default(768),
  guidance_embeds: z.boolean().default(false),
  axes_dims_rope: z.array(count.multipleOf(2)).length(3).default([16, 56, 56]),
  patch_size: z.literal(1).default(1),
});

const EPS = 1e-6;

/** What every block needs. */
interface Shared {
  /** Width of both streams, and its heads. */
  readonly D: number;
  readonly heads: number;
  readonly head: number;
  readonly conditioning: Conditioning;
  readonly batch: Value;
  /** Turns by position for prompt, picture, and both in this order. */
  readonly rotary: Rotary;
  /** [B, −1, D] as a shape. */
  readonly sequence: Value;
  /** Tokens of the prompt, [1]. */
  readonly textLength: Value;
}

/**
 * hidden_states [B, L, 64] (packed latents), encoder_hidden_states [B, S, T], pooled_projections [B, P], timestep [B] (0 … 1), img_ids [L, 3],
 * txt_ids [S, 3] and for dev guidance [B] → out_hidden_states [B, L, 64], the velocity.
 */
export function buildFluxTransformer(json: unknown, weights: WeightSource, target: GraphTarget): BuiltGraph {
  const config = parseConfig(schema, json, weights.label);
  const g = new GraphBuilder('transformer', weights, target);
  const { attention_head_dim: head, num_attention_heads: heads } = config;
  const D = heads * head;
  const rows = (value: Value): Value => toRows(g, value, D);

  const hidden = g.input('hidden_states', 'float32', ['batch_size', 'packed_length', config.in_channels]);
  const text = g.input('encoder_hidden_states', 'float32', [
    'batch_size',
    'sequence_length',
    config.joint_attention_dim,
  ]);
  const pooled = g.input('pooled_projections', 'float32', ['batch_size', config.pooled_projection_dim]);
  const timestep = g.input('timestep', 'float32', ['batch_size']);
  const imageIds = g.input('img_ids', 'float32', ['packed_length', 3]);
  const textIds = g.input('txt_ids', 'float32', ['sequence_length', 3]);
  const guidance = config.guidance_embeds ? g.input('guidance', 'float32', ['batch_size']) : undefined;

  // 1. time, guidance and pooled prompt; 2. positions
  const batch = batchOf(g, hidden);
  const shared: Shared = {
    D,
    heads,
    head,
    conditioning: fluxConditioning(
      g,
      { timestep, guidance, pooled },
      { D, pooledFeatures: config.pooled_projection_dim },
    ),
    batch,
    rotary: rotaryTables(g, textIds, imageIds, config.axes_dims_rope),
    sequence: g.op('Concat', [batch, g.ints([-1, D])], { attributes: { axis: 0 } }),
    textLength: g.op('Gather', [g.op('Shape', [textIds]), g.ints([0])]),
  };
  const embed = (value: Value, name: string, features: number): Value =>
    g.op('Reshape', [
      linear(g, toRows(g, value, features), name, { inFeatures: features, outFeatures: D }),
      shared.sequence,
    ]);

  // 3. two streams
  let image = embed(hidden, 'x_embedder', config.in_channels); // [B, L, D]
  let context = embed(text, 'context_embedder', config.joint_attention_dim); // [B, S, D]
  for (let i = 0; i < config.num_layers; i += 1) {
    [image, context] = doubleBlock(g, image, context, `transformer_blocks.${i}`, shared);
  }

  // 4. one stream
  let both = g.op('Concat', [context, image], { attributes: { axis: 1 } }); // [B, S + L, D]
  for (let i = 0; i < config.num_single_layers; i += 1) {
    both = singleBlock(g, both, `single_transformer_blocks.${i}`, shared);
  }
  image = g.op('Slice', [both, shared.textLength, g.ints([Number.MAX_SAFE_INTEGER]), g.ints([1])]);

  // 5. out
  const [scale, shift] = lastModulation(g, shared.conditioning);
  const outFeatures = config.out_channels ?? config.in_channels;
  const out = linear(g, rows(modulate(g, image, shift, scale, D)), 'proj_out', {
    inFeatures: D,
    outFeatures,
  });
  const shape = g.op('Concat', [batch, g.ints([-1, outFeatures])], { attributes: { axis: 0 } });
  g.output('out_hidden_states', g.op('Reshape', [out, shape]), ['batch_size', 'packed_length', outFeatures]);
  return g.build();
}

/** Scale, then shift; the original code has them the other way round, so its files offer each by a name of its own (flux-keys.ts). */
function lastModulation(g: GraphBuilder, conditioning: Conditioning): Value[] {
  return g.has('norm_out.scale.weight')
    ? ['scale', 'shift'].flatMap((half) => conditioning.modulation(`norm_out.${half}`, 1))
    : conditioning.modulation('norm_out.linear', 2);
}

/** Picture [B, L, D] and prompt [B, S, D] with weights of their own, attending to both. */
function doubleBlock(
  g: GraphBuilder,
  image: Value,
  context: Value,
  name: string,
  shared: Shared,
): [Value, Value] {
  const streams = [
    {
      x: context,
      norm: 'norm1_context',
      q: 'add_q_proj',
      k: 'add_k_proj',
      v: 'add_v_proj',
      added: 'added_',
      out: 'to_add_out',
      ff: 'ff_context',
    },
    { x: image, norm: 'norm1', q: 'to_q', k: 'to_k', v: 'to_v', added: '', out: 'to_out.0', ff: 'ff' },
  ] as const; // the prompt comes first in the joined sequence
  const modulations = streams.map(({ norm }) => shared.conditioning.modulation(`${name}.${norm}.linear`, 6));

  const projected = streams.map(({ x, q, k, v, added }, i) => {
    const [shift, scale] = modulations[i] ?? [];
    const normal = toRows(g, modulate(g, x, shift, scale, shared.D), shared.D);
    const project = (layer: string): Value => square(g, normal, `${name}.attn.${layer}`, shared);
    return {
      q: unitHeads(g, project(q), `${name}.attn.norm_${added}q`, shared),
      k: unitHeads(g, project(k), `${name}.attn.norm_${added}k`, shared),
      v: g.op('Reshape', [project(v), shared.sequence]),
    };
  });
  const joined = (part: 'q' | 'k' | 'v'): Value =>
    g.op(
      'Concat',
      projected.map((stream) => stream[part]),
      { attributes: { axis: 1 } },
    );
  const mixed = g.op('Reshape', [attend(g, joined('q'), joined('k'), joined('v'), shared), shared.sequence]);
  const ends = [
    g.op('Slice', [mixed, g.ints([0]), shared.textLength, g.ints([1])]),
    g.op('Slice', [mixed, shared.textLength, g.ints([Number.MAX_SAFE_INTEGER]), g.ints([1])]),
  ];

  const [newContext = context, newImage = image] = streams.map(({ x, out, ff }, i) => {
    const [, , gate, shiftMlp, scaleMlp, gateMlp] = modulations[i] ?? [];
    const own = square(g, toRows(g, ends[i] ?? mixed, shared.D), `${name}.attn.${out}`, shared);
    const attended = add(g, x, gated(g, own, gate, shared));
    const normal = toRows(g, modulate(g, attended, shiftMlp, scaleMlp, shared.D), shared.D);
    return add(g, attended, gated(g, feedForward(g, normal, `${name}.${ff}`, shared.D), gateMlp, shared));
  });
  return [newImage, newContext];
}

/** Attention and MLP side by side on one normalised copy: [B, S + L, D] → the same. */
function singleBlock(g: GraphBuilder, x: Value, name: string, shared: Shared): Value {
  const { D } = shared;
  const [shift, scale, gate] = shared.conditioning.modulation(`${name}.norm.linear`, 3);
  const normal = toRows(g, modulate(g, x, shift, scale, D), D);
  const project = (letter: string): Value => square(g, normal, `${name}.attn.to_${letter}`, shared);
  const mixed = attend(
    g,
    unitHeads(g, project('q'), `${name}.attn.norm_q`, shared),
    unitHeads(g, project('k'), `${name}.attn.norm_k`, shared),
    project('v'),
    shared,
  );
  const wide = geluTanh(g, linear(g, normal, `${name}.proj_mlp`, { inFeatures: D, outFeatures: 4 * D }));
  const all = g.op('Concat', [mixed, wide], { attributes: { axis: 1 } }); // [B·(S + L), 5·D]
  const out = linear(g, all, `${name}.proj_out`, { inFeatures: 5 * D, outFeatures: D });
  return add(g, x, gated(g, out, gate, shared));
}

const square = (g: GraphBuilder, rows: Value, name: string, { D }: Shared): Value =>
  linear(g, rows, name, { inFeatures: D, outFeatures: D });

/** Each head's query or key to unit mean square, times learnt weights: rows [N, D] → [B, n, D]. */
function unitHeads(g: GraphBuilder, rows: Value, name: string, { head, sequence }: Shared): Value {
  return g.op('Reshape', [rmsNorm(g, toRows(g, rows, head), name, head, EPS), sequence]);
}

/** Turns queries and keys [B, n, D] by their positions and attends: rows [B·n, D]. */
function attend(g: GraphBuilder, q: Value, k: Value, v: Value, shared: Shared): Value {
  const { D, heads, batch, rotary } = shared;
  const turned = (x: Value): Value => toRows(g, rotate(g, x, rotary, shared), D);
  return attention(g, turned(q), turned(k), toRows(g, v, D), { heads, features: D, batch });
}

/** Layer norm without weights, times (1 + scale), plus shift, both [B, 1, D]: [B, n, D] → the same. */
function modulate(
  g: GraphBuilder,
  x: Value,
  shift: Value | undefined,
  scale: Value | undefined,
  D: number,
): Value {
  if (shift === undefined || scale === undefined) throw new Error('a modulation is missing');
  const normal = plainLayerNorm(g, x, D, EPS);
  return add(g, multiply(g, normal, add(g, scale, g.floats([1], []))), shift);
}

/** Rows times a gate [B, 1, D]: [B·n, D] → [B, n, D]. */
function gated(g: GraphBuilder, rows: Value, gate: Value | undefined, { sequence }: Shared): Value {
  if (gate === undefined) throw new Error('a gate is missing');
  return multiply(g, g.op('Reshape', [rows, sequence]), gate);
}

/** GELU (tanh) between two linear layers, four times as wide: rows → rows. */
function feedForward(g: GraphBuilder, rows: Value, name: string, D: number): Value {
  const wide = geluTanh(g, linear(g, rows, `${name}.net.0.proj`, { inFeatures: D, outFeatures: 4 * D }));
  return linear(g, wide, `${name}.net.2`, { inFeatures: 4 * D, outFeatures: D });
}
