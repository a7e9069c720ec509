/** Scaled dot-product attention over rows: fused where the provider is right about it, else written out. */
import { assertDivides } from './config';
import type { GraphBuilder, Value } from './graph-builder';
import { add, toRows } from './layers';

export interface AttentionOptions {
  readonly heads: number;
  readonly features: number;
  /** From `batchOf`. */
  readonly batch: Value;
  /** No position sees a later one; sequences are at most this long. */
  readonly causalUpTo?: number;
}

/** softmax(q·kᵀ/√d)·v per head: q [B·S, C], k and v [B·T, C] → [B·S, C]. */
export function attention(g: GraphBuilder, q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  assertDivides('attention_head_dim', options.heads, options.features);
  return g.target.hasFusedAttention ? fused(g, q, k, v, options) : writtenOut(g, q, k, v, options);
}

/** Never holds the scores of all heads and positions at once. */
function fused(g: GraphBuilder, q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const { heads, features, batch, causalUpTo } = options;
  const shape = g.op('Concat', [batch, g.ints([-1, features])], { attributes: { axis: 0 } });
  const unflatten = (x: Value): Value => g.op('Reshape', [x, shape]); // [B, S, C]
  const mixed = g.microsoft('MultiHeadAttention', [unflatten(q), unflatten(k), unflatten(v)], {
    num_heads: heads,
    ...(causalUpTo === undefined ? {} : { unidirectional: 1 }),
  });
  return toRows(g, mixed, features);
}

/** Holds [B, heads, S, T] scores: right everywhere, and large. */
function writtenOut(g: GraphBuilder, q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const { heads, features, batch, causalUpTo } = options;
  const size = features / heads;
  const shape = g.op('Concat', [batch, g.ints([-1, heads, size])], { attributes: { axis: 0 } });
  const split = (x: Value, perm: number[]): Value =>
    g.op('Transpose', [g.op('Reshape', [x, shape])], { attributes: { perm } });

  const queries = split(g.op('Mul', [q, g.floats([1 / Math.sqrt(size)], [])]), [0, 2, 1, 3]); // [B, heads, S, d]
  let scores = g.op('MatMul', [queries, split(k, [0, 2, 3, 1])]); // [B, heads, S, T]
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
