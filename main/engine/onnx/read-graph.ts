/** Reads a published `.onnx` file's inputs and convolutions without its weights and without opening a session (field numbers: onnx.proto, ONNX 1.19). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Fixed dimensions are numbers, dynamic ones null. */
export interface GraphInput {
  readonly name: string;
  readonly dims: readonly (number | null)[];
}

/** A convolution whose kernel lies in the file as a tensor, possibly behind a Cast. */
export interface GraphConvolution {
  readonly inChannels: number;
  readonly outChannels: number;
}

export interface GraphOutline {
  readonly inputs: readonly GraphInput[];
  readonly convolutions: readonly GraphConvolution[];
}

/** Null for a file that is not readable as an ONNX model: opening a session says why. */
export function readGraphOutline(path: string): GraphOutline | null {
  try {
    const file = new WireFile(path);
    try {
      return outlineOf(file);
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof NotProtobuf || (error as NodeJS.ErrnoException).code !== undefined) return null;
    throw error;
  }
}

class NotProtobuf extends Error {}

/** A field of a message: a number, or a stretch of the file. */
interface Field {
  readonly field: number;
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const WINDOW_BYTES = 65_536;
/** No name or shape is longer. */
const MAX_TEXT_BYTES = 65_536;

/** The protobuf wire format over a file; what is skipped is not read. */
class WireFile {
  readonly size: number;
  private readonly handle: number;
  private window = Buffer.alloc(0);
  private windowAt = 0;

  constructor(path: string) {
    this.handle = openSync(path, 'r');
    this.size = fstatSync(this.handle).size;
  }

  close(): void {
    closeSync(this.handle);
  }

  *fields(start: number, end: number): Generator<Field> {
    let at = start;
    while (at < end) {
      const key = this.varint(at);
      const field = Math.floor(key.value / 8);
      at = key.next;
      switch (key.value % 8) {
        case VARINT: {
          const { value, next } = this.varint(at);
          yield { field, value, start: at, end: next };
          at = next;
          break;
        }
        case LENGTH_DELIMITED: {
          const { value, next } = this.varint(at);
          if (next + value > end) throw new NotProtobuf();
          yield { field, value: NaN, start: next, end: next + value };
          at = next + value;
          break;
        }
        case FIXED64:
          at += 8;
          break;
        case FIXED32:
          at += 4;
          break;
        default:
          throw new NotProtobuf();
      }
    }
  }

  varint(at: number): { value: number; next: number } {
    let value = 0;
    for (let i = 0; i < 10; i += 1) {
      const byte = this.byte(at + i);
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return { value, next: at + i + 1 };
    }
    throw new NotProtobuf();
  }

  text({ start, end }: Field): string {
    if (end - start > MAX_TEXT_BYTES) throw new NotProtobuf();
    const bytes = Buffer.alloc(end - start);
    readSync(this.handle, bytes, 0, bytes.length, start);
    return bytes.toString('utf8');
  }

  private byte(at: number): number {
    if (at < this.windowAt || at >= this.windowAt + this.window.length) {
      const bytes = Buffer.alloc(WINDOW_BYTES);
      this.window = bytes.subarray(0, readSync(this.handle, bytes, 0, WINDOW_BYTES, at));
      this.windowAt = at;
    }
    const byte = this.window[at - this.windowAt];
    if (byte === undefined) throw new NotProtobuf();
    return byte;
  }
}

const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11 } as const;
const NODE = { input: 1, output: 2, opType: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { name: 1, int: 3, tensor: 5 } as const;
const TENSOR = { dims: 1, name: 8 } as const;
const VALUE_INFO = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1 } as const;
const TENSOR_TYPE = { shape: 2 } as const;
const SHAPE = { dim: 1 } as const;
const DIMENSION = { value: 1 } as const;

interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly group: number;
  /** Of a Constant. */
  readonly dims: readonly number[] | null;
}

/** Operators whose output has the shape of their first input. */
const SAME_SHAPE = new Set(['Cast', 'Identity', 'DequantizeLinear']);

function outlineOf(file: WireFile): GraphOutline {
  const inputs: GraphInput[] = [];
  const shapes = new Map<string, readonly number[]>();
  const nodes: Node[] = [];
  for (const graph of file.fields(0, file.size)) {
    if (graph.field !== MODEL.graph) continue;
    for (const part of file.fields(graph.start, graph.end)) {
      if (part.field === GRAPH.node) nodes.push(readNode(file, part));
      else if (part.field === GRAPH.initializer) {
        const { name, dims } = readTensor(file, part);
        shapes.set(name, dims);
      } else if (part.field === GRAPH.input) inputs.push(readInput(file, part));
    }
  }
  // Nodes come after what they take.
  for (const { op, inputs: taken, output, dims } of nodes) {
    const shape = dims ?? (SAME_SHAPE.has(op) ? shapes.get(taken[0] ?? '') : undefined);
    if (shape !== undefined) shapes.set(output, shape);
  }
  const convolutions = nodes.flatMap(({ op, inputs: taken, group }) => {
    const [outChannels, inChannels] = (op === 'Conv' ? shapes.get(taken[1] ?? '') : undefined) ?? [];
    return outChannels === undefined || inChannels === undefined
      ? []
      : [{ outChannels, inChannels: inChannels * group }];
  });
  return { inputs, convolutions };
}

function readNode(file: WireFile, { start, end }: Field): Node {
  const inputs: string[] = [];
  let [op, output, domain] = ['', '', ''];
  let group = 1;
  let dims: readonly number[] | null = null;
  for (const part of file.fields(start, end)) {
    if (part.field === NODE.input) inputs.push(file.text(part));
    else if (part.field === NODE.output) output ||= file.text(part);
    else if (part.field === NODE.opType) op = file.text(part);
    else if (part.field === NODE.domain) domain = file.text(part);
    else if (part.field === NODE.attribute) {
      let name = '';
      for (const value of file.fields(part.start, part.end)) {
        if (value.field === ATTRIBUTE.name) name = file.text(value);
        else if (value.field === ATTRIBUTE.int && name === 'group') group = value.value;
        else if (value.field === ATTRIBUTE.tensor && name === 'value') dims = readTensor(file, value).dims;
      }
    }
  }
  return { op: domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`, inputs, output, group, dims };
}

function readTensor(file: WireFile, { start, end }: Field): { name: string; dims: readonly number[] } {
  let name = '';
  const dims: number[] = [];
  for (const part of file.fields(start, end)) {
    if (part.field === TENSOR.name) name = file.text(part);
    else if (part.field === TENSOR.dims) {
      // One by one, or packed.
      if (!Number.isNaN(part.value)) dims.push(part.value);
      else {
        for (let at = part.start; at < part.end;) {
          const { value, next } = file.varint(at);
          dims.push(value);
          at = next;
        }
      }
    }
  }
  return { name, dims };
}

function readInput(file: WireFile, { start, end }: Field): GraphInput {
  let name = '';
  const dims: (number | null)[] = [];
  for (const part of file.fields(start, end)) {
    if (part.field === VALUE_INFO.name) name = file.text(part);
    if (part.field !== VALUE_INFO.type) continue;
    for (const tensor of only(file, part, TYPE.tensor)) {
      for (const shape of only(file, tensor, TENSOR_TYPE.shape)) {
        for (const dim of only(file, shape, SHAPE.dim)) {
          const [fixed] = only(file, dim, DIMENSION.value);
          dims.push(fixed?.value ?? null);
        }
      }
    }
  }
  return { name, dims };
}

const only = (file: WireFile, { start, end }: Field, field: number): Field[] =>
  [...file.fields(start, end)].filter((part) => part.field === field);
