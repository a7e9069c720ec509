/**
 * A large graph for the CPU lies beside its parts, which are opened one after the other: ONNX Runtime makes a blocked copy of every convolution's
 * weights and holds the originals until the graph is done, so that only one part's copies exist at a time. Run one after the other, they are the graph.
 */
import { basename } from 'node:path';
import { access } from 'node:fs/promises';
import type { SessionOpener } from './providers';
import type { OpenOptions, Session } from './session';
import type { Feed, FloatTensor, IoSpec } from './tensors';

/** Part `index` of a graph, from 1. */
export const partPath = (graph: string, index: number): string =>
  graph.replace(/(\.underpaint)?\.onnx$/, `.part-${index}$&`);

/** Opens a graph by its parts where it has some and weights are reordered, else as a whole. */
export async function openByParts(graph: string, how: OpenOptions, open: SessionOpener): Promise<Session> {
  if (how.provider !== 'cpu' || how.optimization === 'basic') return open(graph, how);
  const paths: string[] = [];
  while (await isThere(partPath(graph, paths.length + 1))) paths.push(partPath(graph, paths.length + 1));
  if (paths.length === 0) return open(graph, how);

  const parts: Session[] = [];
  try {
    // The last one first: a UNet's way up has the larger convolutions, whose copies are gone when the way down makes its own.
    for (const path of paths.toReversed()) parts.unshift(await open(path, how));
  } catch (error) {
    for (const part of parts) await part.release();
    throw error;
  }
  return joined(graph, parts);
}

/** Parts as one session: what one makes goes into those that ask for it. */
function joined(path: string, parts: readonly Session[]): Session {
  const handedOn = namesOf(parts.flatMap(({ inputs }) => inputs));
  const made = namesOf(parts.flatMap(({ outputs }) => outputs));
  const inputs = new Map(parts.flatMap((part) => part.inputs.map((spec) => [spec.name, spec] as const)));
  for (const name of made) inputs.delete(name);
  const outputs = parts.flatMap((part) => part.outputs).filter(({ name }) => !handedOn.has(name));
  return {
    path,
    provider: 'cpu',
    inputs: [...inputs.values()],
    outputs,
    async run(feeds, only = outputs.map(({ name }) => name)) {
      const unknown = Object.keys(feeds).find((name) => !inputs.has(name));
      if (unknown !== undefined) throw new Error(`${basename(path)} has no input "${unknown}"`);
      const values: Record<string, Feed> = { ...feeds };
      const answer: Record<string, FloatTensor> = {};
      for (const part of parts) {
        const wanted = part.outputs
          .map(({ name }) => name)
          .filter((name) => handedOn.has(name) || only.includes(name));
        const results = await part.run(pick(values, namesOf(part.inputs)), wanted);
        Object.assign(values, results);
        Object.assign(answer, pick(results, new Set(only)));
      }
      return answer;
    },
    async release() {
      for (const part of parts) await part.release();
    },
  };
}

const namesOf = (specs: readonly IoSpec[]): ReadonlySet<string> => new Set(specs.map(({ name }) => name));

const pick = <T>(values: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
