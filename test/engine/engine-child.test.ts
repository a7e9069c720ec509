/** The engine as the main process drives it: messages, previews, cancel, queue, and what must not end it. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { pictureInfoSchema, type Img2ImgParams } from '../../main/engine/messages';
import { jobReportSchema, type JobProgress } from '../../shared/job';
import { modelInfoSchema } from '../../shared/models';
import { EngineProcess, type Answer } from '../support/engine-process';
import { goldenModel } from '../support/golden';
import { fixture, INPUT_64, readPixels, sha256OfFile, writeBytes } from '../support/pictures';
import { ensurePrograms } from '../support/programs';
import { smallJob } from '../support/settings';

let folder: string;
let engine: EngineProcess;
let jobs = 0;

beforeAll(async () => {
  await ensurePrograms();
  folder = await mkdtemp(join(tmpdir(), 'underpaint-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  engine = new EngineProcess();
});
afterEach(() => engine.kill());

/** A job with folders of its own. */
async function job(changes: Parameters<typeof smallJob>[0] = {}, previews = false): Promise<Img2ImgParams> {
  jobs += 1;
  const outputFolder = join(folder, `out-${jobs}`);
  const jobFolder = join(folder, `job-${jobs}`);
  for (const path of [outputFolder, jobFolder]) await mkdir(path);
  return {
    inputPath: INPUT_64,
    settings: smallJob(changes),
    outputFolder,
    outputName: 'result',
    jobFolder,
    previews,
  };
}

/** Long enough that messages come between its steps. */
const LONG = { steps: 12, strength: 1, size: { width: 192, height: 192 } };

const valueOf = (answer: Answer): unknown => {
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
  return answer.value;
};
const errorOf = (answer: Answer): { code: string; message: string } => {
  if (answer.ok) throw new Error('this should have been refused');
  return answer.error;
};
const stepsIn = (progress: readonly JobProgress[]): number[] =>
  progress.flatMap((event) => (event.kind === 'step' ? [event.step] : []));

/** Waits until an event comes. */
const until = async (
  progress: readonly JobProgress[],
  isIt: (event: JobProgress) => boolean,
): Promise<void> => {
  while (!progress.some(isIt)) await sleep(2);
};

describe('questions', () => {
  it('the first message says the version', async () => {
    expect(await engine.ready).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('inspect answers with facts and writes an upright picture', async () => {
    const previewPath = join(folder, 'shown.png');
    const { answer } = engine.call('inspect', { inputPath: fixture('orientation-6.jpg'), previewPath });
    expect(pictureInfoSchema.parse(valueOf(await answer))).toMatchObject({
      width: 48,
      height: 32,
      orientation: 6,
    });
    expect(await readPixels(previewPath)).toMatchObject({ width: 48, height: 32 });
  });

  it('inspect refuses what is no picture', async () => {
    const inputPath = await writeBytes(join(folder, 'text.png'), 'no picture');
    const { answer } = engine.call('inspect', { inputPath, previewPath: join(folder, 'none.png') });
    expect(errorOf(await answer)).toMatchObject({
      code: 'input',
      message: expect.stringContaining('text.png'),
    });
  });

  it('model.info describes a model without opening it', async () => {
    const good = engine.call('model.info', { model: goldenModel('sd2-onnx') });
    expect(modelInfoSchema.parse(valueOf(await good.answer))).toMatchObject({
      id: 'sd2-onnx',
      family: 'sd2',
    });
    const checkpoint = engine.call('model.info', { model: goldenModel('sd1') });
    expect(modelInfoSchema.parse(valueOf(await checkpoint.answer)).family).toBe('sd1');
    const bad = engine.call('model.info', { model: join(goldenModel('sd1'), 'tokenizer') });
    expect(errorOf(await bad.answer).code).toBe('model');
  });

  it('prompt.count-tokens counts', async () => {
    const count = async (prompt: string): Promise<unknown> =>
      valueOf(await engine.call('prompt.count-tokens', { prompt, model: goldenModel('sd1-onnx') }).answer);
    expect(await count('')).toEqual({ tokens: 0, limit: 75 });
    expect(await count('a (red:1.2) house')).toEqual(await count('a red house'));
  });
});

describe('a job', () => {
  it('tells its stages, steps and previews in order', async () => {
    const params = await job(LONG, true);
    const seen: { at: number; width: number; height: number }[] = [];
    const decoded: Promise<void>[] = [];
    const { answer, progress } = engine.call('img2img', params, (event) => {
      if (event.kind !== 'preview') return;
      seen.push({ at: performance.now(), width: event.width, height: event.height });
      // Whole at every moment, because it is replaced and never written over.
      decoded.push(
        sharp(join(params.jobFolder, 'preview.png'))
          .raw()
          .toBuffer({ resolveWithObject: true })
          .then(({ info }) => expect([info.format, info.width, info.height]).toEqual(['raw', 192, 192])),
      );
    });
    const report = jobReportSchema.parse(valueOf(await answer));
    await Promise.all(decoded);
    expect((await sharp(join(params.jobFolder, 'preview.png')).metadata()).format).toBe('png');

    const order = progress.map((event) =>
      event.kind === 'stage-start' ? `start ${event.stage}` : event.kind,
    );
    expect(order.filter((word) => word !== 'preview')).toEqual([
      'start encode',
      'stage-done',
      'start generate',
      ...Array.from({ length: 12 }, () => 'step'),
      'stage-done',
      'start decode',
      'stage-done',
    ]);
    expect(stepsIn(progress)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    // A preview comes with the first step, then at most one in 200 ms.
    expect(order.indexOf('preview')).toBeLessThan(order.indexOf('step'));
    const generate = progress.find((event) => event.kind === 'stage-done' && event.stage === 'generate');
    const most = 1 + Math.floor((generate?.kind === 'stage-done' ? generate.ms : 0) / 200);
    expect(seen.length).toBeLessThanOrEqual(most);
    expect(seen.every(({ width, height }) => width === 192 && height === 192)).toBe(true);
    expect(progress.flatMap((event) => (event.kind === 'preview' ? [event.sequence] : []))).toEqual(
      seen.map((_, i) => i + 1),
    );
    expect(report.outputs[0]?.sha256).toBe(await sha256OfFile(join(params.outputFolder, 'result.png')));
  });

  it('shows no previews when nobody looks, and makes the same picture', async () => {
    const [shown, hidden] = [await job({}, true), await job({}, false)];
    const first = await engine.img2img(shown);
    const second = await engine.img2img(hidden);
    expect(second.progress.some((event) => event.kind === 'preview')).toBe(false);
    expect(second.report.outputs[0]?.sha256).toBe(first.report.outputs[0]?.sha256);
  });

  it('can be cancelled between steps, and goes on to the same picture', async () => {
    const params = await job(LONG);
    const call = engine.call('img2img', params);
    await until(call.progress, (event) => event.kind === 'step' && event.step === 3);
    engine.cancel(call.id);
    expect(errorOf(await call.answer)).toEqual(expect.objectContaining({ code: 'cancelled' }));
    const done = stepsIn(call.progress).at(-1) ?? 0;
    expect(done).toBeLessThan(12);
    expect(await readdir(params.outputFolder)).toEqual([]);

    const resumed = await engine.img2img(params);
    expect(stepsIn(resumed.progress)[0]).toBe(done + 1);
    const undisturbed = await engine.img2img(await job(LONG));
    expect(resumed.report.outputs[0]?.sha256).toBe(undisturbed.report.outputs[0]?.sha256);
  });

  it('waits for the one before it', async () => {
    const first = engine.call('img2img', await job(LONG));
    const second = engine.call('img2img', await job());
    let isFirstDone = false;
    void first.answer.then(() => (isFirstDone = true));
    await until(second.progress, () => true);
    expect(isFirstDone).toBe(true);
    valueOf(await first.answer);
    valueOf(await second.answer);
  });

  it('that still waits is cancelled at once, and the one before it goes on', async () => {
    const first = engine.call('img2img', await job(LONG));
    const second = engine.call('img2img', await job());
    let isFirstDone = false;
    void first.answer.then(() => (isFirstDone = true));
    await until(first.progress, (event) => event.kind === 'step');
    engine.cancel(second.id);
    expect(errorOf(await second.answer).code).toBe('cancelled');
    expect(isFirstDone).toBe(false);
    expect(second.progress).toEqual([]);
    valueOf(await first.answer);
    valueOf(await engine.call('img2img', await job()).answer);
  });

  it('that fails leaves the engine able to do the next', async () => {
    const bad = engine.call('img2img', await job({ model: 'bf16-onnx' }));
    expect(errorOf(await bad.answer).code).toBe('model');
    valueOf(await engine.call('img2img', await job()).answer);
  });
});

describe('what the engine does not understand', () => {
  it('unknown methods and bad parameters are refused in a sentence', async () => {
    const good = await job();
    const calls: [string, unknown][] = [
      ['paint', {}],
      ['toString', {}],
      ['inspect', null],
      ['img2img', { ...good, settings: { ...good.settings, strength: 2 } }],
      ['img2img', {}],
      ['model.info', { model: 7 }],
    ];
    for (const [method, params] of calls) {
      const { message } = errorOf(await engine.call(method, params).answer);
      expect(message, method).toMatch(/^\S.*\.$/);
      expect(message, method).not.toMatch(/[[{]/);
    }
  });

  it('garbage does not end it', async () => {
    await engine.ready;
    for (const garbage of ['', 'text', 7, null, [], {}, { type: 'request' }, { type: 'cancel', id: 999 }]) {
      engine.send(garbage);
    }
    const { answer } = engine.call('model.info', { model: goldenModel('sd1-onnx') });
    expect(valueOf(await answer)).toMatchObject({ id: 'sd1-onnx' });
    // Its log comes over another pipe, perhaps a moment later.
    await vi.waitFor(() => expect(engine.output).toContain('did not understand a message'));
  });
});

describe('its end', () => {
  it('comes when the pipe closes', async () => {
    await engine.ready;
    engine.child.disconnect();
    expect(await engine.ended).toEqual({ code: 0, signal: null });
  });

  it('comes in the middle of a job too', async () => {
    const call = engine.call('img2img', await job(LONG));
    call.answer.catch(() => undefined);
    await until(call.progress, (event) => event.kind === 'step');
    engine.child.disconnect();
    expect(await engine.ended).toEqual({ code: 0, signal: null });
  });
});

describe('SIGKILL', () => {
  const SETTINGS = {
    steps: 4,
    strength: 1,
    size: { width: 192, height: 192 },
    scheduler: 'dpmpp-2m-sde',
  } as const;
  const moments: [string, number, (event: JobProgress) => boolean][] = [
    ['while encoding', 0, (event) => event.kind === 'stage-start' && event.stage === 'encode'],
    ...[1, 2, 3, 4].map((step): [string, number, (event: JobProgress) => boolean] => [
      `after step ${step}`,
      step,
      (event) => event.kind === 'step' && event.step === step,
    ]),
    ['while decoding', 4, (event) => event.kind === 'stage-start' && event.stage === 'decode'],
  ];

  /** Ends an engine at a moment of a job; answers the job. A signal that came too late is sent to another one. */
  async function interrupted(isMoment: (event: JobProgress) => boolean): Promise<Img2ImgParams> {
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const params = await job(SETTINGS);
      const doomed = new EngineProcess();
      const call = doomed.call(
        'img2img',
        params,
        (event) => void (isMoment(event) && doomed.child.kill('SIGKILL')),
      );
      const isDone = await call.answer.then(
        () => true,
        () => false,
      );
      await doomed.kill();
      if (!isDone) return params;
    }
    throw new Error('the engine was always quicker than the signal');
  }

  it.each(moments)('%s is survived by the job', async (_, kept, isMoment) => {
    const params = await interrupted(isMoment);
    const resumed = await engine.img2img(params);
    const steps = stepsIn(resumed.progress);
    expect(steps).toEqual([1, 2, 3, 4].slice(4 - steps.length));
    expect(steps.length).toBeLessThanOrEqual(4 - kept);
    const undisturbed = await engine.img2img(await job(SETTINGS));
    expect(resumed.report.outputs[0]?.sha256).toBe(undisturbed.report.outputs[0]?.sha256);
  });
});
