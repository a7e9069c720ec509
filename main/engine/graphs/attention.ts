/** Scaled dot-product attention over rows: fused where the provider is right about it, else written out. */
import { assertDivides } from './config';
import type { GraphBuilder, Value } from './graph-builder';
import { add, toRows } from './layers';

export interface AttentionOptions {
  readonly heads: number;
  readonly features: number;
  /** From `batchOf`. */
  readonly batch: Value;
  /** Added to the scores: [1, heads, S, T]. */
  readonly bias?: Value;
  /** Factor of the scores in place of 1/√d. */
  readonly scale?: number;
  /** No position sees a later one; sequences are at most this long. */
  readonly causalUpTo?: number;
}

/** softmax(q·kᵀ/√d + bias)·v per head: q [B·S, C], k and v [B·T, C] → [B·S, C]. */
export function attention(g: GraphBuilder, q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  assertDivides('attention_head_dim', options.heads, options.features);
  return g.target.hasFusedAttention ? fused(g, q, k, v, options) : writtenOut(g, q, k, v, options);
}

/** Never holds the scores of all heads and positions at once. */
function fused(g: GraphBuilder, q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const { heads, features, batch, bias, scale, causalUpTo } = options;
  const shape = g.op('Concat', [batch, g.ints([-1, features])], { attributes: { axis: 0 } });
  const unflatten = (x: Value): Value => g.op('Reshape', [x, shape]); // [B, S, C]
  const inputs = [unflatten(q), unflatten(k), unflatten(v), ...(bias === undefined ? [] : ['', '', bias])];
  const mixed = g.microsoft('MultiHeadAttention', inputs, {
    num_heads: heads,
    ...(scale === undefined ? {} : { scale: { float: scale } }),
    ...(causalUpTo === undefined ? {} : { unidirectional: 1 }),
  });
  return toRows(g, mixed, features);
}

/** Holds [B, heads, S, T] scores: right everywhere, and large. */
function writtenOut(g: GraphBuilder, q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const { heads, features, batch, bias, causalUpTo } = options;
  const size = features / heads;
  const scale = options.scale ?? 1 / Math.sqrt(size);
  const shape = g.op('Concat', [batch, g.ints([-1, heads, size])], { attributes: { axis: 0 } });
  const split = (x: Value, perm: number[]): Value =>
    g.op('Transpose', [g.op('Reshape', [x, shape])], { attributes: { perm } });

  const queries = split(scale === 1 ? q : g.op('Mul', [q, g.floats([scale], [])]), [0, 2, 1, 3]); // [B, heads, S, d]
  let scores = g.op('MatMul', [queries, split(k, [0, 2, 3, 1])]); // [B, heads, S, T]
  if (bias !== undefined) scores = add(g, scores, bias);
  if (causalUpTo !== undefined) scores = add(g, scores, causalMask(g, scores, causalUpTo));
  const shares = g.op('Softmax', [scores], { attributes: { axis: -1 } });
  const mixed = g.op('MatMul', [shares, split(v, [0, 2, 1, 3])]); // [B, heads, S, d]
  return toRows(g, g.op('Transpose', [mixed], { attributes: { perm: [0, 2, 1, 3] } }), features);
}

/** 0 where a position may look, a very small number where it may not: [S, S]. */
function causalMask(g: GraphBuilder, scores: Value, longest: number): Value {
  const mask = Float32Array.from({ length: longest * longest }, (_, i) =>
    i % longest > Math.floor(i / longest) ? -1e9 : 0,
  );
  const size = g.op('Gather', [g.op('Shape', [scores]), g.ints([2, 3])]); // S, S
  return g.op('Slice', [g.floats(mask, [longest, longest]), g.ints([0, 0]), size, g.ints([0, 1])]);
}
