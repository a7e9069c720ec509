/** Stable Diffusion XL from ONNX folders in optimum's layout, what its folders may lack, and what the app does beyond diffusers. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModelFolder } from '../../main/engine/model/model-folder';
import { goldenCases, goldenModel, maxDifference, withFolder } from '../support/golden';
import { expectGolden } from '../support/golden-run';
import { damagedModel } from '../support/model-copies';
import { INPUT_64, readPixels } from '../support/pictures';
import { runJob } from '../support/run-job';
import { changeJson, wholeRefiner, wholeXlOnnx } from '../support/sdxl';
import { smallJob } from '../support/settings';
import { temporaryFolder } from '../support/temporary-folder';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();

describe('golden cases with exported graphs', () => {
  it.each(goldenCases('sdxl').map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
    await expectGolden(golden, { settings: { model: await wholeXlOnnx(temporaryFolder()) } });
  });

  it('without component configs: the last hidden states but one are found by their numbers', async () => {
    const model = await wholeXlOnnx(temporaryFolder());
    for (const part of ['text_encoder', 'text_encoder_2', 'unet']) await rm(join(model, part, 'config.json'));
    const [golden] = goldenCases('sdxl').filter(({ name }) => name === 'sdxl-euler');
    if (golden === undefined) throw new Error('no case');
    await expectGolden(golden, { settings: { model } });
  });
});

describe('folders that are not whole', () => {
  const refused = async (part: string): Promise<string> => {
    const model = await damagedModel('sdxl', temporaryFolder(), (path) =>
      rm(join(path, part), { recursive: true }),
    );
    return readModelFolder(model).then(
      () => 'not refused',
      (error: unknown) => String(error),
    );
  };

  it.each(['text_encoder', 'text_encoder_2', 'tokenizer', 'tokenizer_2'])('without %s', async (part) => {
    expect(await refused(part)).toMatch(RegExp(`has no "${part}" part; download the whole model again`));
  });

  it('without both, so that only the UNet tells', async () => {
    const model = await damagedModel('sdxl', temporaryFolder(), async (path) => {
      for (const part of ['text_encoder_2', 'tokenizer_2', 'model_index.json']) {
        await rm(join(path, part), { recursive: true });
      }
    });
    await expect(readModelFolder(model)).rejects.toThrow(/has no "text_encoder_2" part/);
  });

  it('a base model with the second encoder alone', async () => {
    const model = await damagedModel('sdxl', temporaryFolder(), async (path) => {
      for (const part of ['text_encoder', 'tokenizer', 'model_index.json']) {
        await rm(join(path, part), { recursive: true });
      }
    });
    await expect(readModelFolder(model)).rejects.toThrow(/has no "text_encoder" part/);
  });
});

describe('prompts', () => {
  const pixelsOf = (changes: Parameters<typeof smallJob>[0]): Promise<Buffer> =>
    withFolder(async (jobFolder) => {
      const settings = smallJob({ guidance: 5, ...changes });
      const { report } = await runJob({ folder: jobFolder, inputPath: INPUT_64, settings });
      return (await readPixels(report.outputs[0]?.path ?? '')).data;
    });

  it('weights and what stands after 75 tokens count, with a short negative prompt too', async () => {
    const model = goldenModel('sdxl');
    const plain = await pixelsOf({ model, prompt: 'a red house', negativePrompt: 'dull' });
    expect((await pixelsOf({ model, prompt: 'a (red:1) house', negativePrompt: 'dull' })).equals(plain)).toBe(
      true,
    );
    expect(
      (await pixelsOf({ model, prompt: 'a (red:1.5) house', negativePrompt: 'dull' })).equals(plain),
    ).toBe(false);
    const long = 'a red house by the sea, '.repeat(20);
    const night = await pixelsOf({ model, prompt: `${long} at night`, negativePrompt: 'dull' });
    expect(night.equals(await pixelsOf({ model, prompt: long, negativePrompt: 'dull' }))).toBe(false);
  });

  it('an empty negative prompt is zeros only where the model says so', async () => {
    const zeros = goldenModel('sdxl');
    const encoded = await damagedModel('sdxl', temporaryFolder(), (path) =>
      changeJson(join(path, 'model_index.json'), { force_zeros_for_empty_prompt: false }),
    );
    const prompt = 'a red house';
    const difference = maxDifference(
      await pixelsOf({ model: zeros, prompt }),
      await pixelsOf({ model: encoded, prompt }),
    );
    expect(difference).toBeGreaterThan(2);
  });

  it('a UNet that does not get what it wants says so', async () => {
    const model = await wholeRefiner(temporaryFolder());
    await changeJson(join(model, 'unet', 'config.json'), { addition_time_embed_dim: 7 });
    await expect(pixelsOf({ model })).rejects.toMatchObject({ code: 'model' });
  });
});
