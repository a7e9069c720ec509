/** Whole FLUX.1 runs from safetensors against what diffusers' FluxImg2ImgPipeline computed: 1e-4, 2e-3 and 2/255. */
import { cp, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeModel } from '../../main/engine/model/loaded-model';
import { graphPath } from '../support/checkpoint';
import { fluxFolder } from '../support/flux';
import { goldenModel, readCase } from '../support/golden';
import { expectGolden } from '../support/golden-run';
import { runJob } from '../support/run-job';
import { temporaryFolder } from '../support/temporary-folder';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();

describe('FLUX.1 img2img', () => {
  it.each(['flux-schnell', 'flux-schnell-wide', 'flux-dev', 'flux-dev-tall'])('%s', async (name) => {
    const golden = readCase(name);
    await expectGolden(golden, { settings: { model: await fluxFolder(golden.model) } });
  });

  it('an exported folder whose transformer lies in "unet"', async () => {
    const golden = readCase('flux-dev');
    const source = await fluxFolder('flux-dev');
    const folder = temporaryFolder();
    for (const part of ['tokenizer', 'tokenizer_2', 'scheduler']) {
      await cp(join(source, part), join(folder, part), { recursive: true });
    }
    for (const [component, name] of [
      ['text_encoder', 'text_encoder'],
      ['text_encoder_2', 'text_encoder_2'],
      ['transformer', 'unet'],
      ['vae_encoder', 'vae_encoder'],
      ['vae_decoder', 'vae_decoder'],
    ] as const) {
      const graph = await graphPath(source, component, 'cpu');
      await cp(dirname(graph), join(folder, name), { recursive: true });
      await rename(join(folder, name, `${component}.onnx`), join(folder, name, 'model.onnx'));
    }
    const info = await describeModel(folder);
    expect(info).toMatchObject({ family: 'flux', sizeMultiplePx: 16, stepRule: 'ceil' });
    expect(info.defaults).toMatchObject({ scheduler: 'flow-match-euler', sidePx: 1024, steps: 28 });
    await expectGolden(golden, { settings: { model: folder } });
  });

  it('strength 0.1 of 4 steps runs one, and another scheduler is refused', async () => {
    const folder = temporaryFolder();
    const { inputPath, settings: recorded } = readCase('flux-schnell');
    const settings = {
      ...recorded,
      model: goldenModel('flux-schnell'),
      strength: 0.1,
      negativePrompt: 'blurry',
    };
    const { report } = await runJob({ folder, inputPath, settings });
    expect(report.stepsRun).toBe(1);
    expect(report.notices).toContain('This model takes no negative prompt; it was left out.');
    await expect(
      runJob({ folder, inputPath, settings: { ...settings, scheduler: 'euler' } }),
    ).rejects.toMatchObject({
      code: 'usage',
      message: /flow matching, which the euler scheduler cannot do/,
    });
  });
});
