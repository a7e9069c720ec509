/** Collects nodes and initializers of one graph; weights become external data that points into the checkpoint. */
import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import {
  elementCount,
  needShape,
  needWeight,
  rowsOf,
  type LowRank,
  type Weight,
  type WeightDtype,
  type WeightSource,
} from '../checkpoint/weights';
import {
  encodeOnnxModel,
  type OnnxAttribute,
  type OnnxDtype,
  type OnnxInitializer,
  type OnnxIo,
  type OnnxModel,
  type OnnxNode,
} from './onnx-proto';
import { splitGraph, type Cut } from './split-graph';

/** The name of a tensor in the graph. */
export type Value = string;

/** Which kernels a graph is made for: operators differ (graphs.md, "The idea"), results do not. */
export interface GraphTarget {
  readonly kernels: 'cpu' | 'gpu';
  /** Whether the provider computes `MultiHeadAttention` rightly on this machine (see `targetFor`). */
  readonly hasFusedAttention: boolean;
  /** Weights in 8 bits (see `int8-layers.ts`); `observed` marks the convolutions' ranges, `ranges` uses them. */
  readonly int8?: { readonly ranges: ConvRanges } | 'observe';
}

/** What went into and came out of a convolution while it was observed: the smallest and the largest value. */
export interface ConvRange {
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
}
/** Name of a convolution → its range. */
export type ConvRanges = ReadonlyMap<string, ConvRange>;

export const CPU_TARGET: GraphTarget = { kernels: 'cpu', hasFusedAttention: true };

/** A layer with a weight matrix, which a LoRA may change. */
export interface GraphLayer {
  /** Name of its tensors without ".weight". */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Side of a convolution's kernel; 1 for a linear layer. */
  readonly kernel: number;
}

/** A weights file that a graph points into. */
export interface GraphFile {
  /** Absolute path. */
  readonly path: string;
  /** The name under which it must lie in the graph's folder. */
  readonly name: string;
}

export interface BuiltGraph {
  /** Bytes of the `.onnx` file. */
  readonly bytes: Buffer;
  /** Bytes of the same graph in parts, for the CPU, where its architecture can be taken apart. */
  readonly parts: readonly Buffer[];
  /** Numbers in all weights together. */
  readonly parameters: number;
  readonly files: readonly GraphFile[];
  readonly layers: readonly GraphLayer[];
  /** Tensors that are made from the checkpoint for this graph, all in one file beside it. */
  readonly derived: readonly DerivedTensor[];
  /** Convolutions whose ranges the output `ranges` tells, one row of four numbers each. */
  readonly observed: readonly string[];
}

/** Output of an observed graph: [n, 4]. */
export const RANGES_OUTPUT = 'ranges';

/** Name of the file that holds a graph's derived tensors, in the graph's folder. */
export const DERIVED_FILE = 'weights.int8';

/**
 * A tensor that is made from the checkpoint's: float32 as it is; a matrix [out, in] as int8 in columns [in, out]; a kernel [out, in, k, k] as int8; the scale of
 * each output channel of either, [out]; or a bias in units of inputScale · scale, int32 [out].
 */
export interface DerivedTensor {
  readonly kind: 'float' | 'matrix' | 'kernel' | 'scales' | 'bias';
  readonly weight: Weight;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** `bias`: the weights whose scales it goes with, and the scale of the input. */
  readonly unit?: { readonly kernel: Weight; readonly inputScale: number };
}

const ONNX_DTYPE = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const satisfies Record<
  WeightDtype,
  OnnxDtype
>;
/** Ends the names of links to files from other folders. */
export const LINK_ENDING = '.underpaint';
/** Bytes at whose multiples derived tensors begin, as the processor likes them. */
const ALIGNMENT = 64;
/** TensorProto.FLOAT, the target of every Cast. */
const FLOAT = 1;

interface OpOptions {
  readonly domain?: OnnxNode['domain'];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export class GraphBuilder {
  private readonly inputs: OnnxIo[] = [];
  private readonly outputs: OnnxIo[] = [];
  private readonly nodes: OnnxNode[] = [];
  private readonly initializers = new Map<Value, OnnxInitializer>();
  /** Path → the name in the graph's folder. */
  private readonly files = new Map<string, string>();
  private readonly layers = new Map<string, GraphLayer>();
  private readonly made = new Map<string, Value>();
  private readonly observed = new Map<string, { readonly input: Value; readonly output: Value }>();
  private readonly derived: DerivedTensor[] = [];
  private readonly cuts: Cut[] = [];
  private derivedBytes = 0;
  private count = 0;

  constructor(
    private readonly name: string,
    private readonly weights: WeightSource,
    readonly target: GraphTarget,
  ) {}

  input(name: string, dtype: OnnxDtype, dims: OnnxIo['dims']): Value {
    this.inputs.push({ name, dtype, dims });
    return name;
  }

  /** Gives a value the name and shape of a graph output. */
  output(name: string, value: Value, dims: OnnxIo['dims']): void {
    this.nodes.push({
      op: 'Identity',
      domain: '',
      name: `output/${name}`,
      inputs: [value],
      outputs: [name],
      attributes: {},
    });
    this.outputs.push({ name, dtype: 'float32', dims });
  }

  /** Adds a node with one output. */
  op(op: string, inputs: readonly Value[], options: OpOptions = {}): Value {
    this.count += 1;
    const name = `${op}_${this.count}`;
    this.nodes.push({
      op,
      domain: options.domain ?? '',
      name,
      inputs,
      outputs: [name],
      attributes: options.attributes ?? {},
    });
    return name;
  }

  /** Adds a node with several outputs, once for each input. */
  outputsOf(op: string, input: Value, count: number): Value[] {
    const name = `${op}/${input}`;
    const outputs = Array.from({ length: count }, (_, i) => `${name}/${i}`);
    this.once(name, () => {
      this.nodes.push({ op, domain: '', name, inputs: [input], outputs, attributes: {} });
      return name;
    });
    return outputs;
  }

  /** An operator of ONNX Runtime's own domain. */
  microsoft(op: string, inputs: readonly Value[], attributes: OpOptions['attributes'] = {}): Value {
    return this.op(op, inputs, { domain: 'com.microsoft', attributes });
  }

  has(name: string): boolean {
    return this.weights.find(name) !== undefined;
  }

  /** Shape of a tensor in the checkpoint; throws `AppError('model')` when it is missing. */
  shapeOf(name: string): readonly number[] {
    return needWeight(this.weights, name).shape;
  }

  /** A tensor of the checkpoint as float32, in place; half precision is followed by a Cast that is folded when the session opens. */
  weight(name: string, shape: readonly number[]): Value {
    return this.external(name, needShape(this.weights, name, shape));
  }

  /** Notes a layer, and answers what LoRAs add to it. */
  layer(layer: GraphLayer): readonly LowRank[] {
    this.layers.set(layer.name, layer);
    return this.weights.lowRank?.(layer.name) ?? [];
  }

  /** Any tensor on the disk as float32, in place, seen with `shape`. */
  tensor(weight: Weight, shape: readonly number[]): Value {
    return this.external(`${this.nameOf(weight.file)}@${weight.offset}`, { ...weight, shape });
  }

  /** What `make` adds to the graph, once for each key. */
  once(key: string, make: () => Value): Value {
    const value = this.made.get(key) ?? make();
    this.made.set(key, value);
    return value;
  }

  /** Part `part` of `parts` of a tensor along its first dimension, in place; `shape` is the whole tensor's. */
  weightRows(name: string, shape: readonly number[], part: number, parts: number): Value {
    return this.external(`${name}/${part}`, rowsOf(needShape(this.weights, name, shape), part, parts));
  }

  /** A float32 constant inside the graph. */
  floats(values: readonly number[] | Float32Array, dims: readonly number[]): Value {
    const bytes = Buffer.from(Float32Array.from(values).buffer);
    return this.constant('float32', bytes, dims);
  }

  /** A constant of 8-bit numbers inside the graph. */
  bytes(dtype: 'int8' | 'uint8', values: Uint8Array, dims: readonly number[]): Value {
    return this.constant(dtype, Buffer.from(values), dims);
  }

  /** Notes what goes into and comes out of a convolution; `build` makes one output of all of it. */
  observe(name: string, input: Value, output: Value): void {
    this.observed.set(name, { input, output });
  }

  /** An int64 constant of rank 1 inside the graph. */
  ints(values: readonly number[]): Value {
    const bytes = Buffer.from(BigInt64Array.from(values, (value) => BigInt(value)).buffer);
    return this.constant('int64', bytes, [values.length]);
  }

  /** An int64 scalar inside the graph. */
  int(value: number): Value {
    return this.constant('int64', Buffer.from(BigInt64Array.of(BigInt(value)).buffer), []);
  }

  /** A place where a graph for the CPU may be taken apart; `crossing` is every value from here that is used later on, all of them float32. */
  cut(crossing: readonly { readonly value: Value; readonly dims: OnnxIo['dims'] }[]): void {
    this.cuts.push({
      before: this.nodes.length,
      crossing: crossing.map(({ value, dims }) => ({ name: value, dtype: 'float32', dims })),
    });
  }

  build(): BuiltGraph {
    if (this.observed.size > 0) this.output(RANGES_OUTPUT, this.rangesOf(), [this.observed.size, 4]);
    const model: OnnxModel = {
      name: this.name,
      inputs: this.inputs,
      outputs: this.outputs,
      nodes: this.nodes,
      initializers: [...this.initializers.values()],
    };
    const isApart = this.cuts.length > 0 && this.target.kernels === 'cpu' && this.target.int8 === undefined;
    return {
      bytes: encodeOnnxModel(model),
      parts: isApart ? splitGraph(model, this.cuts).map(encodeOnnxModel) : [],
      parameters: model.initializers.reduce((sum, { dims }) => sum + elementCount(dims), 0),
      files: [...this.files].map(([path, name]) => ({ path, name })),
      layers: [...this.layers.values()],
      derived: this.derived,
      observed: [...this.observed.keys()],
    };
  }

  /** Smallest and largest input and output of every observed convolution: [n, 4]. */
  private rangesOf(): Value {
    const rows = [...this.observed.values()].map(({ input, output }) => {
      const ends = [input, output].flatMap((value) =>
        ['ReduceMin', 'ReduceMax'].map((op) =>
          this.op('Reshape', [this.op(op, [value], { attributes: { keepdims: 0 } }), this.ints([1, 1])]),
        ),
      );
      return this.op('Concat', ends, { attributes: { axis: 1 } });
    });
    return this.op('Concat', rows, { attributes: { axis: 0 } });
  }

  /** A tensor that has to be made from the checkpoint's before the graph is opened; `shape` is the tensor's own. */
  derive(
    name: Value,
    dtype: OnnxDtype,
    shape: readonly number[],
    tensor: Omit<DerivedTensor, 'offset'>,
  ): Value {
    if (this.initializers.has(name)) return name;
    const offset = this.derivedBytes;
    const length = elementCount(shape) * (dtype === 'int8' ? 1 : 4);
    this.derivedBytes += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
    this.derived.push({ ...tensor, offset });
    this.initializers.set(name, {
      name,
      dtype,
      dims: shape,
      data: { location: DERIVED_FILE, offset, length },
    });
    return name;
  }

  /** The checkpoint's tensor, or a part of it, behind a layer's name. */
  source(name: string, shape: readonly number[], part = 0, parts = 1): Weight {
    return rowsOf(needShape(this.weights, name, shape), part, parts);
  }

  private external(name: Value, weight: Weight): Value {
    if (typeof this.target.int8 === 'object') {
      const own = `${name}:${weight.shape.join('x')}`;
      return this.derive(own, 'float32', weight.shape, { kind: 'float', weight });
    }
    const shaped = `${name}:${weight.shape.join('x')}`;
    const float = weight.dtype === 'F32' ? shaped : `${shaped}/float`;
    const value = weight.isTransposed ? `${shaped}/transposed` : float;
    if (this.initializers.has(shaped)) return value;
    const { file, offset, length } = weight;
    this.initializers.set(shaped, {
      name: shaped,
      dtype: ONNX_DTYPE[weight.dtype],
      dims: weight.isTransposed ? weight.shape.toReversed() : weight.shape,
      data: { location: this.nameOf(file), offset, length },
    });
    if (float !== shaped) {
      this.nodes.push({
        op: 'Cast',
        domain: '',
        name: float,
        inputs: [shaped],
        outputs: [float],
        attributes: { to: FLOAT },
      });
    }
    // Folded when the session opens, like the Cast.
    if (value !== float) {
      this.nodes.push({
        op: 'Transpose',
        domain: '',
        name: value,
        inputs: [float],
        outputs: [value],
        attributes: { perm: [1, 0] },
      });
    }
    return value;
  }

  /** The name in the graph's folder: the file's own for the checkpoint, one that no other file has for what comes from another folder. */
  private nameOf(file: string): string {
    const known = this.files.get(file);
    if (known !== undefined) return known;
    const [first = file] = this.files.keys();
    const hash = createHash('sha256').update(file).digest('hex').slice(0, 8);
    const name =
      dirname(file) === dirname(first) ? basename(file) : `${basename(file)}.${hash}${LINK_ENDING}`;
    this.files.set(file, name);
    return name;
  }

  private constant(dtype: OnnxDtype, bytes: Buffer, dims: readonly number[]): Value {
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    const name = `${dtype}:${dims.join('x')}:${hash}`;
    if (!this.initializers.has(name)) this.initializers.set(name, { name, dtype, dims, data: bytes });
    return name;
  }
}
