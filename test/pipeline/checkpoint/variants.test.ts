/** UNets with other inputs: inpainting (9 channels), instruct-pix2pix (8 channels), and the guidance that an LCM was distilled with. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guidanceEmbedding } from '../../../main/engine/families/distilled';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { readSingleFile } from '../../../main/engine/model/single-file';
import { verifyModel } from '../../../main/engine/model/verify-model';
import { openSession } from '../../../main/engine/onnx/session';
import { differenceFromRecord, graphPath, readComponentRecord } from '../../support/checkpoint';
import { goldenCases, readCase, withFolder } from '../../support/golden';
import { expectGolden, runGolden } from '../../support/golden-run';
import { INPUT_64 } from '../../support/pictures';
import { runJob } from '../../support/run-job';
import { wholeVariant } from '../../support/sd1-variants';
import { writeSingleFile } from '../../support/single-file';
import { smallJob } from '../../support/settings';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

describe.each(['cpu', 'webgpu'] as const)('components on %s', (provider) => {
  it.each(['inpaint', 'pix2pix', 'lcm'] as const)('%s', async (variant) => {
    const record = await readComponentRecord(variant, 'unet');
    const path = await graphPath(await wholeVariant(variant, temporaryFolder()), 'unet', provider);
    expect(await differenceFromRecord(path, provider, record)).toBeLessThan(1e-4);
  });
});

describe('golden cases', () => {
  it.each(goldenCases('inpaint', 'lcm').map((golden) => [golden.name, golden] as const))(
    '%s',
    async (_, golden) => {
      if (golden.model !== 'inpaint' && golden.model !== 'lcm') throw new Error('no variant');
      const model = await wholeVariant(golden.model, temporaryFolder());
      await expectGolden(golden, { settings: { model } });
    },
  );

  it('an LCM as one file: the same bits', async () => {
    const golden = readCase('lcm-plain');
    const folder = await wholeVariant('lcm', temporaryFolder());
    const file = join(temporaryFolder(), 'dreams.safetensors');
    const hints = await writeSingleFile('sd1', file, folder);
    const models = new ModelCache(openSession, (path) => readSingleFile(path, hints));
    try {
      const fromFile = await runGolden(golden, { settings: { model: file }, context: { models } });
      const fromFolder = await runGolden(golden, { settings: { model: folder } });
      for (const [tensor, data] of fromFolder) expect(fromFile.get(tensor), tensor).toEqual(data);
    } finally {
      await models.release();
    }
  });
});

describe('what they are told', () => {
  it('the guidance as diffusers embeds it (pipelines.md 1.6)', () => {
    const v = guidanceEmbedding(8.5, 256);
    expect(v).toHaveLength(256);
    const expected: [number, number][] = [
      [0, -0.8512],
      [1, 0.8422],
      [2, 0.0118],
      [127, 0.6816],
      [128, -0.5248],
      [254, 0.6921],
      [255, 0.7317],
    ];
    for (const [i, value] of expected) expect(Math.abs((v[i] ?? NaN) - value)).toBeLessThan(1e-3);
  });
});

describe('how they are used', () => {
  const run = (model: string, changes: Parameters<typeof smallJob>[0] = {}): ReturnType<typeof runJob> =>
    withFolder((folder) =>
      runJob({ folder, inputPath: INPUT_64, settings: smallJob({ model, ...changes }) }),
    );
  const OPEN = { steps: null, strength: null, guidance: null, scheduler: null };

  it('an LCM recommends four steps, and runs all of them', async () => {
    const model = await wholeVariant('lcm', temporaryFolder());
    const { report } = await run(model, OPEN);
    expect(report).toMatchObject({ scheduler: 'lcm', steps: 4, stepsRun: 4, guidance: 8.5, strength: 0.6 });
    expect((await verifyModel(model)).variant).toBe('distilled with a guidance input (LCM)');
  });

  it('an LCM refuses another scheduler', async () => {
    const model = await wholeVariant('lcm', temporaryFolder());
    await expect(run(model, { scheduler: 'ddim' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('choose lcm'),
    });
  });

  it('instruct-pix2pix is refused, an inpainting model is not', async () => {
    const model = await wholeVariant('pix2pix', temporaryFolder());
    await expect(run(model)).rejects.toMatchObject({
      code: 'model',
      message: expect.stringContaining('instruct-pix2pix'),
    });
    expect((await verifyModel(model)).problems).toEqual([expect.stringContaining('instruct-pix2pix')]);
    const inpaint = await verifyModel(await wholeVariant('inpaint', temporaryFolder()));
    expect(inpaint).toMatchObject({ variant: 'inpainting (9 input channels)', problems: [] });
  });

  it('the middle grey of an inpainting model is encoded once for several pictures', async () => {
    const model = await wholeVariant('inpaint', temporaryFolder());
    const { report } = await run(model, { count: 2 });
    expect(report.outputs).toHaveLength(2);
    expect(report.outputs[0]?.sha256).not.toBe(report.outputs[1]?.sha256);
  });

  it('an inpainting model at strength 1 begins with noise alone, at the first level of the scheduler', async () => {
    const seen = new Map<string, number[]>();
    await withFolder(async (folder) =>
      runJob({
        folder,
        inputPath: INPUT_64,
        settings: smallJob({
          model: await wholeVariant('inpaint', temporaryFolder()),
          scheduler: 'euler',
          strength: 1,
          steps: 2,
        }),
        context: { inspect: (tensor, data) => seen.set(tensor, Array.from(data)) },
      }),
    );
    const noise = seen.get('noise') ?? [];
    const ratios = (seen.get('latents_start') ?? []).map((value, i) => value / (noise[i] ?? NaN));
    expect(ratios).toHaveLength(4 * 64);
    // sqrt(σ² + 1) with σ = 14.6, the largest of SD's schedule.
    for (const ratio of ratios) expect(Math.abs(ratio - 14.65)).toBeLessThan(0.1);
  });

  it('folders without their UNet config', async () => {
    const model = await wholeVariant('lcm', temporaryFolder());
    await rm(join(model, 'unet', 'config.json'));
    await expect(run(model)).rejects.toMatchObject({ code: 'model' });
  });
});
