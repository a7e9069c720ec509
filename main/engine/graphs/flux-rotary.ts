/**
 * Rotary positions of Flux: neighbouring pairs of each head's features are turned by angles that grow with the token's three ids (FluxPosEmbed).
 * Sines and cosines come from tables made in float64, as diffusers computes them: products of ids and frequencies in float32 would be off by 3e-5.
 */
import type { GraphBuilder, Value } from './graph-builder';

const THETA = 10_000;
/** Ids are rows and columns of 16 pixels: enough for pictures of 8192 pixels. */
const POSITIONS = 512;
/** TensorProto.INT64 */
const INT64 = 7;

export interface Rotary {
  /** [S + L, d/2] each: prompt first, then picture. */
  readonly cosines: Value;
  readonly sines: Value;
}

/** txt_ids [S, 3] and img_ids [L, 3], whole numbers below 512; axes: how many features of a head each id turns. */
export function rotaryTables(
  g: GraphBuilder,
  textIds: Value,
  imageIds: Value,
  axes: readonly number[],
): Rotary {
  const ids = g.op('Cast', [g.op('Concat', [textIds, imageIds], { attributes: { axis: 0 } })], {
    attributes: { to: INT64 },
  });
  const lookUp = (wave: (angle: number) => number): Value => {
    const columns = axes.map((features, axis) => {
      const half = features / 2;
      const table = Float32Array.from({ length: POSITIONS * half }, (_, i) => {
        const frequency = 1 / THETA ** ((2 * (i % half)) / features);
        return wave(Math.floor(i / half) * frequency);
      });
      const column = g.op('Gather', [ids, g.int(axis)], { attributes: { axis: 1 } }); // [S + L]
      return g.op('Gather', [g.floats(table, [POSITIONS, half]), column]); // [S + L, features/2]
    });
    return g.op('Concat', columns, { attributes: { axis: 1 } });
  };
  return { cosines: lookUp(Math.cos), sines: lookUp(Math.sin) };
}

/** (a, b) → (a·cos − b·sin, b·cos + a·sin) for neighbouring features: [B, S + L, D] → the same. */
export function rotate(
  g: GraphBuilder,
  x: Value,
  { cosines, sines }: Rotary,
  { heads, head }: { readonly heads: number; readonly head: number },
): Value {
  return g.microsoft('RotaryEmbedding', [x, g.ints([0]), cosines, sines], {
    interleaved: 1,
    num_heads: heads,
    rotary_embedding_dim: head,
  });
}
