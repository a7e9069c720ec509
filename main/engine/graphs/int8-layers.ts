/**
 * Layers in 8 bits for CPUs with VNNI or AMX. Linear layers quantise what goes in as they run; convolutions by ranges that were observed on real pictures
 * beforehand, since doing it as they run is slower than float32 (onnxruntime.md 2). Weights have one scale per output channel, symmetric: w ≈ scale · int8.
 */
import type { ConvRange, GraphBuilder, Value } from './graph-builder';

/** Layers at the ends of a denoiser and around its timestep: few operations, much influence. They stay in float32. */
const SENSITIVE =
  /^(conv_in|conv_out|time_embedding|add_embedding|time_text_embed|x_embedder|context_embedder|proj_out|norm_out)(\.|$)|time_emb_proj$|norm[^.]*\.linear$/;

/** Whether a layer is computed in 8 bits in this graph. */
export const isInt8 = (g: GraphBuilder, name: string): boolean =>
  typeof g.target.int8 === 'object' && !SENSITIVE.test(name);

export interface Int8LinearOptions {
  readonly inFeatures: number;
  /** The whole layer's. */
  readonly outFeatures: number;
  readonly rows: { readonly part: number; readonly parts: number };
}

/** `x · Wᵀ + b`: x [N, in] → the asked part of [N, out]. */
export function int8Linear(
  g: GraphBuilder,
  x: Value,
  name: string,
  bias: Value | undefined,
  { inFeatures, outFeatures, rows: { part, parts } }: Int8LinearOptions,
): Value {
  const weight = g.source(`${name}.weight`, [outFeatures, inFeatures], part, parts);
  const outputs = outFeatures / parts;
  const matrix = g.derive(`${name}/${part}/int8`, 'int8', [inFeatures, outputs], { kind: 'matrix', weight });
  const scales = g.derive(`${name}/${part}/scales`, 'float32', [outputs], { kind: 'scales', weight });
  // Layers that read the same values share their quantised form.
  const [quantised = '', scale = '', zero = ''] = g.outputsOf('DynamicQuantizeLinear', x, 3);
  const inputs = [quantised, matrix, scale, scales, zero, ''];
  return g.microsoft('MatMulIntegerToFloat', bias === undefined ? inputs : [...inputs, bias]);
}

export interface Int8ConvOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly attributes: { readonly [name: string]: readonly number[] };
}

/** x [B, in, h, w] → [B, out, h', w'], by observed ranges. */
export function int8Conv(
  g: GraphBuilder,
  x: Value,
  name: string,
  { input, output }: ConvRange,
  { inChannels, outChannels, kernel, attributes }: Int8ConvOptions,
): Value {
  const weight = g.source(`${name}.weight`, [outChannels, inChannels, kernel, kernel]);
  const from = levels(g, input);
  const to = levels(g, output);
  const values = g.derive(`${name}/int8`, 'int8', weight.shape, { kind: 'kernel', weight });
  const scales = g.derive(`${name}/scales`, 'float32', [outChannels], { kind: 'scales', weight });
  const bias = g.derive(`${name}/bias`, 'int32', [outChannels], {
    kind: 'bias',
    weight: g.source(`${name}.bias`, [outChannels]),
    unit: { kernel: weight, inputScale: from.step },
  });
  const zeros = g.bytes('int8', new Uint8Array(outChannels), [outChannels]);
  const quantised = g.op('QuantizeLinear', [x, from.scale, from.zero]);
  const result = g.op(
    'QLinearConv',
    [quantised, from.scale, from.zero, values, scales, zeros, to.scale, to.zero, bias],
    { attributes },
  );
  return g.op('DequantizeLinear', [result, to.scale, to.zero]);
}

/** 256 evenly spaced levels over a range; zero is one of them, as padding needs. */
function levels(
  g: GraphBuilder,
  [low, high]: readonly [number, number],
): { step: number; scale: Value; zero: Value } {
  const bottom = Math.min(low, 0);
  const width = Math.max(high, 0) - bottom;
  const step = Math.fround(width > 0 ? width / 255 : 1);
  const zero = Math.max(0, Math.min(255, Math.round(-bottom / step)));
  return { step, scale: g.floats([step], []), zero: g.bytes('uint8', Uint8Array.of(zero), []) };
}
