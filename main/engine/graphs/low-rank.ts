/**
 * What LoRAs add to a layer: y + strength · (alpha / rank) · B(A x), A and B read in place from the LoRA's file. The strength is an input of the
 * graph, so that changing it opens nothing again.
 */
import { rowsOf, type LowRank } from '../checkpoint/weights';
import type { GraphBuilder, Value } from './graph-builder';
import { multiplyRows } from './multiply-rows';

interface LinearBranchOptions {
  readonly inFeatures: number;
  /** The whole layer's. */
  readonly outFeatures: number;
  /** y holds only part `part` of `parts` of the layer's outputs. */
  readonly rows: { readonly part: number; readonly parts: number };
}

/** x [N, in], y [N, out] or the asked part of it → y with every branch added. */
export function addLowRankLinear(
  g: GraphBuilder,
  x: Value,
  y: Value,
  branches: readonly LowRank[],
  { inFeatures, outFeatures, rows }: LinearBranchOptions,
): Value {
  return branches.reduce((sum, branch) => {
    const { down, up } = branch;
    const rank = rankOf(branch);
    // Parts of one layer share the way down.
    const low = g.once(`${x}·${down.file}@${down.offset}`, () =>
      g.op('Mul', [multiplyRows(g, x, g.tensor(down, [rank, inFeatures])), factorOf(g, branch)]),
    ); // [N, rank]
    const whole = { ...up, shape: [outFeatures, rank] };
    const part = rowsOf(whole, branch.hasSwappedHalves ? otherHalf(rows) : rows.part, rows.parts);
    return multiplyRows(g, low, g.tensor(part, part.shape), sum);
  }, y);
}

/** Layers whose halves other files swap are asked for by halves. */
function otherHalf({ part, parts }: LinearBranchOptions['rows']): number {
  if (parts !== 2) throw new Error(`half ${part} of ${parts} parts`);
  return 1 - part;
}

interface ConvBranchOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Of the layer: the convolution with its kernel is the way down, or the one in the middle. */
  readonly attributes: Readonly<Record<'kernel_shape' | 'strides' | 'pads', readonly number[]>>;
}

/** x [B, in, h, w], y [B, out, h', w'] → y with every branch added. */
export function addLowRankConv(
  g: GraphBuilder,
  x: Value,
  y: Value,
  branches: readonly LowRank[],
  { inChannels, outChannels, attributes }: ConvBranchOptions,
): Value {
  const kernel = attributes.kernel_shape;
  return branches.reduce((sum, branch) => {
    const { down, mid, up } = branch;
    const rank = rankOf(branch);
    const wide = { attributes };
    const narrow = { attributes: { kernel_shape: [1, 1] } };
    let low =
      mid === null
        ? g.op('Conv', [x, g.tensor(down, [rank, inChannels, ...kernel])], wide)
        : g.op('Conv', [x, g.tensor(down, [rank, inChannels, 1, 1])], narrow);
    if (mid !== null) low = g.op('Conv', [low, g.tensor(mid, [rank, rank, ...kernel])], wide);
    const scaled = g.op('Mul', [low, factorOf(g, branch)]);
    return g.op('Add', [sum, g.op('Conv', [scaled, g.tensor(up, [outChannels, rank, 1, 1])], narrow)]);
  }, y);
}

const rankOf = ({ down }: LowRank): number => down.shape[0] ?? 0;

/** strength · alpha / rank, a scalar. */
const factorOf = (g: GraphBuilder, { strength, scale }: LowRank): Value =>
  g.once(`${strength}·${scale}`, () => {
    const input = g.once(strength, () => g.input(strength, 'float32', []));
    return g.op('Mul', [input, g.floats([scale], [])]);
  });
