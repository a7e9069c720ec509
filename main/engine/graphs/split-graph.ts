/** Takes a graph apart into graphs that follow each other: what one makes and a later one uses is an output there and an input here. */
import type { OnnxIo, OnnxModel, OnnxNode } from './onnx-proto';

/** A place between two nodes. */
export interface Cut {
  /** Index of the first node behind it. */
  readonly before: number;
  /** Every value that is made in front of it and used behind it, with its shape. */
  readonly crossing: readonly OnnxIo[];
}

/** Bookkeeping on constants and on the graph's own inputs: made anew in every part instead of handed over. */
const REPEATED = new Set(['Cast', 'Transpose', 'Shape', 'Gather', 'Reshape', 'Mul']);

/** The parts in their order, one more than there are cuts. Throws when a value crosses that was not named. */
export function splitGraph(model: OnnxModel, cuts: readonly Cut[]): OnnxModel[] {
  const given = new Map(
    [...model.inputs, ...cuts.flatMap(({ crossing }) => crossing)].map((io) => [io.name, io]),
  );
  const constants = new Set(model.initializers.map(({ name }) => name));
  const repeated = repeatedNodes(model, constants);
  const ends = [...cuts.map(({ before }) => before), model.nodes.length];
  const parts = ends.map((end, i) => {
    const own = model.nodes.slice(i === 0 ? 0 : ends[i - 1], end);
    return withRepeated(
      own.filter((node) => !node.outputs.every((name) => repeated.has(name))),
      repeated,
    );
  });

  const used = parts.map((nodes) => new Set([...nodes].flatMap(({ inputs }) => inputs)));
  return parts.map((nodes, i) => {
    const made = new Set([...nodes].flatMap(({ outputs }) => outputs));
    const inputs = [...(used[i] ?? [])].filter(
      (name) => name !== '' && !made.has(name) && !constants.has(name),
    );
    const handedOn = [...made].filter(
      (name) => !repeated.has(name) && used.slice(i + 1).some((later) => later.has(name)),
    );
    const io = (name: string): OnnxIo => {
      const known = given.get(name);
      if (known === undefined) throw new Error(`${model.name}: the value ${name} crosses a cut unnamed`);
      return known;
    };
    return {
      name: `${model.name}-${i + 1}`,
      inputs: inputs.map(io),
      outputs: [...handedOn.map(io), ...model.outputs.filter(({ name }) => made.has(name))],
      // In the order of the whole graph, in which every node follows what it reads.
      nodes: model.nodes.filter((node) => nodes.has(node)),
      initializers: model.initializers.filter(({ name }) => used[i]?.has(name)),
    };
  });
}

/** Output → the node that is repeated where it is used. */
function repeatedNodes(model: OnnxModel, constants: ReadonlySet<string>): Map<string, OnnxNode> {
  const inputs = new Set(model.inputs.map(({ name }) => name));
  const repeated = new Map<string, OnnxNode>();
  for (const node of model.nodes) {
    if (!REPEATED.has(node.op)) continue;
    if (!node.inputs.every((name) => constants.has(name) || inputs.has(name) || repeated.has(name))) continue;
    for (const name of node.outputs) repeated.set(name, node);
  }
  return repeated;
}

/** A part's own nodes, and those repeated ones that they need. */
function withRepeated(own: readonly OnnxNode[], repeated: ReadonlyMap<string, OnnxNode>): Set<OnnxNode> {
  const nodes = new Set(own);
  // A set is walked on over what is added to it meanwhile.
  for (const { inputs } of nodes) {
    for (const name of inputs) {
      const node = repeated.get(name);
      if (node !== undefined) nodes.add(node);
    }
  }
  return nodes;
}
