/** An ONNX model as plain data, and its bytes: only the parts of onnx.proto that built graphs use (field numbers: onnx.proto, ONNX 1.19). */
import { ProtobufWriter } from './protobuf-writer';

/** TensorProto.DataType of what graphs here hold. */
const DATA_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10, bfloat16: 16 } as const;
export type OnnxDtype = keyof typeof DATA_TYPES;

/** Fixed dimensions are numbers, dynamic ones names. */
export interface OnnxIo {
  readonly name: string;
  readonly dtype: OnnxDtype;
  readonly dims: readonly (number | string)[];
}

/** Raw little-endian values, in the graph itself or at `offset` of a file in the graph's folder. */
export interface OnnxInitializer {
  readonly name: string;
  readonly dtype: OnnxDtype;
  readonly dims: readonly number[];
  readonly data: Uint8Array | { readonly location: string; readonly offset: number; readonly length: number };
}

/** `{ float }` marks a float attribute; a bare number is an int. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  /** '' is ONNX's own domain. */
  readonly domain: '' | 'com.microsoft';
  readonly name: string;
  /** '' leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxModel {
  readonly name: string;
  readonly inputs: readonly OnnxIo[];
  readonly outputs: readonly OnnxIo[];
  readonly initializers: readonly OnnxInitializer[];
  readonly nodes: readonly OnnxNode[];
}

/** IR version 8 and opset 17 are what every provider's kernels know; all operators here exist in them. */
const IR_VERSION = 8;
const OPSET = 17;
const EXTERNAL = 1;

const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** The bytes of a `.onnx` file. */
export function encodeOnnxModel(model: OnnxModel): Buffer {
  const graph = new ProtobufWriter();
  for (const node of model.nodes) graph.message(1, encodeNode(node));
  graph.string(2, model.name);
  for (const initializer of model.initializers) graph.message(5, encodeInitializer(initializer));
  for (const io of model.inputs) graph.message(11, encodeIo(io));
  for (const io of model.outputs) graph.message(12, encodeIo(io));
  return new ProtobufWriter()
    .int(1, IR_VERSION)
    .string(2, 'underpaint')
    .message(7, graph)
    .message(8, new ProtobufWriter().string(1, '').int(2, OPSET))
    .message(8, new ProtobufWriter().string(1, 'com.microsoft').int(2, 1))
    .finish();
}

function encodeNode(node: OnnxNode): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const input of node.inputs) writer.string(1, input);
  for (const output of node.outputs) writer.string(2, output);
  writer.string(3, node.name).string(4, node.op);
  for (const [name, value] of Object.entries(node.attributes))
    writer.message(5, encodeAttribute(name, value));
  return node.domain === '' ? writer : writer.string(7, node.domain);
}

function encodeAttribute(name: string, value: OnnxAttribute): ProtobufWriter {
  const writer = new ProtobufWriter().string(1, name);
  if (typeof value === 'number') return writer.int(3, value).int(20, ATTRIBUTE_TYPES.int);
  if (typeof value === 'string') return writer.string(4, value).int(20, ATTRIBUTE_TYPES.string);
  if ('float' in value) return writer.float(2, value.float).int(20, ATTRIBUTE_TYPES.float);
  return writer.ints(8, value).int(20, ATTRIBUTE_TYPES.ints);
}

function encodeInitializer(initializer: OnnxInitializer): ProtobufWriter {
  const { name, dtype, dims, data } = initializer;
  const writer = new ProtobufWriter();
  if (dims.length > 0) writer.ints(1, dims);
  writer.int(2, DATA_TYPES[dtype]).string(8, name);
  if (data instanceof Uint8Array) return writer.bytes(9, data);
  for (const [key, value] of Object.entries(data)) {
    writer.message(13, new ProtobufWriter().string(1, key).string(2, String(value)));
  }
  return writer.int(14, EXTERNAL);
}

function encodeIo(io: OnnxIo): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dim of io.dims) {
    const encoded = new ProtobufWriter();
    shape.message(1, typeof dim === 'number' ? encoded.int(1, dim) : encoded.string(2, dim));
  }
  const tensor = new ProtobufWriter().int(1, DATA_TYPES[io.dtype]).message(2, shape);
  return new ProtobufWriter().string(1, io.name).message(2, new ProtobufWriter().message(1, tensor));
}
