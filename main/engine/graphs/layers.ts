/** The layers that all architectures here are made of, named as in PyTorch. Each picks the operator that the target really runs (graphs.md). */
import { assertDivides } from './config';
import type { GraphBuilder, Value } from './graph-builder';
import { int8Conv, int8Linear, isInt8 } from './int8-layers';
import { addLowRankConv, addLowRankLinear } from './low-rank';
import { multiplyRows } from './multiply-rows';

/** Elementwise, with broadcasting. */
export const add = (g: GraphBuilder, a: Value, b: Value): Value => g.op('Add', [a, b]);
export const multiply = (g: GraphBuilder, a: Value, b: Value): Value => g.op('Mul', [a, b]);

/** `x · sigmoid(alpha · x)`: SiLU with alpha 1, CLIP's quick GELU with 1.702. */
export const sigmoidLinear = (g: GraphBuilder, x: Value, alpha = 1): Value =>
  g.microsoft('QuickGelu', [x], { alpha: { float: alpha } });

export const silu = (g: GraphBuilder, x: Value): Value => sigmoidLinear(g, x);

export const relu = (g: GraphBuilder, x: Value): Value => g.op('Relu', [x]);

/** The exact GELU, with erf. */
export const gelu = (g: GraphBuilder, x: Value): Value => g.microsoft('Gelu', [x]);

/** GELU by its tanh formula, as in T5 and Flux. */
export const geluTanh = (g: GraphBuilder, x: Value): Value => g.microsoft('FastGelu', [x]);

export interface LinearOptions {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly bias?: boolean;
  /** Use only part `part` of `parts` of the rows; `outFeatures` is the whole layer's. */
  readonly rows?: { readonly part: number; readonly parts: number };
}

/** `x · Wᵀ + b`: x [N, in] → [N, out]; the weight keeps PyTorch's layout [out, in]. */
export function linear(g: GraphBuilder, x: Value, name: string, options: LinearOptions): Value {
  const { inFeatures, outFeatures, rows = { part: 0, parts: 1 } } = options;
  const part = (tensor: string, shape: number[]): Value =>
    rows.parts === 1
      ? g.weight(`${name}.${tensor}`, shape)
      : g.weightRows(`${name}.${tensor}`, shape, rows.part, rows.parts);
  const bias = (options.bias ?? true) ? part('bias', [outFeatures]) : undefined;
  const y = isInt8(g, name)
    ? int8Linear(g, x, name, bias, { inFeatures, outFeatures, rows })
    : multiplyRows(g, x, part('weight', [outFeatures, inFeatures]), bias);
  const added = g.layer({ name, inputs: inFeatures, outputs: outFeatures, kernel: 1 });
  return addLowRankLinear(g, x, y, added, { inFeatures, outFeatures, rows });
}

export interface ConvOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Default 3. */
  readonly kernel?: number;
  readonly stride?: number;
  /** Top, left, bottom, right; default: half the kernel on every side. */
  readonly pads?: readonly [number, number, number, number];
  /** Default true. */
  readonly bias?: boolean;
}

/** x [B, in, h, w] → [B, out, h/stride, w/stride]. */
export function conv2d(g: GraphBuilder, x: Value, name: string, options: ConvOptions): Value {
  const { inChannels, outChannels, kernel = 3, stride = 1 } = options;
  const half = Math.floor(kernel / 2);
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: options.pads ?? [half, half, half, half],
  };
  const range =
    isInt8(g, name) && typeof g.target.int8 === 'object' ? g.target.int8.ranges.get(name) : undefined;
  const y =
    range === undefined
      ? convolve(g, x, name, options, attributes)
      : int8Conv(g, x, name, range, { inChannels, outChannels, kernel, attributes });
  if (g.target.int8 === 'observe') g.observe(name, x, y);
  const added = g.layer({ name, inputs: inChannels, outputs: outChannels, kernel });
  return addLowRankConv(g, x, y, added, { inChannels, outChannels, attributes });
}

/** The checkpoint's own convolution, without what LoRAs add. */
function convolve(
  g: GraphBuilder,
  x: Value,
  name: string,
  { inChannels, outChannels, kernel = 3, bias: hasBias = true }: ConvOptions,
  attributes: Readonly<Record<string, readonly number[]>>,
): Value {
  const weight = g.weight(`${name}.weight`, [outChannels, inChannels, kernel, kernel]);
  const bias = hasBias ? [g.weight(`${name}.bias`, [outChannels])] : [];
  const conv = (...inputs: Value[]): Value => g.op('Conv', inputs, { attributes });
  if (g.target.kernels === 'cpu' || !breaksGpuConv(inChannels, outChannels)) return conv(x, weight, ...bias);
  const cut = inChannels - (inChannels % 4);
  const part = (value: Value, from: number, to: number): Value =>
    g.op('Slice', [value, g.ints([from]), g.ints([to]), g.ints([1])]);
  const most = conv(part(x, 0, cut), part(weight, 0, cut), ...bias);
  return add(g, most, conv(part(x, cut, inChannels), part(weight, cut, inChannels)));
}

/**
 * WebGPU's convolution is wrong where it takes three channels at a time but there are more: 9 → 320, an inpainting UNet's first layer, is off
 * by as much as the values themselves (ONNX Runtime 1.30). Such a layer is computed in two parts.
 */
export const breaksGpuConv = (inChannels: number, outChannels: number): boolean =>
  inChannels > 3 && inChannels % 3 === 0 && inChannels % 4 !== 0 && outChannels % 4 === 0;

export interface GroupNormOptions {
  readonly channels: number;
  readonly groups: number;
  readonly eps: number;
}

/** x [B, C, h, w] normalised over each group of channels; as instances of [B, groups, n], which is what CPU and WebGPU are fast at. */
export function groupNorm(g: GraphBuilder, x: Value, name: string, options: GroupNormOptions): Value {
  const { channels, groups, eps } = options;
  assertDivides('norm_num_groups', groups, channels);
  const grouped = g.op('Reshape', [x, g.ints([0, groups, -1])]); // [B, groups, C/groups·h·w]
  const ones = g.floats(new Float32Array(groups).fill(1), [groups]);
  const zeros = g.floats(new Float32Array(groups), [groups]);
  const normal = g.op('InstanceNormalization', [grouped, ones, zeros], {
    attributes: { epsilon: { float: eps } },
  });
  const back = g.op('Reshape', [normal, g.op('Shape', [x])]); // [B, C, h, w]
  const scaled = multiply(g, back, g.weight(`${name}.weight`, [channels, 1, 1]));
  return add(g, scaled, g.weight(`${name}.bias`, [channels, 1, 1]));
}

/** Over the last dimension. */
export function layerNorm(g: GraphBuilder, x: Value, name: string, features: number, eps = 1e-5): Value {
  return g.op(
    'LayerNormalization',
    [x, g.weight(`${name}.weight`, [features]), g.weight(`${name}.bias`, [features])],
    { attributes: { axis: -1, epsilon: { float: eps } } },
  );
}

/** Layer norm over the last dimension without weights of its own. */
export function plainLayerNorm(g: GraphBuilder, x: Value, features: number, eps: number): Value {
  const ones = g.floats(new Float32Array(features).fill(1), [features]);
  return g.op('LayerNormalization', [x, ones], { attributes: { axis: -1, epsilon: { float: eps } } });
}

/** To unit mean square over the last dimension, times weights: no mean is taken away. */
export function rmsNorm(g: GraphBuilder, x: Value, name: string, features: number, eps: number): Value {
  return g.op('SimplifiedLayerNormalization', [x, g.weight(`${name}.weight`, [features])], {
    attributes: { axis: -1, epsilon: { float: eps }, stash_type: 1 },
  });
}

/** Nearest-neighbour doubling: [B, C, h, w] → [B, C, 2h, 2w]. */
export function upsampleNearest2x(g: GraphBuilder, x: Value): Value {
  return g.op('Resize', [x, '', g.floats([1, 1, 2, 2], [4])], {
    attributes: {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    },
  });
}

/** The size of the first dimension, as [1] int64. */
export const batchOf = (g: GraphBuilder, x: Value): Value =>
  g.op('Gather', [g.op('Shape', [x]), g.ints([0])]);

/** [B, S, C] → [B·S, C]: rows, which is what `linear` takes. */
export const toRows = (g: GraphBuilder, x: Value, features: number): Value =>
  g.op('Reshape', [x, g.ints([-1, features])]);
