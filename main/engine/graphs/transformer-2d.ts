/** Transformer2DModel of diffusers: attention blocks over the positions of a feature map, with the prompt as context. */
import type { GraphBuilder, Value } from './graph-builder';
import { attention } from './attention';
import { add, gelu, groupNorm, layerNorm, linear, multiply, toRows } from './layers';

export interface TransformerOptions {
  readonly channels: number;
  readonly heads: number;
  readonly layers: number;
  readonly groups: number;
  /** The prompt as rows [B·T, contextFeatures]. */
  readonly context: Value;
  readonly contextFeatures: number;
  /** From `batchOf`. */
  readonly batch: Value;
}

/** norm → rows → proj_in → blocks → proj_out → plus the input: [B, C, h, w] → the same. */
export function transformer2d(g: GraphBuilder, x: Value, name: string, options: TransformerOptions): Value {
  const { channels, groups, layers } = options;
  // proj_in and proj_out are 1 × 1 convolutions in SD1 and linear layers in SD2: the same numbers in the same order.
  const square = { inFeatures: channels, outFeatures: channels };

  const normal = groupNorm(g, x, `${name}.norm`, { channels, groups, eps: 1e-6 });
  const nhwc = g.op('Transpose', [normal], { attributes: { perm: [0, 2, 3, 1] } }); // [B, h, w, C]
  let rows = linear(g, toRows(g, nhwc, channels), `${name}.proj_in`, square); // [B·h·w, C]
  for (let i = 0; i < layers; i += 1) {
    rows = transformerBlock(g, rows, `${name}.transformer_blocks.${i}`, options);
  }
  rows = linear(g, rows, `${name}.proj_out`, square);
  const back = g.op('Reshape', [rows, g.op('Shape', [nhwc])]); // [B, h, w, C]
  return add(g, g.op('Transpose', [back], { attributes: { perm: [0, 3, 1, 2] } }), x);
}

/** BasicTransformerBlock: self-attention, cross-attention, feed-forward, each on a normalised copy and added: [B·S, C] → the same. */
function transformerBlock(g: GraphBuilder, x: Value, name: string, options: TransformerOptions): Value {
  const { channels, context, contextFeatures } = options;
  const own = layerNorm(g, x, `${name}.norm1`, channels);
  const first = add(
    g,
    crossAttention(g, own, `${name}.attn1`, { ...options, context: own, contextFeatures: channels }),
    x,
  );
  const query = layerNorm(g, first, `${name}.norm2`, channels);
  const second = add(
    g,
    crossAttention(g, query, `${name}.attn2`, { ...options, context, contextFeatures }),
    first,
  );
  return add(
    g,
    feedForward(g, layerNorm(g, second, `${name}.norm3`, channels), `${name}.ff`, channels),
    second,
  );
}

/** Queries from x [B·S, C], keys and values from the context [B·T, D] → [B·S, C]. */
function crossAttention(g: GraphBuilder, x: Value, name: string, options: TransformerOptions): Value {
  const { channels, heads, batch, context, contextFeatures } = options;
  const fromContext = { inFeatures: contextFeatures, outFeatures: channels, bias: false };
  const mixed = attention(
    g,
    linear(g, x, `${name}.to_q`, { inFeatures: channels, outFeatures: channels, bias: false }),
    linear(g, context, `${name}.to_k`, fromContext),
    linear(g, context, `${name}.to_v`, fromContext),
    { heads, features: channels, batch },
  );
  return linear(g, mixed, `${name}.to_out.0`, { inFeatures: channels, outFeatures: channels });
}

/** GEGLU: the projection's first half times GELU of its second half, then back to C; the halves are read as two layers, so nothing is split. */
function feedForward(g: GraphBuilder, x: Value, name: string, channels: number): Value {
  const inner = 4 * channels;
  const half = (part: number): Value =>
    linear(g, x, `${name}.net.0.proj`, {
      inFeatures: channels,
      outFeatures: 2 * inner,
      rows: { part, parts: 2 },
    });
  const gated = multiply(g, half(0), gelu(g, half(1)));
  return linear(g, gated, `${name}.net.2`, { inFeatures: inner, outFeatures: channels });
}
