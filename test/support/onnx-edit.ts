/** Changes the inputs, outputs and data files of a built `.onnx` graph to what other publishers write (field numbers: onnx.proto). */
import { ProtobufWriter } from '../../main/engine/graphs/protobuf-writer';
import { fieldsOf, type Field } from './onnx-fields';

const DTYPES = { float32: 1, int32: 6, int64: 7, float16: 10 } as const;
export type IoDtype = keyof typeof DTYPES;

const parse = (bytes: Buffer): Field[] => [...fieldsOf(bytes)];

function encode(fields: readonly Field[]): Buffer {
  const writer = new ProtobufWriter();
  for (const [field, value] of fields) {
    if (typeof value === 'number') writer.int(field, value);
    else writer.bytes(field, value);
  }
  return writer.finish();
}

const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const bytesOf = (fields: readonly Field[], field: number): Buffer =>
  Buffer.from(fields.find(([name, value]) => name === field && Buffer.isBuffer(value))?.[1] as Buffer);
const nameIn = (value: Buffer): string => bytesOf(parse(value), 1).toString();

/** How an input or output looks from outside; what is left out stays. */
export interface IoChange {
  readonly dtype?: IoDtype | undefined;
  readonly dims?: readonly (number | string)[] | undefined;
  readonly name?: string;
}

interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly ints?: Readonly<Record<string, number>>;
}

export class OnnxEdit {
  private readonly model: Field[];
  private graph: Field[];

  constructor(bytes: Buffer) {
    this.model = parse(bytes);
    this.graph = parse(bytesOf(this.model, 7));
  }

  /** Another look of an input: what the graph takes inside is made of it by Cast and Reshape. */
  input(name: string, { dtype, dims, name: outside = name }: IoChange): this {
    const own = `${name}/own`;
    const before = this.change(GRAPH.input, name, { dtype, dims, name: outside });
    this.renameInNodes(name, own);
    const cast = `${name}/cast`;
    const nodes = [this.node({ op: 'Cast', inputs: [outside], output: cast, ints: { to: before.dtype } })];
    if (dims !== undefined && dims.length !== before.rank) {
      // The leading axis that some exports have, or rank 1 in place of a scalar: its first row.
      this.constant(`${name}/first`, 0);
      nodes.push(
        this.node({ op: 'Gather', inputs: [cast, `${name}/first`], output: own, ints: { axis: 0 } }),
      );
    } else nodes.push(this.node({ op: 'Identity', inputs: [cast], output: own }));
    this.graph.unshift(...nodes);
    return this;
  }

  output(name: string, { dtype, name: outside = name }: Omit<IoChange, 'dims'>): this {
    const own = `${name}/own`;
    const before = this.change(GRAPH.output, name, { dtype, name: outside });
    this.renameInNodes(name, own);
    const to = dtype === undefined ? before.dtype : DTYPES[dtype];
    this.graph.push(this.node({ op: 'Cast', inputs: [own], output: outside, ints: { to } }));
    return this;
  }

  /** [1, 2C, h, w] mean and log variance → a sample that is drawn inside the graph, as optimum wrote it until 1.22. */
  sampleInside(name: string, outside: string): this {
    const own = `${name}/own`;
    this.change(GRAPH.output, name, { name: outside });
    this.renameInNodes(name, own);
    this.constant('half', 0.5);
    const op = (of: string, inputs: readonly string[], output: string, ints = {}): void => {
      this.graph.push(this.node({ op: of, inputs, output, ints }));
    };
    this.graph.push([
      GRAPH.node,
      new ProtobufWriter()
        .string(1, own)
        .string(2, 'mean')
        .string(2, 'logvar')
        .string(4, 'Split')
        .message(5, new ProtobufWriter().string(1, 'axis').int(3, 1).int(20, 2))
        .finish(),
    ]);
    op('Mul', ['logvar', 'half'], 'halved');
    op('Exp', ['halved'], 'std');
    op('RandomNormalLike', ['mean'], 'drawn');
    op('Mul', ['std', 'drawn'], 'spread');
    op('Add', ['mean', 'spread'], outside);
    return this;
  }

  /** Tells in which file each tensor lies; there is one file until now. */
  moveData(fileOf: (index: number) => string): this {
    let index = 0;
    this.graph = this.graph.map(([field, value]) => {
      if (field !== GRAPH.initializer || typeof value === 'number') return [field, value];
      const tensor = parse(value).map(([name, part]): Field => {
        if (name !== 13 || typeof part === 'number' || nameIn(part) !== 'location') return [name, part];
        index += 1;
        return [13, new ProtobufWriter().string(1, 'location').string(2, fileOf(index)).finish()];
      });
      return [field, encode(tensor)];
    });
    return this;
  }

  finish(): Buffer {
    return encode(
      this.model.map(([field, value]): Field => [field, field === 7 ? encode(this.graph) : value]),
    );
  }

  private node({ op, inputs, output, ints = {} }: NodeSpec): Field {
    const writer = new ProtobufWriter();
    for (const input of inputs) writer.string(1, input);
    writer.string(2, output).string(4, op);
    for (const [name, value] of Object.entries(ints)) {
      writer.message(5, new ProtobufWriter().string(1, name).int(3, value).int(20, 2));
    }
    return [GRAPH.node, writer.finish()];
  }

  /** An int64 scalar for whole numbers, else a float32 one. */
  private constant(name: string, value: number): void {
    const raw = Buffer.alloc(Number.isInteger(value) ? 8 : 4);
    if (Number.isInteger(value)) raw.writeBigInt64LE(BigInt(value));
    else raw.writeFloatLE(value);
    const dtype = Number.isInteger(value) ? DTYPES.int64 : DTYPES.float32;
    this.graph.push([
      GRAPH.initializer,
      new ProtobufWriter().int(2, dtype).string(8, name).bytes(9, raw).finish(),
    ]);
  }

  private renameInNodes(from: string, to: string): void {
    this.graph = this.graph.map(([field, value]) => {
      if (field !== GRAPH.node || typeof value === 'number') return [field, value];
      const parts = parse(value).map(([name, part]): Field =>
        name <= 2 && Buffer.isBuffer(part) && part.toString() === from
          ? [name, Buffer.from(to)]
          : [name, part],
      );
      return [field, encode(parts)];
    });
  }

  private change(
    kind: number,
    name: string,
    { dtype, dims, name: outside = name }: IoChange,
  ): { dtype: number; rank: number } {
    const at = this.graph.findIndex(
      ([field, value]) => field === kind && Buffer.isBuffer(value) && nameIn(value) === name,
    );
    const io = this.graph[at]?.[1];
    if (!Buffer.isBuffer(io)) throw new Error(`no ${name}`);
    const tensor = parse(bytesOf(parse(bytesOf(parse(io), 2)), 1));
    const before = Number(tensor.find(([field]) => field === 1)?.[1]);
    const shape = bytesOf(tensor, 2);
    const written = new ProtobufWriter().int(1, dtype === undefined ? before : DTYPES[dtype]);
    if (dims === undefined) written.bytes(2, shape);
    else {
      const own = new ProtobufWriter();
      for (const dim of dims) {
        own.message(
          1,
          typeof dim === 'number' ? new ProtobufWriter().int(1, dim) : new ProtobufWriter().string(2, dim),
        );
      }
      written.message(2, own);
    }
    this.graph[at] = [
      kind,
      new ProtobufWriter().string(1, outside).message(2, new ProtobufWriter().message(1, written)).finish(),
    ];
    return { dtype: before, rank: parse(shape).length };
  }
}
