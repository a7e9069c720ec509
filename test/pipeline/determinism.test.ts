/** The same request gives the same file, byte for byte; another seed, prompt or strength gives another picture. */
import { describe, expect, it } from 'vitest';
import { IMAGE_FORMATS, type GenerationSettings } from '../../shared/generation';
import { schedulersOf } from '../../shared/models';
import { withFolder } from '../support/golden';
import { INPUT_64, sha256OfFile, sha256OfPixels } from '../support/pictures';
import { runJob } from '../support/run-job';
import { smallJob } from '../support/settings';

interface Made {
  readonly file: string;
  readonly pixels: string;
}

/** Runs in a folder of its own, with sessions of its own. */
const make = (changes: Partial<GenerationSettings> = {}): Promise<Made> =>
  withFolder(async (folder) => {
    const { report } = await runJob({ folder, inputPath: INPUT_64, settings: smallJob(changes) });
    const [output] = report.outputs;
    const file = await sha256OfFile(output?.path ?? '');
    expect(output?.sha256).toBe(file);
    return { file, pixels: await sha256OfPixels(output?.path ?? '') };
  });

describe('twice the same request', () => {
  it.each(IMAGE_FORMATS)('gives the same %s file', async (format) => {
    expect(await make({ format })).toEqual(await make({ format }));
  });

  it.each(schedulersOf('sd1'))('gives the same picture with %s', async (scheduler) => {
    expect(await make({ scheduler })).toEqual(await make({ scheduler }));
  });
});

describe('another picture comes from', () => {
  const changes: [string, Partial<GenerationSettings>][] = [
    ['another seed', { seed: 8 }],
    ['another prompt', { prompt: 'a blue tree' }],
    ['another negative prompt', { negativePrompt: 'a blue tree' }],
    ['another strength', { strength: 0.75 }],
    ['another guidance', { guidance: 9 }],
    ['another scheduler', { scheduler: 'ddim' }],
    ['another model', { model: 'sd2-onnx' }],
  ];

  it.each(changes)('%s', async (_, change) => {
    expect((await make(change)).pixels).not.toBe((await make()).pixels);
  });

  it('every seed of a series, and each equals the picture with that seed alone', async () => {
    await withFolder(async (folder) => {
      const { report } = await runJob({
        folder,
        inputPath: INPUT_64,
        settings: smallJob({ seed: 7, count: 3 }),
      });
      expect(report.outputs.map((output) => output.seed)).toEqual([7, 8, 9]);
      for (const output of report.outputs) {
        expect(await sha256OfPixels(output.path)).toBe((await make({ seed: output.seed })).pixels);
      }
    });
  });
});
