/** Single-file checkpoints in the original naming give the same bits as the diffusers folders with the same weights. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { partOf, type ModelFolder } from '../../../main/engine/model/model-folder-parts';
import { readSingleFile } from '../../../main/engine/model/single-file';
import { openSession } from '../../../main/engine/onnx/session';
import { goldenModel, readCase } from '../../support/golden';
import { runGolden } from '../../support/golden-run';
import { writeSingleFile } from '../../support/single-file';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

describe('single-file checkpoints', () => {
  it.each(['sd1', 'sd2'] as const)('%s computes the same bits as its diffusers folder', async (model) => {
    const golden = readCase(`${model}-euler`);
    const file = join(temporaryFolder(), `${model}.safetensors`);
    const hints = await writeSingleFile(model, file);
    const models = new ModelCache(openSession, (path) => readSingleFile(path, hints));
    try {
      const fromFile = await runGolden(golden, { settings: { model: file }, context: { models } });
      const fromFolder = await runGolden(golden, { settings: { model: goldenModel(model) } });
      expect([...fromFile.keys()]).toEqual([...fromFolder.keys()]);
      for (const [tensor, data] of fromFolder) expect(fromFile.get(tensor), tensor).toEqual(data);
    } finally {
      await models.release();
    }
  });

  it('a folder with one checkpoint is that checkpoint; with several, a file has to be chosen', async () => {
    const folder = temporaryFolder();
    await writeSingleFile('sd1', join(folder, 'first.safetensors'));
    // The tiny model's hidden settings are not given here, so that it is refused, but as a checkpoint.
    await expect(readModelFolder(folder)).rejects.toThrow(/norm_num_groups is 32/);
    await writeSingleFile('sd1', join(folder, 'second.safetensors'));
    await expect(readModelFolder(folder)).rejects.toThrow(
      /several single-file checkpoints; choose one of them/,
    );
  });

  it('another file of the same name is another model', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'model.safetensors');
    const sd1 = await readSingleFile(path, await writeSingleFile('sd1', path));
    const other = join(folder, 'other.safetensors');
    const hints = await writeSingleFile('sd2', other);
    await rename(other, path);
    const sd2 = await readSingleFile(path, hints);
    expect(sd1.revision).not.toBe(sd2.revision);
    const unetOf = (model: ModelFolder): Promise<string> => partOf(model, 'unet').graph.pathFor('cpu');
    expect(await unetOf(sd1)).not.toBe(await unetOf(sd2));
  });
});
