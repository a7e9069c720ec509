/** A large UNet is opened for the CPU in parts, one after the other, so that ONNX Runtime's copies of all its convolutions never exist at once. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openComponentWeights } from '../../../main/engine/checkpoint/component-weights';
import { placeGraph } from '../../../main/engine/checkpoint/graph-files';
import { elementCount, needWeight, type LowRank, type Weight } from '../../../main/engine/checkpoint/weights';
import { buildComponent } from '../../../main/engine/graphs/build-component';
import { CPU_TARGET } from '../../../main/engine/graphs/graph-builder';
import { openByParts, partPath } from '../../../main/engine/onnx/parts';
import { openSession, type Session } from '../../../main/engine/onnx/session';
import type { Feed } from '../../../main/engine/onnx/tensors';
import { graphPath, modelOfRecord, partOf, readComponentRecord, readConfig } from '../../support/checkpoint';
import { goldenModel } from '../../support/golden';
import { externalTensors } from '../../support/onnx-nodes';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const CPU = { provider: 'cpu' } as const;
const UNET = partOf(goldenModel('sd1'), 'unet');
/** Tiny models too. */
const ALWAYS = { partsFromParameters: 0 };

const openParts = (path: string): Promise<Session> => openByParts(path, CPU, openSession);

/** Runs on the record with whatever else the graph asks for, and closes. */
async function run(session: Session, record: Readonly<Record<string, Feed>>) {
  try {
    const feeds = session.inputs.map(({ name }) => [name, record[name] ?? HALF_STRENGTH] as const);
    return await session.run(Object.fromEntries(feeds));
  } finally {
    await session.release();
  }
}
const HALF_STRENGTH: Feed = { data: Float32Array.of(0.5), dims: [] };

describe('a UNet in parts', () => {
  it.each(['sd1', 'sd2', 'sdxl', 'refiner'])(
    '%s: the bits, inputs and outputs of the whole, and every weight in one part',
    async (record) => {
      const model = goldenModel(modelOfRecord(record));
      const path = await graphPath(model, 'unet', 'cpu', readConfig(model, 'unet'), ALWAYS);
      const [whole, parts] = [await openSession(path, CPU), await openParts(path)];
      const byName = (specs: Session['inputs']) =>
        specs.map(({ name, type, shape }) => `${name} ${type} ${shape.join()}`).toSorted();
      expect(byName(parts.inputs)).toEqual(byName(whole.inputs));
      expect(byName(parts.outputs)).toEqual(byName(whole.outputs));
      const inputs = await readComponentRecord(record, 'unet');
      expect(await run(parts, inputs)).toEqual(await run(whole, inputs));

      const tensors = [1, 2].map((index) => externalTensors(readFileSync(partPath(path, index))));
      expect(tensors.flat().toSorted()).toEqual(externalTensors(readFileSync(path)).toSorted());
      for (const part of tensors) expect(part.length).toBeGreaterThan(50);
    },
  );

  it('with a LoRA in every layer, whose strength goes into both parts', async () => {
    const weights = await openComponentWeights(UNET);
    const built = buildComponent(
      'unet',
      readConfig(goldenModel('sd1'), 'unet'),
      { ...weights, lowRank: (layer) => [branchOf(needWeight(weights, `${layer}.weight`))] },
      CPU_TARGET,
    );
    const path = await placeGraph(built, 'unet', 'test', ALWAYS);
    const inputs = await readComponentRecord('sd1', 'unet');
    const opened = await openParts(path);
    expect(opened.inputs.filter(({ name }) => name === STRENGTH)).toHaveLength(1);
    expect(await run(opened, inputs)).toEqual(await run(await openSession(path, CPU), inputs));
  });

  it('opens the last part first, and closes what is open when one cannot be opened', async () => {
    const model = goldenModel('sd1');
    const path = await graphPath(model, 'unet', 'cpu', readConfig(model, 'unet'), ALWAYS);
    const log: string[] = [];
    const opening = openByParts(path, CPU, async (part, how) => {
      log.push(`open ${basename(part)}`);
      if (part === partPath(path, 1)) throw new Error('no room');
      const session = await openSession(part, how);
      return {
        ...session,
        release: async () => {
          log.push(`release ${basename(part)}`);
          await session.release();
        },
      };
    });
    await expect(opening).rejects.toThrow('no room');
    expect(log).toEqual(['open unet.part-2.onnx', 'open unet.part-1.onnx', 'release unet.part-2.onnx']);
  });

  it('is for large models, for the CPU, and for graphs whose weights are reordered', async () => {
    const [weights, config] = [await openComponentWeights(UNET), readConfig(goldenModel('sd1'), 'unet')];
    const built = buildComponent('unet', config, weights, CPU_TARGET);
    expect(existsSync(partPath(await placeGraph(built, 'unet', 'small'), 1))).toBe(false);

    const path = await placeGraph(built, 'unet', 'large', ALWAYS);
    expect(existsSync(partPath(path, 1))).toBe(true);
    const opened: string[] = [];
    const basic = await openByParts(path, { provider: 'cpu', optimization: 'basic' }, (part, how) => {
      opened.push(part);
      return openSession(part, how);
    });
    await basic.release();
    expect(opened).toEqual([path]);

    const gpu = { kernels: 'gpu', hasFusedAttention: true } as const;
    expect(buildComponent('unet', config, weights, gpu).parts).toEqual([]);
  });
});

const STRENGTH = 'strength';

/** A branch of rank 1 that is made of the layer's own first weights. */
function branchOf(weight: Weight): LowRank {
  const [outputs = 0, inputs = 0, ...kernel] = weight.shape;
  const bytes = weight.length / elementCount(weight.shape);
  const first = (shape: readonly number[]): Weight => ({
    ...weight,
    shape,
    length: bytes * elementCount(shape),
  });
  const down = first([1, inputs, ...kernel]);
  return {
    strength: STRENGTH,
    scale: 0.1,
    down,
    mid: null,
    up: first([outputs, 1]),
    hasSwappedHalves: false,
  };
}
