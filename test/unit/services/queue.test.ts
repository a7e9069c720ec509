/** The queue's small parts: order on the disk, what a restart makes of a job, what the desktop is told, what a killed app leaves. */
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../main/services/job-record';
import { QueueOrder } from '../../../main/services/queue-order';
import { sweepTemporaries } from '../../../main/services/sweep';
import { afterRestart } from '../../../main/services/unfinished';
import { WorkPresence } from '../../../main/services/work-presence';
import { generationSettingsSchema } from '../../../shared/generation';
import { JOB_TRANSITIONS, type JobState, type JobView, type QueueView } from '../../../shared/job';
import { temporaryFolder } from '../../support/temporary-folder';

async function order(file: string, first: string[], waiting: string[]): Promise<QueueOrder> {
  const made = new QueueOrder(
    file,
    () => {},
    () => {},
  );
  await made.load(first, waiting);
  return made;
}

describe('the order of the queue', () => {
  it('is kept over a restart, for those that still wait', async () => {
    const file = path.join(temporaryFolder(), 'queue.json');
    const before = await order(file, [], ['a', 'b', 'c', 'd']);
    before.move(['d'], 'a');
    before.move(['a', 'b'], null);
    before.pause(true);
    await before.flush();
    expect(before.view).toEqual({ waiting: ['d', 'c', 'a', 'b'], isPaused: true });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1 });
    const after = await order(file, ['r'], ['a', 'b', 'd', 'new']);
    expect(after.view).toEqual({ waiting: ['r', 'd', 'a', 'b', 'new'], isPaused: true });
    expect((await order(file, ['r'], [])).view).toEqual({ waiting: ['r'], isPaused: false });
  });

  it('moves several together, ignores what does not wait, and is paused only while something waits', async () => {
    const views: QueueView[] = [];
    const queue = new QueueOrder(
      path.join(temporaryFolder(), 'q.json'),
      () => {},
      (view) => views.push(view),
    );
    await queue.load([], ['a', 'b', 'c']);
    queue.move(['c', 'gone', 'c'], 'b');
    expect(views.at(-1)?.waiting).toEqual(['a', 'c', 'b']);
    queue.move(['b'], 'gone');
    expect(views.at(-1)?.waiting).toEqual(['b', 'a', 'c']);
    queue.pause(true);
    queue.remove(['a', 'b']);
    expect(views.at(-1)).toEqual({ waiting: ['c'], isPaused: true });
    queue.remove(['c']);
    expect(views.at(-1)).toEqual({ waiting: [], isPaused: false });
    expect(queue.next).toBeNull();
    await queue.flush();
  });

  it('is as they came when its file makes no sense', async () => {
    const file = path.join(temporaryFolder(), 'queue.json');
    for (const text of ['{"version":1,"wait', '[]', '{"version":1,"waiting":["../x"],"isPaused":true}']) {
      writeFileSync(file, text);
      expect((await order(file, [], ['a', 'b'])).view).toEqual({ waiting: ['a', 'b'], isPaused: false });
    }
  });
});

const record = (patch: Partial<JobRecord> = {}): JobRecord => ({
  version: 1,
  id: 'job',
  sourceId: 'source',
  maskId: null,
  settings: generationSettingsSchema.parse({ prompt: 'a boat', seed: 1 }),
  group: null,
  state: 'running',
  createdAt: 1,
  startedAt: 2,
  deaths: 0,
  asksAgain: false,
  outputFolder: null,
  error: null,
  ...patch,
});

describe('a job after a restart', () => {
  it.each<[Partial<JobRecord>, boolean, string, JobState]>([
    [{ state: 'running' }, true, 'go-on', 'queued'],
    [{ state: 'running', deaths: 1 }, true, 'keep', 'interrupted'],
    [{ state: 'running', asksAgain: true }, true, 'keep', 'interrupted'],
    [{ state: 'queued', startedAt: null }, true, 'wait', 'queued'],
    [{ state: 'queued', asksAgain: true }, true, 'keep', 'interrupted'],
    [{ state: 'cancelling' }, true, 'keep', 'cancelled'],
    [{ state: 'cancelled' }, true, 'keep', 'cancelled'],
    [{ state: 'cancelled' }, false, 'forget', 'cancelled'],
    [{ state: 'cancelled', startedAt: null }, true, 'forget', 'cancelled'],
    [{ state: 'interrupted' }, false, 'keep', 'interrupted'],
    [{ state: 'failed', error: { code: 'engine-died', message: '' } }, false, 'keep', 'failed'],
    [{ state: 'failed', error: { code: 'model', message: '' } }, true, 'forget', 'failed'],
    [{ state: 'done' }, true, 'forget', 'done'],
  ])('%o (newest: %s) → %s, %s', (patch, isNewest, fate, state) => {
    const after = afterRestart(record(patch), isNewest);
    expect([after.fate, after.record.state]).toEqual([fate, state]);
    const before = record(patch).state;
    // A job that goes on was interrupted in between; every other step is one of the table.
    const isAllowed =
      before === state ||
      JOB_TRANSITIONS[before].includes(state) ||
      JOB_TRANSITIONS[before].some((between) => JOB_TRANSITIONS[between].includes(state));
    expect(isAllowed || (before === 'queued' && state === 'interrupted')).toBe(true);
  });
});

describe('what the desktop is told', () => {
  const view = (id: string, state: JobState, count = 1): JobView => ({
    id,
    state,
    sourceId: 'source',
    settings: generationSettingsSchema.parse({ prompt: '', seed: 1, count }),
    createdAt: 1,
    report: null,
    error: null,
    canResume: false,
  });

  it('is one progress over all jobs, no sleep meanwhile, and one word at the end', () => {
    const told: unknown[] = [];
    let jobs: JobView[] = [];
    let isPaused = false;
    const presence = new WorkPresence(
      {
        showProgress: (fraction) => told.push(fraction),
        keepAwake: (isWorking) => told.push(isWorking ? 'awake' : 'may sleep'),
        announceEnd: (pictures, stopped) => told.push([pictures, stopped]),
      },
      () => ({ jobs, isPaused }),
    );
    const change = (job: JobView, ...others: JobView[]): unknown[] => {
      jobs = [job, ...others];
      presence.jobChanged(job);
      return told.splice(0);
    };
    const step = (image: number, done: number): unknown[] => {
      presence.jobProgressed({ kind: 'step', image, step: done, of: 4, ms: 1, leftMs: null });
      return told.splice(0);
    };
    expect(change(view('a', 'queued', 2))).toEqual([]);
    const waiting = view('b', 'queued');
    expect(change(view('a', 'running', 2), waiting)).toEqual(['awake', 0]);
    expect([step(0, 2), step(1, 4)]).toEqual([[0.125], [0.5]]);
    expect(change(view('a', 'done', 2), waiting)).toEqual([0.5]);
    expect(change(view('b', 'running'), view('a', 'done', 2))).toEqual([0.5]);
    expect(change(view('b', 'failed'), view('a', 'done', 2))).toEqual([null, 'may sleep', [2, 1]]);
    // What a pause holds back is no work, and a cancelled job is no news.
    isPaused = true;
    expect(change(view('c', 'running'), waiting)).toEqual(['awake', 0]);
    expect(step(0, 2)).toEqual([0.5]);
    expect(change(view('c', 'cancelled'), waiting)).toEqual([null, 'may sleep']);
    presence.refresh();
    expect(told).toEqual([]);
  });
});

describe('what a killed app left', () => {
  it('is removed from our own folders: temporary files and half imports of before, and nothing else', async () => {
    const home = temporaryFolder();
    const at = (...parts: string[]): string => path.join(home, ...parts);
    const left = [
      at('.settings.json.0a1b2c3d4e5f.tmp'),
      at('jobs', 'j', '.job-record.json.0a1b2c3d4e5f.tmp'),
      at('jobs', 'j', 'journal', '.underpaint-0a1b2c3d4e5f.tmp'),
      at('results', '2026-01-02', '.underpaint-0a1b2c3d4e5f.tmp'),
      at('thumbnails', '.underpaint-0a1b2c3d4e5f.tmp'),
      at('graphs', 'm', 'unet.onnx.01234567-89ab-cdef-0123-456789abcdef.tmp'),
      at('sources', '.import-0123456789abcdef', 'original.png'),
    ];
    const kept = [
      at('settings.json'),
      at('jobs', 'j', 'job-record.json'),
      at('results', '2026-01-02', 'mine.tmp'),
      at('results', 'notes.tmp'),
    ];
    for (const file of [...left, ...kept]) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, 'x');
    }
    const now = at('jobs', 'j', '.of-now.tmp');
    writeFileSync(now, 'x');
    const soon = new Date(Date.now() + 60_000);
    utimesSync(now, soon, soon);
    const folders = {
      home,
      sourcesFolder: at('sources'),
      jobsFolder: at('jobs'),
      resultsFolder: at('results'),
      thumbnailsFolder: at('thumbnails'),
    };
    expect(await sweepTemporaries(folders, Date.now() + 1000, () => {})).toBe(left.length);
    expect(left.filter(existsSync)).toEqual([]);
    expect([...kept, now].every(existsSync)).toBe(true);
  });
});
