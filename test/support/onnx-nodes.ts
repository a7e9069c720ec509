/** Reads the nodes of a built graph back from its bytes, with the type of each node's first input (field numbers: onnx.proto). */
import { fieldsOf, type Field } from './onnx-fields';

export interface OnnxNodeView {
  /** `Add`, or `com.microsoft.Gelu`. */
  readonly op: string;
  /** Element type of the first input, as ONNX numbers them. */
  readonly type: number;
  /** Integer attributes. */
  readonly ints: Readonly<Record<string, number>>;
}

const readFields = (bytes: Buffer): Field[] => [...fieldsOf(bytes, { skipFixed32: true })];

const messages = (bytes: Buffer, field: number): Buffer[] =>
  readFields(bytes).flatMap(([name, value]) => (name === field && Buffer.isBuffer(value) ? [value] : []));
const texts = (bytes: Buffer, field: number): string[] =>
  messages(bytes, field).map((text) => text.toString());
const int = (bytes: Buffer, field: number): number | undefined => {
  const found = readFields(bytes).find(([name, value]) => name === field && typeof value === 'number');
  return typeof found?.[1] === 'number' ? found[1] : undefined;
};

const INT64 = 7;
const BOOL = 9;
/** Operators whose output is of another type than their first input. */
const RESULT: Readonly<Record<string, number>> = { Shape: INT64, ArgMax: INT64, Equal: BOOL };

/** All nodes, in order. */
export function onnxNodes(model: Buffer): OnnxNodeView[] {
  const [graph = Buffer.alloc(0)] = messages(model, 7);
  const types = new Map<string, number>();
  for (const tensor of messages(graph, 5)) types.set(texts(tensor, 8)[0] ?? '', int(tensor, 2) ?? 0);
  for (const io of messages(graph, 11)) {
    const [tensor = Buffer.alloc(0)] = messages(io, 2).flatMap((type) => messages(type, 1));
    types.set(texts(io, 1)[0] ?? '', int(tensor, 1) ?? 0);
  }
  return messages(graph, 1).map((node) => {
    const [name = ''] = texts(node, 4);
    const [domain = ''] = texts(node, 7);
    const type = types.get(texts(node, 1)[0] ?? '');
    if (type === undefined) throw new Error(`${name} has an input of unknown type`);
    const ints = Object.fromEntries(
      messages(node, 5).map((attribute) => [texts(attribute, 1)[0] ?? '', int(attribute, 3) ?? 0]),
    );
    const result = name === 'Cast' ? (ints['to'] ?? 0) : (RESULT[name] ?? type);
    for (const output of texts(node, 2)) types.set(output, result);
    return { op: domain === '' ? name : `${domain}.${name}`, type, ints };
  });
}

/** Names of the tensors that lie in other files. */
export function externalTensors(model: Buffer): string[] {
  const [graph = Buffer.alloc(0)] = messages(model, 7);
  return messages(graph, 5)
    .filter((tensor) => messages(tensor, 13).length > 0)
    .map((tensor) => texts(tensor, 8)[0] ?? '');
}
