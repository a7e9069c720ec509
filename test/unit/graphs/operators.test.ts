/**
 * DirectML and CoreML cannot be run here, so every operator of every built graph is held against the lists that ONNX Runtime documents for them
 * (fixtures/operators, with their sources): it is on the list with its type, or among the nodes that are stated to stay on the CPU.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openComponentWeights } from '../../../main/engine/checkpoint/component-weights';
import { buildComponent } from '../../../main/engine/graphs/build-component';
import { HALF_RECORDED, modelOfRecord, partOf, readConfig, readJson } from '../../support/checkpoint';
import { goldenModel } from '../../support/golden';
import { onnxNodes, type OnnxNodeView } from '../../support/onnx-nodes';

const listSchema = z.object({
  source: z.url(),
  operators: z.record(z.string(), z.array(z.string())),
  forbiddenAttributes: z.record(z.string(), z.record(z.string(), z.string())),
  cpuNodes: z.record(z.string(), z.string()),
});

/** TensorProto.DataType */
const TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
};

/** What graphs for these providers are: attention is written out, since neither computes the fused one rightly (`targetFor`). */
const TARGET = { kernels: 'gpu', hasFusedAttention: false } as const;

async function nodesOf(
  record: string,
  component: (typeof HALF_RECORDED)[number][1],
): Promise<OnnxNodeView[]> {
  const model = goldenModel(modelOfRecord(record));
  const weights = await openComponentWeights(partOf(model, component));
  return onnxNodes(buildComponent(component, readConfig(model, component), weights, TARGET).bytes);
}

describe.each(['directml', 'coreml'])('%s', (name) => {
  const list = listSchema.parse(readJson(join(import.meta.dirname, `../../fixtures/operators/${name}.json`)));
  const isOnList = ({ op, type, ints }: OnnxNodeView): boolean =>
    list.operators[op]?.includes(TYPES[type] ?? '') === true &&
    Object.keys(list.forbiddenAttributes[op] ?? {}).every((attribute) => (ints[attribute] ?? 0) === 0);

  it.each(HALF_RECORDED)('%s %s', async (record, component) => {
    const nodes = await nodesOf(record, component);
    expect(nodes.length).toBeGreaterThan(20);
    const strangers = nodes.filter((node) => !isOnList(node) && list.cpuNodes[node.op] === undefined);
    expect(strangers.map(({ op, type }) => `${op} of ${TYPES[type] ?? type}`)).toEqual([]);
  });

  it('states no node for the CPU that does not stay there', async () => {
    const staying = new Set<string>();
    for (const [record, component] of HALF_RECORDED) {
      for (const node of await nodesOf(record, component)) if (!isOnList(node)) staying.add(node.op);
    }
    expect(Object.keys(list.cpuNodes).toSorted()).toEqual([...staying].toSorted());
  });
});
