/** Stable Diffusion XL from safetensors: its components, whole runs as diffusers' StableDiffusionXLImg2ImgPipeline computed them, and single files. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Component } from '../../../main/engine/model/component';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { readSingleFile } from '../../../main/engine/model/single-file';
import { openSession } from '../../../main/engine/onnx/session';
import {
  graphPath,
  largestDifference,
  readComponentRecord,
  readConfig,
  runOnRecord,
} from '../../support/checkpoint';
import { goldenCases, goldenModel, readCase, type GoldenCase } from '../../support/golden';
import { expectGolden, runGolden } from '../../support/golden-run';
import { wholeRefiner } from '../../support/sdxl';
import { writeXlFile } from '../../support/single-file';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const PARTS = [
  ['sdxl', 'text_encoder'],
  ['sdxl', 'text_encoder_2'],
  ['sdxl', 'unet'],
  ['refiner', 'unet'],
] as const;
const INPUTS = ['input_ids', 'sample', 'timestep', 'encoder_hidden_states', 'text_embeds', 'time_ids'];

const folderOf = ({ model }: Pick<GoldenCase, 'model'>): Promise<string> =>
  model === 'refiner' ? wholeRefiner(temporaryFolder()) : Promise.resolve(goldenModel(model));

describe('components on the CPU (WebGPU: components.test.ts)', () => {
  it.each(PARTS)('%s %s', async (model, component: Component) => {
    const folder = goldenModel(model === 'refiner' ? 'sdxl-refiner' : model);
    const config = { ...readConfig(folder, component), output_hidden_states: true };
    const record = await readComponentRecord(model, component);
    const path = await graphPath(folder, component, 'cpu', config);
    const results = await runOnRecord(path, 'cpu', record);
    expect(largestDifference(results, record)).toBeLessThan(1e-4);
    const expected = Object.keys(record).filter(
      (name) => !INPUTS.includes(name) || (name === 'text_embeds' && component === 'text_encoder_2'),
    );
    expect(Object.keys(results).toSorted()).toEqual(expected.toSorted());
  });
});

describe('golden cases from safetensors', () => {
  it.each(goldenCases('sdxl', 'refiner').map((golden) => [golden.name, golden] as const))(
    '%s',
    async (_, golden) => {
      await expectGolden(golden, { settings: { model: await folderOf(golden) } });
    },
  );

  it('on WebGPU', async () => {
    const models = new ModelCache();
    try {
      const golden = readCase('sdxl-euler-ancestral-turbo');
      const settings = { model: goldenModel('sdxl'), device: 'gpu' as const };
      await expectGolden(golden, { settings, context: { models } });
    } finally {
      await models.release();
    }
  });
});

describe('single files', () => {
  it.each(['sdxl-dpmpp-2m-karras-negative', 'refiner-euler'])(
    '%s: the same bits as from the diffusers folder',
    async (name) => {
      const golden = readCase(name);
      const folder = await folderOf(golden);
      const file = join(temporaryFolder(), 'sd_xl_base_1.0.safetensors');
      const hints = await writeXlFile(folder, file);
      const models = new ModelCache(openSession, (path) => readSingleFile(path, hints));
      try {
        const fromFile = await runGolden(golden, { settings: { model: file }, context: { models } });
        const fromFolder = await runGolden(golden, { settings: { model: folder } });
        expect([...fromFile.keys()]).toEqual([...fromFolder.keys()]);
        for (const [tensor, data] of fromFolder) expect(fromFile.get(tensor), tensor).toEqual(data);
      } finally {
        await models.release();
      }
    },
  );
});
