/** Stable Diffusion XL's five parts: opened once for several pictures, one after the other where memory is short; and what `models verify` says of it. */
import { describe, expect, it } from 'vitest';
import { embedWithTwoClips } from '../../main/engine/families/sdxl-prompts';
import { ModelCache, type LoadedModel } from '../../main/engine/model/loaded-model';
import { ModelRuntime } from '../../main/engine/model/model-runtime';
import { verifyModel } from '../../main/engine/model/verify-model';
import { openSession } from '../../main/engine/onnx/session';
import { goldenModel, withFolder } from '../support/golden';
import { INPUT_64 } from '../support/pictures';
import { runJob } from '../support/run-job';
import { wholeRefiner } from '../support/sdxl';
import { smallJob } from '../support/settings';
import { temporaryFolder } from '../support/temporary-folder';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();

async function withModel<T>(work: (model: LoadedModel, models: ModelCache) => Promise<T>): Promise<T> {
  const models = new ModelCache();
  try {
    return await work(await models.load(goldenModel('sdxl'), 'cpu'), models);
  } finally {
    await models.release();
  }
}

describe('sessions', () => {
  it('a second picture with other words opens nothing', async () => {
    await withModel(async ({ runtime }, models) => {
      for (const prompt of ['a red house', 'a blue house']) {
        const settings = smallJob({
          model: goldenModel('sdxl'),
          device: 'cpu',
          prompt,
          negativePrompt: 'dull',
        });
        await withFolder((folder) => runJob({ folder, inputPath: INPUT_64, settings, context: { models } }));
      }
      expect(runtime.sessionsOpened).toBe(5);
    });
  });

  it('where only one is open at a time, both prompts go through one encoder before the other is opened', async () => {
    await withModel(async (model) => {
      const runtime = new ModelRuntime(model.folder, { providers: ['cpu'], open: openSession });
      await runtime.follow(new Map(), false);
      const size = { width: 64, height: 64, isExact: false };
      const request = { prompt: 'a red house', negativePrompt: 'dull', ...size };
      await embedWithTwoClips({ ...model, runtime }, request);
      expect(runtime.sessionsOpened).toBe(2);
      await embedWithTwoClips({ ...model, runtime }, request);
      expect(runtime.sessionsOpened).toBe(2);
      await runtime.releaseAll();
    });
  });
});

describe('memory between runs', () => {
  it('is given back by the autoencoder, which runs once for a picture, and kept for the next step', async () => {
    await withModel(async ({ folder }) => {
      const kept: Record<string, boolean | undefined> = {};
      let opening = '';
      const runtime = new ModelRuntime(folder, {
        providers: ['cpu'],
        open: (path, how) => {
          kept[opening] = how.keepsMemory;
          return openSession(path, how);
        },
      });
      await runtime.follow(new Map(), true);
      for (const component of folder.parts.keys()) {
        opening = component;
        await runtime.acquire(component);
      }
      await runtime.releaseAll();
      expect(kept).toEqual({
        text_encoder: true,
        text_encoder_2: true,
        unet: true,
        vae_encoder: false,
        vae_decoder: false,
      });
    });
  });
});

describe('models verify', () => {
  it('names the family, all parts, and the memory in float32', async () => {
    const report = await verifyModel(goldenModel('sdxl'));
    expect(report).toMatchObject({
      family: 'sdxl',
      variant: 'standard',
      prediction: 'epsilon',
      problems: [],
    });
    expect(report.components.map(({ component }) => component)).toEqual([
      'text_encoder',
      'text_encoder_2',
      'unet',
      'vae_encoder',
      'vae_decoder',
    ]);
    const values = report.components.flatMap(({ parameters }) => Object.values(parameters ?? {}));
    expect(report.memoryBytes).toBe(4 * values.reduce((sum, count) => sum + count, 0));
  });

  it('the refiner', async () => {
    const report = await verifyModel(await wholeRefiner(temporaryFolder()));
    expect(report).toMatchObject({ family: 'sdxl', problems: [] });
    expect(report.variant).toMatch(/refiner/);
  });
});
