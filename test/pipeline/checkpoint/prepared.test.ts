/** Prepared copies: the same bits as the checkpoint itself, used only where they fit, and gone when something is wrong with them. */
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { partOf } from '../../../main/engine/model/model-folder-parts';
import { prepareModel, unprepareModel } from '../../../main/engine/model/prepare-model';
import { openByPrepared } from '../../../main/engine/onnx/prepared';
import { openSession } from '../../../main/engine/onnx/session';
import { goldenModel, readCase } from '../../support/golden';
import { runGolden } from '../../support/golden-run';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const quiet = (): void => undefined;

async function unetGraph(): Promise<string> {
  return partOf(await readModelFolder(goldenModel('sd1')), 'unet').graph.pathFor('cpu');
}

/** Paths that are opened when a graph is asked for. */
async function openedFor(graph: string, optimization: 'all' | 'basic' = 'all'): Promise<string[]> {
  const paths: string[] = [];
  const session = await openByPrepared(graph, { provider: 'cpu', optimization }, (path, options) => {
    paths.push(path);
    return openSession(path, options);
  });
  await session.release();
  return paths;
}

describe('prepared copies', () => {
  it('compute the same bits as the checkpoint', async () => {
    const golden = readCase('sd1-euler');
    const settings = { settings: { model: goldenModel('sd1') } };
    const before = await runGolden(golden, settings);
    const { parts } = await prepareModel(goldenModel('sd1'), quiet);
    expect(parts.map(({ component }) => component)).toEqual([
      'text_encoder',
      'unet',
      'vae_encoder',
      'vae_decoder',
    ]);

    const opened: string[] = [];
    const models = new ModelCache((path, options) => {
      opened.push(path);
      return openSession(path, options);
    });
    try {
      const after = await runGolden(golden, { ...settings, context: { models } });
      for (const [tensor, data] of before) expect(after.get(tensor), tensor).toEqual(data);
    } finally {
      await models.release();
    }
    expect(opened).toHaveLength(4);
    for (const path of opened) expect(path).toMatch(/\.cpu-[0-9a-f]{8}.[a-z_]+\.onnx$/);
  });

  it('are made once, and removed when asked', async () => {
    const first = await prepareModel(goldenModel('sd1'), quiet);
    const said: string[] = [];
    expect(await prepareModel(goldenModel('sd1'), (message) => said.push(message))).toEqual(first);
    expect(said).toEqual([]);
    expect((await unprepareModel(goldenModel('sd1'))).sizeBytes).toBe(first.sizeBytes);
    const graph = await unetGraph();
    expect(await openedFor(graph)).toEqual([graph]);
    expect(readdirSync(dirname(graph)).filter((name) => /\.(cpu-|tmp)/.test(name))).toEqual([]);
  });

  it('are not used without graph optimisation: that is the way out when a rewritten graph breaks', async () => {
    await prepareModel(goldenModel('sd1'), quiet);
    const graph = await unetGraph();
    expect(await openedFor(graph, 'basic')).toEqual([graph]);
  });

  it('that are damaged are deleted, and the checkpoint is opened', async () => {
    await prepareModel(goldenModel('sd1'), quiet);
    const graph = await unetGraph();
    const [copy = ''] = await openedFor(graph);
    expect(copy).not.toBe(graph);
    truncateSync(`${copy}_data`, 64);
    expect(await openedFor(graph)).toEqual([copy, graph]);
    expect(await openedFor(graph)).toEqual([graph]);

    await prepareModel(goldenModel('sd1'), quiet);
    writeFileSync(copy, 'not a graph');
    expect(await openedFor(graph)).toEqual([copy, graph]);
  });

  it('are refused for ONNX exports', async () => {
    await expect(prepareModel(join(goldenModel('sd1-onnx')), quiet)).rejects.toThrow(
      /only safetensors checkpoints are prepared/,
    );
  });
});
