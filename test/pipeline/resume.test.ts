/** No step is repeated: an interrupted job goes on from its journal, ends in identical pixels, and survives a damaged journal. */
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { type GenerationSettings } from '../../shared/generation';
import { schedulersOf } from '../../shared/models';
import type { JobProgress } from '../../shared/job';
import { withFolder } from '../support/golden';
import { truncateFile } from '../support/model-copies';
import { fixture, INPUT_64, sha256OfFile } from '../support/pictures';
import { runJob, type RunResult } from '../support/run-job';
import { smallJob } from '../support/settings';

/** Keeps sessions open over all tests of this file. */
const shared = new ModelCache();
afterAll(() => shared.release());

const SETTINGS = smallJob({ steps: 4, strength: 1 });

/** Starts a job and ends it at the first event that `isEnd` accepts. */
async function interrupt(
  folder: string,
  settings: GenerationSettings,
  isEnd: (event: JobProgress) => boolean,
  { inputPath = INPUT_64, models = shared } = {},
): Promise<void> {
  const controller = new AbortController();
  const onProgress = (event: JobProgress): void => void (isEnd(event) && controller.abort());
  const job = runJob({
    folder,
    inputPath,
    settings,
    context: { models, signal: controller.signal, onProgress },
  });
  await expect(job).rejects.toMatchObject({ code: 'cancelled' });
  expect(await readdir(join(folder, 'out'))).toEqual([]);
}

const atStep =
  (step: number, image = 0) =>
  (event: JobProgress): boolean =>
    event.kind === 'step' && event.image === image && event.step === step;

const goOn = (
  folder: string,
  settings: GenerationSettings,
  inputPath = INPUT_64,
  models = shared,
): Promise<RunResult> => runJob({ folder, inputPath, settings, context: { models } });

const stepsIn = ({ progress }: RunResult): string[] =>
  progress.flatMap((event) => (event.kind === 'step' ? [`${event.image}:${event.step}`] : []));

const stagesIn = ({ progress }: RunResult): string[] =>
  progress.flatMap((event) => (event.kind === 'stage-start' && event.provider !== null ? [event.stage] : []));

const hashes = (result: RunResult): Promise<string[]> =>
  Promise.all(result.report.outputs.map((output) => sha256OfFile(output.path)));

/** File hashes and step events of the job without a disturbance. */
const undisturbed = (settings: GenerationSettings): Promise<{ files: string[]; steps: string[] }> =>
  withFolder(async (folder) => {
    const result = await goOn(folder, settings);
    return { files: await hashes(result), steps: stepsIn(result) };
  });

describe('interrupted after each step', () => {
  it.each(schedulersOf('sd1'))('%s goes on with the next step to the same file', async (scheduler) => {
    const settings = { ...SETTINGS, scheduler };
    const { files, steps } = await undisturbed(settings);
    expect(steps.length).toBeGreaterThanOrEqual(4);
    for (let step = 1; step <= steps.length; step += 1) {
      await withFolder(async (folder) => {
        await interrupt(folder, settings, atStep(step));
        const result = await goOn(folder, settings);
        expect(stepsIn(result)).toEqual(steps.slice(step));
        expect(result.report.notices).toEqual([
          `This job goes on where it was interrupted: ${step} steps were kept.`,
        ]);
        expect(await hashes(result)).toEqual(files);
        expect(await readdir(join(folder, 'job'))).toEqual([]);
      });
    }
  });

  it.each(['sd1-fp16-onnx', 'sd2-onnx', 'sd1-mixed-onnx'])('%s does too', async (model) => {
    const settings = { ...smallJob({ model, scheduler: 'dpmpp-2m-sde' }), steps: 4, strength: 1 };
    const { files, steps } = await undisturbed(settings);
    await withFolder(async (folder) => {
      await interrupt(folder, settings, atStep(2));
      const result = await goOn(folder, settings);
      expect(stepsIn(result)).toEqual(steps.slice(2));
      expect(await hashes(result)).toEqual(files);
    });
  });

  it('a series of three goes on inside the second picture', async () => {
    const settings = { ...SETTINGS, count: 3, scheduler: 'euler-ancestral' as const };
    const { files, steps } = await undisturbed(settings);
    await withFolder(async (folder) => {
      const controller = new AbortController();
      const onProgress = (event: JobProgress): void => void (atStep(2, 1)(event) && controller.abort());
      const context = { models: shared, signal: controller.signal, onProgress };
      await expect(runJob({ folder, inputPath: INPUT_64, settings, context })).rejects.toMatchObject({
        code: 'cancelled',
      });
      expect(await readdir(join(folder, 'out'))).toEqual(['result-1.png']);
      const result = await goOn(folder, settings);
      expect(stepsIn(result)).toEqual(steps.slice(steps.indexOf('1:3')));
      expect(result.report.notices[0]).toContain('1 finished picture and 2 steps were kept');
      expect(await hashes(result)).toEqual(files);
    });
  });

  it('a seed that was drawn is kept', async () => {
    const settings = { ...SETTINGS, seed: null };
    await withFolder(async (folder) => {
      await interrupt(folder, settings, atStep(2));
      const result = await goOn(folder, settings);
      const seed = result.report.outputs[0]?.seed ?? -1;
      expect(await hashes(result)).toEqual((await undisturbed({ ...SETTINGS, seed })).files);
    });
  });
});

describe('interrupted in other places', () => {
  it('the encoded picture is read from the journal by another process', async () => {
    const models = new ModelCache();
    await withFolder(async (folder) => {
      await interrupt(folder, SETTINGS, (event) => event.kind === 'stage-done' && event.stage === 'encode', {
        models,
      });
      await models.release();
      const result = await goOn(folder, SETTINGS, INPUT_64, models);
      expect(stagesIn(result)).toEqual(['generate', 'decode']);
      expect(await hashes(result)).toEqual((await undisturbed(SETTINGS)).files);
    });
    await models.release();
  });

  it('decoded pixels that could not be saved are saved without another step', async () => {
    await withFolder(async (folder) => {
      const obstacle = join(folder, 'out', 'result.png');
      await mkdir(join(obstacle, 'full'), { recursive: true });
      await expect(goOn(folder, SETTINGS)).rejects.toMatchObject({ code: 'output' });
      await rm(obstacle, { recursive: true });
      const result = await goOn(folder, SETTINGS);
      expect(stepsIn(result)).toEqual([]);
      expect(stagesIn(result)).toEqual([]);
      expect(await hashes(result)).toEqual((await undisturbed(SETTINGS)).files);
    });
  });
});

describe('a damaged journal', () => {
  const damages: [string, number, (journal: string) => Promise<void>][] = [
    ['a cut-off step', 4, (journal) => truncateFile(join(journal, 'step.safetensors'), 0.6)],
    ['an empty step', 4, (journal) => writeFile(join(journal, 'step.safetensors'), '')],
    [
      'a step full of zeros',
      4,
      (journal) => writeFile(join(journal, 'step.safetensors'), Buffer.alloc(4096)),
    ],
    ['a missing step', 4, (journal) => rm(join(journal, 'step.safetensors'))],
    ['a cut-off encoding', 2, (journal) => truncateFile(join(journal, 'encoded.safetensors'), 0.5)],
    ['a garbage record', 4, (journal) => writeFile(join(journal, 'job.json'), '{"version":1,"key":')],
    ['a record that says something else', 4, (journal) => writeFile(join(journal, 'job.json'), '[]')],
    ['a missing record', 4, (journal) => rm(join(journal, 'job.json'))],
    ['a cut-off input', 2, (journal) => truncateFile(join(journal, 'input.png'), 0.5)],
    ['a stranger in the folder', 2, (journal) => writeFile(join(journal, 'decoded.safetensors'), 'nonsense')],
  ];

  it.each(damages)('with %s ends in the same file after %i more steps', async (_, steps, damage) => {
    const models = new ModelCache();
    const { files } = await undisturbed(SETTINGS);
    await withFolder(async (folder) => {
      await interrupt(folder, SETTINGS, atStep(2), { models });
      await models.release();
      await damage(join(folder, 'job', 'journal'));
      const result = await goOn(folder, SETTINGS, INPUT_64, models);
      expect(stepsIn(result)).toHaveLength(steps);
      expect(await hashes(result)).toEqual(files);
    });
    await models.release();
  });
});

describe('a changed request', () => {
  const changes: [string, Partial<GenerationSettings>][] = [
    ['seed', { seed: 8 }],
    ['prompt', { prompt: 'a blue tree' }],
    ['scheduler', { scheduler: 'ddim' }],
    ['guidance', { guidance: 3 }],
    ['size', { size: { width: 80, height: 64 } }],
    ['model', { model: smallJob({ model: 'sd2-onnx' }).model }],
  ];

  it.each(changes)('(%s) does not use the old journal', async (_, change) => {
    const settings = { ...SETTINGS, ...change };
    const { files, steps } = await undisturbed(settings);
    await withFolder(async (folder) => {
      await interrupt(folder, SETTINGS, atStep(2));
      const result = await goOn(folder, settings);
      expect(stepsIn(result)).toEqual(steps);
      expect(result.report.notices).toEqual([]);
      expect(await hashes(result)).toEqual(files);
    });
  });

  it('(another picture under the same name) does not either', async () => {
    await withFolder(async (folder) => {
      const inputPath = join(folder, 'input.png');
      await copyFile(INPUT_64, inputPath);
      await interrupt(folder, SETTINGS, atStep(2), { inputPath });
      await copyFile(fixture('upright.png'), inputPath);
      const result = await goOn(folder, SETTINGS, inputPath);
      expect(stepsIn(result)).toHaveLength(4);
      expect(result.report.outputs[0]).toMatchObject({ width: 48, height: 32 });
    });
  });
});

describe('an input that was moved away', () => {
  it.each([
    ['goes on', SETTINGS, 2],
    ['starts anew with another seed', { ...SETTINGS, seed: 8 }, 4],
  ] as const)('%s from the copy in the journal', async (_, settings, steps) => {
    await withFolder(async (folder) => {
      const inputPath = join(folder, 'input.png');
      await copyFile(INPUT_64, inputPath);
      await interrupt(folder, SETTINGS, atStep(2), { inputPath });
      await rm(inputPath);
      const result = await goOn(folder, settings, inputPath);
      expect(stepsIn(result)).toHaveLength(steps);
      expect(await hashes(result)).toEqual((await undisturbed(settings)).files);
    });
  });
});
