/** Another autoencoder in place of the model's own: every layout and naming gives the same bits, and what does not fit is refused. */
import { cp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LDM_VAE, ldmVaeNames } from '../../../main/engine/checkpoint/ldm-keys';
import { taesdName } from '../../../main/engine/checkpoint/taesd-keys';
import { readSettings } from '../../../main/engine/image/read-settings';
import {
  encodeSafetensors,
  readSafetensors,
  type SafeTensor,
} from '../../../main/engine/latents/safetensors';
import type { Component } from '../../../main/engine/model/component';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { partOf } from '../../../main/engine/model/model-folder-parts';
import { replaceVae } from '../../../main/engine/model/replace-vae';
import { graphPath, readComponentRecord, runOnRecord } from '../../support/checkpoint';
import { goldenModel, withFolder } from '../../support/golden';
import { INPUT_64 } from '../../support/pictures';
import { runJob } from '../../support/run-job';
import { smallJob } from '../../support/settings';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const FILE = 'diffusion_pytorch_model.safetensors';
const SIDES = ['vae_encoder', 'vae_decoder'] as const satisfies readonly Component[];
type Tensors = Record<string, SafeTensor>;

const tensorsOf = async (path: string): Promise<Tensors> => (await readSafetensors(path)).tensors;

async function write(path: string, tensors: Tensors): Promise<string> {
  await writeFile(path, encodeSafetensors(tensors));
  return path;
}

/** The tiny golden autoencoder as its author would publish it. */
async function writeTaesd(model: string, folder: string): Promise<void> {
  const sides: Record<'encoder' | 'decoder', Tensors> = { encoder: {}, decoder: {} };
  for (const [name, tensor] of Object.entries(await tensorsOf(join(goldenModel(model), FILE)))) {
    const there = taesdName(name);
    if (there === undefined) throw new Error(`no place for ${name}`);
    sides[there.side][there.name] = tensor;
  }
  for (const side of ['encoder', 'decoder'] as const) {
    await write(join(folder, `${model}_${side}.safetensors`), sides[side]);
  }
}

/** Runs both sides of sd2 with the autoencoder at `path` on what was recorded for `record`, and compares bit by bit with the folder `own`. */
async function expectSameBits(path: string, own: string, record: string): Promise<void> {
  const model = await replaceVae(await readModelFolder(goldenModel('sd2')), path, 4);
  expect(model.vae).toBe(basename(path));
  for (const side of SIDES) {
    const feeds = await readComponentRecord(record, side);
    const there = await runOnRecord(await partOf(model, side).graph.pathFor('cpu'), 'cpu', feeds);
    const here = await runOnRecord(await graphPath(own, side, 'cpu'), 'cpu', feeds);
    expect(Object.keys(there)).toEqual(Object.keys(here));
    for (const [name, { data }] of Object.entries(here)) expect(there[name]?.data, name).toEqual(data);
  }
}

describe('a tiny autoencoder', () => {
  const own = goldenModel('taesd');

  it('as a folder, and as its file without a config', async () => {
    await expectSameBits(own, own, 'taesd');
    const folder = temporaryFolder();
    await cp(join(own, FILE), join(folder, 'tiny.safetensors'));
    await expectSameBits(join(folder, 'tiny.safetensors'), own, 'taesd');
    await expectSameBits(folder, own, 'taesd');
  });

  it('as the vae of a model folder', async () => {
    const model = join(temporaryFolder(), 'model');
    await cp(goldenModel('sd1'), model, { recursive: true });
    await rm(join(model, 'vae'), { recursive: true });
    await cp(own, join(model, 'vae'), { recursive: true });
    await expectSameBits(model, own, 'taesd');
  });

  it("in its author's two files, by folder and by either file", async () => {
    const folder = temporaryFolder();
    await writeTaesd('taesd', folder);
    await expectSameBits(folder, own, 'taesd');
    await expectSameBits(join(folder, 'taesd_encoder.safetensors'), own, 'taesd');
    await expectSameBits(join(folder, 'taesd_decoder.safetensors'), own, 'taesd');
  });

  it('half of one, and one for other latents, are refused', async () => {
    const sd1 = await readModelFolder(goldenModel('sd1'));
    const folder = temporaryFolder();
    await writeTaesd('taef1', folder);
    await expect(replaceVae(sd1, folder, 4)).rejects.toThrow(
      /works on latents of 16 channels but sd1 on 4; choose an autoencoder/,
    );
    await rename(join(folder, 'taef1_decoder.safetensors'), join(folder, 'other.safetensors'));
    await expect(replaceVae(sd1, join(folder, 'taef1_encoder.safetensors'), 4)).rejects.toThrow(
      /only the encoder of a tiny autoencoder, and its decoder does not lie beside it/,
    );
  });
});

describe('an ordinary autoencoder', () => {
  const own = goldenModel('sd1');

  it('as a folder, a model folder, and a file in both namings', async () => {
    await expectSameBits(join(own, 'vae'), own, 'sd1');
    await expectSameBits(own, own, 'sd1');
    await expectSameBits(join(own, 'vae', FILE), own, 'sd1');

    const tensors = await tensorsOf(join(own, 'vae', FILE));
    for (const root of ['', LDM_VAE]) {
      const folder = temporaryFolder();
      // Only the tiny model needs the config: its norms have fewer groups than every real one.
      await cp(join(own, 'vae/config.json'), join(folder, 'config.json'));
      const toFile = ldmVaeNames(4, 1, root);
      const renamed = Object.entries(tensors).map(([name, tensor]) => [toFile(name).name, tensor] as const);
      const path = await write(join(folder, 'vae.safetensors'), Object.fromEntries(renamed));
      await expectSameBits(path, own, 'sd1');
    }
  });

  it('exported graphs', async () => {
    const model = await replaceVae(await readModelFolder(own), goldenModel('sd2-onnx'), 4);
    expect(SIDES.map((side) => partOf(model, side).format)).toEqual(['onnx', 'onnx']);
  });

  it.each([
    ['nothing', () => join(temporaryFolder(), 'none'), /There is no autoencoder at .*none/],
    ['an empty folder', () => temporaryFolder(), /is no autoencoder's folder/],
    [
      'a text encoder',
      () => join(own, 'text_encoder/model.safetensors'),
      /holds no autoencoder that is known/,
    ],
    ['a UNet folder', () => join(own, 'unet'), /unet holds a UNet2DConditionModel and no autoencoder/],
  ])('%s is refused', async (_, path, words) => {
    const refusal = replaceVae(await readModelFolder(own), path(), 4);
    await expect(refusal).rejects.toThrow(words);
    await expect(refusal).rejects.toMatchObject({ code: 'model' });
  });
});

const jsonSchema = z.object({ vae: z.string().optional(), model: z.object({ revision: z.string() }) });

describe('in a job', () => {
  it('the result says which autoencoder was used, and it is another model', async () => {
    await withFolder(async (folder) => {
      const models = new ModelCache();
      const run = async (vae: string | null): Promise<z.infer<typeof jsonSchema>> => {
        const settings = smallJob({ model: 'sd1', vae });
        const name = vae === null ? 'own' : 'tiny';
        const { report } = await runJob({ folder, inputPath: INPUT_64, settings, name, context: { models } });
        const found = await readSettings(report.outputs[0]?.path ?? '');
        expect(found?.parameters?.includes('VAE: taesd')).toBe(vae !== null);
        return jsonSchema.parse(JSON.parse(found?.json ?? ''));
      };
      const own = await run(null);
      const tiny = await run(goldenModel('taesd'));
      await models.release();
      expect(own.vae).toBeUndefined();
      expect(tiny.vae).toBe('taesd');
      expect(tiny.model.revision).not.toBe(own.model.revision);
    });
  });
});
