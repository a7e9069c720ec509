/** Masks against diffusers' inpainting pipelines: what is kept in every step, what 9-channel UNets see, only the masked area, and the overlay. */
import { describe, expect, it } from 'vitest';
import { fluxFolder } from '../support/flux';
import { goldenCases, goldenModel, type GoldenCase } from '../support/golden';
import { expectGolden } from '../support/golden-run';
import { wholeVariant } from '../support/sd1-variants';
import { wholeXlInpaint } from '../support/sdxl';
import { temporaryFolder } from '../support/temporary-folder';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();

const CASES = goldenCases('masked');

async function folderOf(model: GoldenCase['model']): Promise<string> {
  if (model === 'inpaint') return wholeVariant(model, temporaryFolder());
  if (model === 'sdxl-inpaint') return wholeXlInpaint(temporaryFolder());
  return model.startsWith('flux') ? fluxFolder(model) : goldenModel(model);
}

describe('golden cases with masks', () => {
  it('are there for every family and both kinds of UNet', () => {
    const models = new Set(CASES.map(({ model }) => model));
    expect([...models].toSorted()).toEqual([
      'flux-dev',
      'flux-schnell',
      'inpaint',
      'sd1',
      'sd2',
      'sdxl',
      'sdxl-inpaint',
    ]);
  });

  it.each(CASES.map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
    await expectGolden(golden, { settings: { model: await folderOf(golden.model) } });
  });
});
