/** The queue, the sources and the gallery on the real engine: order, cancel, death, restart, resume with identical pixels. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeServices, type Services } from '../../../main/services/make-services';
import { answerRequest } from '../../../main/services/request-door';
import type { RequestName, ResponseOf } from '../../../shared/contract';
import { generationSettingsSchema, type GenerationSettings } from '../../../shared/generation';
import type { JobProgress, JobState, JobView } from '../../../shared/job';
import type { Result } from '../../../shared/result';
import { NO_KEY_STORE } from '../../support/key-stores';
import { boxMask } from '../../support/masks';
import { temporaryFolder } from '../../support/temporary-folder';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const starterFolder = path.join(root, 'models', 'starter');

interface Bench {
  services: Services;
  home: string;
  /** Every state that a job was in, in order. */
  states: [string, JobState][];
  onProgress: (jobId: string, progress: JobProgress) => void;
  fractions: (number | null)[];
  announced: number[];
  picks: { save: string | null; open: string | null; folder: string | null };
  revealed: string[];
  copied: string[];
  ask: <N extends RequestName>(name: N, payload: unknown) => Promise<Result<unknown> & { name: N }>;
}

async function makeBench(home: string, env: Record<string, string> = {}): Promise<Bench> {
  const bench: Omit<Bench, 'services' | 'home' | 'ask'> = {
    states: [],
    onProgress: () => {},
    fractions: [],
    announced: [],
    picks: { save: null, open: null, folder: null },
    revealed: [],
    copied: [],
  };
  const services = makeServices({
    paths: {
      home,
      settingsFile: path.join(home, 'settings.json'),
      tokensFile: path.join(home, 'tokens.json'),
      sourcesFolder: path.join(home, 'sources'),
      jobsFolder: path.join(home, 'jobs'),
      resultsFolder: path.join(home, 'results'),
      thumbnailsFolder: path.join(home, 'thumbnails'),
      exportsFolder: path.join(home, 'exports'),
      promptsFile: path.join(home, 'prompts.json'),
      liveFolder: path.join(home, 'live'),
      starterFolder,
      engineFile: path.join(root, 'out', 'main', 'engine.cjs'),
      bundledNodeFile: null,
    },
    env: { ...process.env, UNDERPAINT_NODE: process.execPath, ...env },
    platform: process.platform,
    ownExecutable: '',
    version: '0.0.0',
    desktop: {
      pickPicture: async () => bench.picks.open,
      pickFolder: async () => bench.picks.folder,
      pickSavePath: async () => bench.picks.save,
      trashFile: async (file) => rmSync(file),
      copyText: async (text) => void bench.copied.push(text),
      versions: () => ({ electron: '25.1.1' }),
      runCommand: () => {},
      enableCommands: () => {},
      letWindowGo: () => {},
      revealFile: (file) => bench.revealed.push(file),
      dragFile: () => {},
      copyFile: async () => {},
      copyPicture: async () => {},
      readClipboard: async () => null,
    },
    keyStore: NO_KEY_STORE,
    log: () => {},
    isWindowVisible: () => true,
    languageFor: (chosen) => chosen ?? 'en',
    applyPreferences: () => {},
    send: (name, payload) => {
      if (typeof payload !== 'object') return;
      if (name === 'job.changed' && 'state' in payload) bench.states.push([payload.id, payload.state]);
      if (name === 'job.progress' && 'progress' in payload) bench.onProgress(payload.jobId, payload.progress);
    },
    announceEnd: (pictures) => bench.announced.push(pictures),
    keepAwake: () => {},
    showProgress: (fraction) => bench.fractions.push(fraction),
  });
  await services.settings.load();
  await services.load();
  await services.loadResults();
  onTestFinished(() => services.close());
  return Object.assign(bench, {
    services,
    home,
    ask: async <N extends RequestName>(name: N, payload: unknown) => ({
      ...(await answerRequest(services.handlers, name, payload, () => {})),
      name,
    }),
  });
}

const settings = (more: Partial<GenerationSettings> = {}): GenerationSettings =>
  generationSettingsSchema.parse({ prompt: 'a red house', steps: 6, strength: 1, seed: 11, ...more });

const importSketch = async ({ services }: Bench): Promise<string> =>
  (await services.sources.importPath(path.join(starterFolder, 'sketch.png'))).id;

const ENDED: JobState[] = ['failed', 'done'];

async function untilState(bench: Bench, jobId: string, ...wanted: JobState[]): Promise<JobView> {
  for (let tries = 0; tries < 1200; tries++) {
    const job = bench.services.queue.list().find(({ id }) => id === jobId);
    if (job !== undefined && wanted.includes(job.state)) return job;
    if (job !== undefined && ENDED.includes(job.state))
      throw new Error(
        `job ${jobId} is ${job.state}: ${job.error?.message ?? ''} ${job.error?.details ?? ''}`,
      );
    await sleep(50);
  }
  throw new Error(`job ${jobId} never became ${wanted.join(' or ')}`);
}

const statesOf = (bench: Bench, jobId: string): JobState[] =>
  bench.states.filter(([id]) => id === jobId).map(([, state]) => state);

const pixels = (bench: Bench, jobId: string): Buffer => {
  const file = bench.services.gallery.pathOf(`${jobId}-0`);
  return readFileSync(file ?? 'missing');
};

/** Calls `act` once, when the first step of a job is done. */
function afterFirstStep(bench: Bench, act: () => void): void {
  let isDone = false;
  bench.onProgress = (_id, progress) => {
    if (isDone || progress.kind !== 'step') return;
    isDone = true;
    act();
  };
}

/** Ends every engine that runs, as the system does when memory is short. */
function killEngines(bench: Bench): void {
  for (const pid of bench.services.enginePids()) process.kill(pid, 'SIGKILL');
}

describe('the queue on the real engine', () => {
  it('paints one job after the other, records the pictures, and clears its folder', async () => {
    const bench = await makeBench(temporaryFolder());
    const sourceId = await importSketch(bench);
    const first = await bench.services.queue.start({ sourceId, settings: settings() });
    const second = await bench.services.queue.start({
      sourceId,
      settings: settings({ seed: null, count: 2 }),
    });
    expect(second.settings.seed).toBeTypeOf('number');
    await untilState(bench, second.id, 'done');
    expect(bench.states.map(([id, state]) => `${id === first.id ? 1 : 2} ${state}`)).toEqual([
      '1 queued',
      '1 running',
      '2 queued',
      '1 done',
      '2 running',
      '2 done',
    ]);
    const results = bench.services.gallery.newest(100).toReversed();
    expect(results.map(({ id }) => id)).toEqual([`${first.id}-0`, `${second.id}-0`, `${second.id}-1`]);
    expect(results.every(({ width, height }) => width === 512 && height === 512)).toBe(true);
    expect(bench.announced).toEqual([3]);
    expect(bench.fractions.at(-1)).toBeNull();
    expect(Math.max(...bench.fractions.map((fraction) => fraction ?? 0))).toBe(1);
    for (let tries = 0; tries < 40 && readdirSync(path.join(bench.home, 'jobs')).length > 0; tries++)
      await sleep(50);
    expect(readdirSync(path.join(bench.home, 'jobs'))).toEqual([]);

    bench.picks.save = path.join(bench.home, 'saved');
    const saved = await bench.ask('result.save', { resultId: `${first.id}-0` });
    expect(saved).toMatchObject({ ok: true, value: { path: path.join(bench.home, 'saved.png') } });
    expect(readFileSync(path.join(bench.home, 'saved.png')).equals(pixels(bench, first.id))).toBe(true);
    bench.picks.save = path.join(bench.home, 'no', 'such', 'folder', 'x.png');
    expect(await bench.ask('result.save', { resultId: `${first.id}-0` })).toMatchObject({
      ok: false,
      error: { code: 'output' },
    });
    expect(await bench.ask('result.reveal', { resultId: `${first.id}-0` })).toMatchObject({ ok: true });
    expect(bench.revealed).toEqual([bench.services.gallery.pathOf(`${first.id}-0`)]);
    const used = await bench.ask('source.use-result', { resultId: `${first.id}-0` });
    expect(used).toMatchObject({ ok: true, value: { name: 'sketch-11.png', width: 512, height: 512 } });
  });

  it('paints inside a mask that the page named, and refuses one that is not there', async () => {
    const bench = await makeBench(temporaryFolder());
    const sourceId = await importSketch(bench);
    const file = await boxMask(path.join(bench.home, 'mask.png'), { width: 512, height: 512 });
    const { id: maskId } = await bench.services.sources.importPath(file);
    const started = await bench.ask('job.start', { sourceId, maskId, settings: settings({ steps: 2 }) });
    if (!started.ok) throw new Error(started.error.message);
    const { id } = started.value as JobView;
    expect(await untilState(bench, id, 'done')).toMatchObject({
      maskId,
      report: { mask: { area: 'picture' } },
    });
    expect(bench.services.gallery.get(`${id}-0`)).toMatchObject({ sourceId, maskId });
    for (const wrong of ['0123', '../secret', '']) {
      expect(await bench.ask('job.start', { sourceId, maskId: wrong, settings: settings() })).toMatchObject({
        ok: false,
      });
    }
    const tooSoft = { ...settings(), mask: { blurPx: 5000 } };
    expect(await bench.ask('job.start', { sourceId, maskId, settings: tooSoft })).toMatchObject({
      ok: false,
    });
  });

  it('goes on after the engine was killed, with the pixels of a run that was not', async () => {
    const bench = await makeBench(temporaryFolder());
    const sourceId = await importSketch(bench);
    const whole = await bench.services.queue.start({ sourceId, settings: settings() });
    await untilState(bench, whole.id, 'done');
    afterFirstStep(bench, () => killEngines(bench));
    const job = await bench.services.queue.start({ sourceId, settings: settings() });
    const stopped = await untilState(bench, job.id, 'interrupted');
    expect(stopped).toMatchObject({ canResume: true, error: { code: 'engine-died' } });
    expect(stopped.error?.message).toMatch(/resume/);
    await bench.services.queue.resume(job.id);
    const done = await untilState(bench, job.id, 'done', 'failed');
    expect(done).toMatchObject({ state: 'done', error: null, canResume: false });
    expect(statesOf(bench, job.id)).toEqual([
      'queued',
      'running',
      'interrupted',
      'queued',
      'running',
      'done',
    ]);
    expect(pixels(bench, job.id).equals(pixels(bench, whole.id))).toBe(true);
  });

  it('goes on after a restart: first what was being painted, then what waited, in its order, behind a pause only what ran', async () => {
    const home = temporaryFolder();
    const before = await makeBench(home);
    const sourceId = await importSketch(before);
    const whole = await before.services.queue.start({ sourceId, settings: settings() });
    await untilState(before, whole.id, 'done');
    const wholePixels = pixels(before, whole.id);
    const stepDone = new Promise<void>((done) => afterFirstStep(before, done));
    const running = await before.services.queue.start({ sourceId, settings: settings() });
    const [second, first] = [
      await before.services.queue.start({ sourceId, settings: settings({ seed: null, steps: 2 }) }),
      await before.services.queue.start({ sourceId, settings: settings({ seed: 3, steps: 2 }) }),
    ];
    await stepDone;
    await before.ask('queue.move', { jobIds: [first.id], before: second.id });
    await before.ask('queue.pause', { isPaused: true });
    await before.services.close();

    const after = await makeBench(home);
    const { queue } = after.services;
    expect(queue.order).toEqual({ waiting: [running.id, first.id, second.id], isPaused: true });
    expect(queue.list().map(({ state }) => state)).toEqual(['queued', 'queued', 'queued']);
    expect(queue.list()[1]?.settings.seed).toBe(second.settings.seed);
    const notices: string[] = [];
    after.onProgress = (_id, progress) => void (progress.kind === 'notice' && notices.push(progress.message));
    // It begins when somebody sees it.
    await after.ask('app.state', null);
    await untilState(after, running.id, 'done');
    expect(pixels(after, running.id).equals(wholePixels)).toBe(true);
    expect(notices).toContainEqual(expect.stringMatching(/goes on where it was interrupted: [1-9]\d* steps/));
    expect(queue.order).toEqual({ waiting: [first.id, second.id], isPaused: true });
    expect(after.announced).toEqual([1]);
    await after.ask('queue.pause', { isPaused: false });
    await untilState(after, second.id, 'done');
    expect(after.states.filter(([, state]) => state === 'running').map(([id]) => id)).toEqual([
      running.id,
      first.id,
      second.id,
    ]);
    expect((await makeBench(home)).services.gallery.newest(100)).toHaveLength(4);
  });

  it('finishes the one that runs when the rest is held, and cancels a group or everything', async () => {
    const bench = await makeBench(temporaryFolder());
    const sourceId = await importSketch(bench);
    const { queue } = bench.services;
    const running = await queue.start({ sourceId, settings: settings({ steps: 2 }) });
    const group = await bench.ask('job.start-group', {
      sourceId,
      settings: settings({ steps: 2 }),
      variation: { kind: 'seeds', count: 3 },
    });
    if (!group.ok) throw new Error(group.error.message);
    const members = group.value as JobView[];
    const other = await queue.start({ sourceId, settings: settings({ steps: 2, seed: 99 }) });
    expect(members.map(({ settings: { seed }, group: its }) => [seed, its?.index, its?.size])).toEqual([
      [12, 0, 3],
      [13, 1, 3],
      [14, 2, 3],
    ]);
    await bench.ask('queue.pause', { isPaused: true });
    await untilState(bench, running.id, 'done');
    await sleep(200);
    expect(queue.order).toEqual({ waiting: [...members.map(({ id }) => id), other.id], isPaused: true });
    await bench.ask('queue.cancel', { jobIds: members.map(({ id }) => id) });
    expect(queue.order.waiting).toEqual([other.id]);
    await bench.ask('queue.cancel', { jobIds: null });
    expect(queue.order).toEqual({ waiting: [], isPaused: false });
    expect(queue.list().map(({ state }) => state)).toEqual([
      'done',
      'cancelled',
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
  });

  it('paints a strip of strengths from one encode and one text embedding, and picks words by seed', async () => {
    const bench = await makeBench(temporaryFolder());
    const sourceId = await importSketch(bench);
    const strip = await bench.ask('job.start-group', {
      sourceId,
      settings: settings({ prompt: 'a {red|blue} house', steps: 5 }),
      variation: { kind: 'strengths', strengths: [0.2, 0.6, 1] },
    });
    if (!strip.ok) throw new Error(strip.error.message);
    const ids = (strip.value as JobView[]).map(({ id }) => id);
    const encodes: string[] = [];
    bench.onProgress = (_id, progress) => {
      if (progress.kind === 'stage-start' && progress.stage === 'encode') encodes.push(progress.reason);
    };
    await untilState(bench, ids.at(-1) ?? '', 'done');
    const still = 'the latents of this picture were still there';
    expect(encodes.map((reason) => reason === still)).toEqual([false, true, true]);
    const results = bench.services.gallery.newest(10).toReversed();
    expect(results.map(({ settings: { strength }, group }) => [strength, group?.kind])).toEqual([
      [0.2, 'strengths'],
      [0.6, 'strengths'],
      [1, 'strengths'],
    ]);
    const [{ prompt, promptTemplate }] = results.map((one) => one.settings) as [GenerationSettings];
    expect(promptTemplate).toBe('a {red|blue} house');
    expect(prompt).toMatch(/^a (red|blue) house$/);
    expect(new Set(results.map((one) => one.settings.prompt)).size).toBe(1);
    // The picture itself carries both, too: the words that it shows, and those that were written.
    const file = bench.services.gallery.pathOf(results[0]?.id ?? '') ?? '';
    const found = await bench.ask('settings.read-path', { path: file });
    expect(found).toMatchObject({ ok: true, value: { settings: { prompt: promptTemplate, seed: 11 } } });
    expect(readFileSync(file, 'latin1')).toContain(`"prompt":"${prompt}"`);
    const tooMany = {
      sourceId,
      settings: settings({ prompt: '{a|b}'.repeat(7) }),
      variation: { kind: 'choices' },
    };
    expect(await bench.ask('job.start-group', tooMany)).toMatchObject({
      ok: false,
      error: { code: 'usage', message: expect.stringContaining('128 combinations') },
    });
  });

  it('cancels what waits and what runs, and can go on with both', async () => {
    const bench = await makeBench(temporaryFolder());
    const sourceId = await importSketch(bench);
    const running = await bench.services.queue.start({ sourceId, settings: settings({ steps: 30 }) });
    const waiting = await bench.services.queue.start({ sourceId, settings: settings() });
    await bench.services.queue.cancel(waiting.id);
    expect(await bench.ask('job.discard', { jobId: running.id })).toMatchObject({ ok: false });
    afterFirstStep(bench, () => void bench.services.queue.cancel(running.id));
    await untilState(bench, running.id, 'cancelled');
    expect(statesOf(bench, running.id)).toEqual(['queued', 'running', 'cancelling', 'cancelled']);
    expect(statesOf(bench, waiting.id)).toEqual(['queued', 'cancelled']);
    expect(bench.services.gallery.newest(100).toReversed()).toEqual([]);
    await bench.services.queue.resume(waiting.id);
    await untilState(bench, waiting.id, 'done');
    await bench.services.queue.cancel(waiting.id);
    expect(statesOf(bench, waiting.id).at(-1)).toBe('done');
    await bench.services.queue.discard(running.id);
    expect(existsSync(path.join(bench.home, 'jobs', running.id))).toBe(false);
    expect(await bench.ask('job.resume', { jobId: running.id })).toMatchObject({ error: { code: 'usage' } });
  });

  it('keeps the finished pictures of a job that is cancelled before its last, and goes on with the rest', async () => {
    const bench = await makeBench(temporaryFolder());
    const sourceId = await importSketch(bench);
    const job = await bench.services.queue.start({ sourceId, settings: settings({ count: 2 }) });
    let isCancelled = false;
    bench.onProgress = (id, progress) => {
      if (isCancelled || progress.kind !== 'step' || progress.image !== 1) return;
      isCancelled = true;
      void bench.services.queue.cancel(id);
    };
    await untilState(bench, job.id, 'cancelled');
    const kept = bench.services.gallery.newest(100).toReversed();
    expect(kept.map(({ id, seed }) => [id, seed])).toEqual([[`${job.id}-0`, 11]]);
    expect(bench.announced).toEqual([]);
    const onDisk = (await makeBench(bench.home)).services.gallery.newest(100).toReversed();
    expect(onDisk.map(({ id }) => id)).toEqual([`${job.id}-0`]);
    await bench.services.queue.resume(job.id);
    await untilState(bench, job.id, 'done');
    const all = bench.services.gallery.newest(100).toReversed();
    expect(all.map(({ id, seed }) => [id, seed])).toEqual([
      [`${job.id}-0`, 11],
      [`${job.id}-1`, 12],
    ]);
    expect(all[1]?.createdAt).toBe(kept[0]?.createdAt);
    expect(bench.announced).toEqual([2]);
  });

  it('fails a job whose model is not there, paints the next one, and forgets both after a restart', async () => {
    const home = temporaryFolder();
    const bench = await makeBench(home);
    const sourceId = await importSketch(bench);
    const bad = await bench.services.queue.start({
      sourceId,
      settings: settings({ model: '/no/such/model' }),
    });
    const good = await bench.services.queue.start({ sourceId, settings: settings() });
    expect(await untilState(bench, bad.id, 'failed')).toMatchObject({ error: { code: 'model' } });
    await untilState(bench, good.id, 'done');
    await bench.services.close();
    expect((await makeBench(home)).services.queue.list()).toEqual([]);
    expect(readdirSync(path.join(home, 'jobs'))).toEqual([]);
  });
});

describe('sources and first start on the real engine', () => {
  it('opens with the bundled sketch and its prompt, and later with what was left', async () => {
    const home = temporaryFolder();
    const first = await makeBench(home);
    const state = await first.ask('app.state', null);
    if (!state.ok) throw new Error(state.error.message);
    const opened = state.value as ResponseOf<'app.state'>;
    const { prompt } = JSON.parse(readFileSync(path.join(starterFolder, 'starter.json'), 'utf8'));
    expect(opened.source).toMatchObject({ name: 'sketch.png', width: 512, height: 512 });
    expect(opened.draft).toMatchObject({ sourceId: opened.source?.id, settings: { prompt } });
    expect(opened.models.map(({ id }) => id)).toEqual(['starter']);
    const changed = { ...opened.draft, settings: { ...opened.draft.settings, prompt: 'mine' } };
    expect(await first.ask('draft.save', changed)).toMatchObject({ ok: true });
    await first.services.close();
    const again = await (await makeBench(home)).ask('app.state', null);
    expect(again).toMatchObject({
      ok: true,
      value: { draft: { settings: { prompt: 'mine' } }, source: { name: 'sketch.png' } },
    });
  });

  it('imports files and bytes once per content, and refuses what is no picture', async () => {
    const bench = await makeBench(temporaryFolder());
    const sketch = path.join(starterFolder, 'sketch.png');
    bench.picks.open = sketch;
    const fromDialog = await bench.ask('source.open', null);
    const bytes = new Uint8Array(readFileSync(sketch));
    const fromBytes = await bench.ask('source.import-bytes', { name: 'pasted.png', bytes });
    const twice = await Promise.all([1, 2].map(() => bench.ask('source.import-path', { path: sketch })));
    expect(twice[0]).toEqual(twice[1]);
    expect(fromDialog).toMatchObject({ ok: true, value: { id: expect.stringMatching(/^[0-9a-f]{32}$/) } });
    expect(fromBytes).toMatchObject({ ok: true, value: (fromDialog as { value: unknown }).value });
    expect(readdirSync(path.join(bench.home, 'sources'))).toHaveLength(1);

    const text = path.join(bench.home, 'note.png');
    writeFileSync(text, 'this is no picture');
    mkdirSync(path.join(bench.home, 'folder.png'));
    for (const bad of [text, path.join(bench.home, 'folder.png'), path.join(bench.home, 'missing.png')])
      expect(await bench.ask('source.import-path', { path: bad })).toMatchObject({
        ok: false,
        error: { code: 'input' },
      });
    bench.picks.open = null;
    expect(await bench.ask('source.open', null)).toMatchObject({ ok: true, value: null });
    expect(readdirSync(path.join(bench.home, 'sources'))).toHaveLength(1);
    expect(await bench.ask('job.start', { sourceId: 'unknown', settings: settings() })).toMatchObject({
      ok: false,
      error: { code: 'input' },
    });
  });

  it('opens a model folder, remembers it, and refuses a folder that is none', async () => {
    const home = temporaryFolder();
    const bench = await makeBench(home);
    const folder = path.join(root, 'test', 'golden', 'models', 'sd1-onnx');
    bench.picks.folder = folder;
    const opened = await bench.ask('model.open', null);
    expect(opened).toMatchObject({ ok: true, value: { id: folder, family: 'sd1' } });
    const sourceId = await importSketch(bench);
    const small = { size: { width: 64, height: 64 }, steps: 2 };
    const job = await bench.ask('job.start', { sourceId, settings: settings({ ...small, model: folder }) });
    if (!job.ok) throw new Error(job.error.message);
    await untilState(bench, (job.value as JobView).id, 'done');
    expect(
      await bench.ask('job.start', { sourceId, settings: settings({ model: starterFolder }) }),
    ).toMatchObject({ ok: false, error: { code: 'model' } });
    bench.picks.folder = home;
    expect(await bench.ask('model.open', null)).toMatchObject({ ok: false, error: { code: 'model' } });
    const state = await (await makeBench(home)).ask('app.state', null);
    expect(state).toMatchObject({ ok: true, value: { models: [{ id: 'starter' }, { id: folder }] } });
    const count = await bench.ask('prompt.count-tokens', { prompt: 'a red house', model: null });
    expect(count).toMatchObject({ ok: true, value: { tokens: 3, limit: 75 } });
  });

  it('copies diagnostics without prompts, names, folders and tokens', async () => {
    const home = temporaryFolder();
    const bench = await makeBench(home);
    const sourceId = await importSketch(bench);
    const secret = {
      prompt: 'my aunt Zenobia',
      negativePrompt: 'uncle Hieronymus',
      loras: [],
      strength: 0.4,
    };
    await bench.ask('draft.save', { settings: settings(secret), isSeedLocked: false, sourceId });
    await bench.ask('token.set', { url: 'http://studio:8765', token: 'sesame-open' });
    expect(await bench.ask('diagnostics.copy', null)).toMatchObject({ ok: true });
    const [text = ''] = bench.copied;
    expect(text).toMatch(
      /^Underpaint: 0\.0\.0\nsystem: \w+ .+\nelectron: 25\.1\.1\nengine: .+providers .*cpu/,
    );
    expect(text).toContain('family sd1');
    expect(text).toContain('"strength":0.4');
    expect(text).toMatch(/^memory: [\d.]+ GiB/m);
    for (const word of ['Zenobia', 'Hieronymus', 'sesame', 'studio', home, sourceId])
      expect(text).not.toContain(word);
  });

  it('refuses payloads that make no sense before anything happens', async () => {
    const bench = await makeBench(temporaryFolder());
    const bad: [RequestName, unknown][] = [
      ['app.state', { extra: true }],
      ['draft.save', null],
      ['draft.save', { settings: { prompt: 1 } }],
      ['source.import-bytes', { name: 'x', bytes: [1, 2, 3] }],
      ['source.import-path', { path: 'x'.repeat(5000) }],
      ['job.start', { sourceId: '../../etc', settings: { prompt: '' } }],
      ['job.start', { sourceId: 'a', settings: { prompt: '', strength: 2 } }],
      ['job.start', { sourceId: 'a', settings: { prompt: '', steps: 1e9 } }],
      ['job.cancel', { jobId: 7 }],
      ['result.save', { resultId: 'UPPER' }],
    ];
    for (const [name, payload] of bad)
      expect(await bench.ask(name, payload), name).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(readdirSync(bench.home)).toEqual(['results']);
    expect(
      readdirSync(path.join(bench.home, 'results')).filter((name) => !name.startsWith('gallery.db')),
    ).toEqual([]);
    expect(bench.services.enginePids()).toEqual([]);
  });
});
