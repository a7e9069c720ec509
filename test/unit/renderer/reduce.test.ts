/** What the page makes of the events of jobs and results. */
import { describe, expect, it } from 'vitest';
import type { JobProgress } from '../../../shared/job';
import { announcement } from '../../../renderer/state/announce';
import { stageShare } from '../../../renderer/state/job-run';
import type { PageState } from '../../../renderer/state/page-state';
import { reduce, type PageEvent } from '../../../renderer/state/reduce';
import {
  currentRun,
  inputUrlOf,
  jobNotices,
  runInView,
  shownResult,
  stoppedJobs,
} from '../../../renderer/state/selectors';
import { waysOut } from '../../../renderer/state/ways-out';
import { job, page, report, result, settings, SKETCH, STARTER } from './samples';

const play = (state: PageState, ...events: PageEvent[]): PageState => events.reduce(reduce, state);
const progress = (value: JobProgress, previewUrl?: string): PageEvent => ({
  type: 'job-progress',
  event: { jobId: 'job-1', progress: value, ...(previewUrl === undefined ? {} : { previewUrl }) },
});
const start = (stage: 'encode' | 'generate' | 'decode', image = 0): PageEvent =>
  progress({
    kind: 'stage-start',
    stage,
    image,
    where: 'local',
    device: 'cpu',
    provider: 'cpu',
    tiled: false,
    reason: 'No GPU was found.',
  });
const end = (stage: 'encode' | 'generate' | 'decode', ms: number, image = 0): PageEvent =>
  progress({ kind: 'stage-done', stage, image, ms });
const step = (done: number, of: number, leftMs: number | null = null): PageEvent =>
  progress({ kind: 'step', image: 0, step: done, of, ms: 10, leftMs });
const running: PageEvent = { type: 'job-changed', view: job({ state: 'running' }) };

describe('a job that runs', () => {
  it('is followed stage by stage', () => {
    const state = play(
      page(),
      running,
      start('encode'),
      end('encode', 40),
      start('generate'),
      step(3, 12, 9000),
    );
    const run = currentRun(state);
    expect(run?.stages.encode).toMatchObject({ state: 'done', ms: 40 });
    expect(run?.stages.generate).toMatchObject({ state: 'running', done: 3, of: 12 });
    expect(run?.stages.generate.place).toMatchObject({ device: 'cpu', reason: 'No GPU was found.' });
    expect(run?.stages.decode.state).toBe('waiting');
    expect(run?.leftMs).toBe(9000);
    expect(run && stageShare(run.stages.generate)).toBe(0.25);
  });

  it('keeps what was predicted and what was measured, also when a stage moves while it runs', () => {
    const begun = (provider: 'webgpu' | 'cpu'): PageEvent =>
      progress({
        kind: 'stage-start',
        stage: 'decode',
        image: 0,
        where: 'local',
        device: provider === 'cpu' ? 'cpu' : 'gpu',
        provider,
        tiled: false,
        reason: 'because',
        predicted: { memoryBytes: 1e9, ms: 500 },
      });
    const moved = play(page(), running, begun('webgpu'), begun('cpu'));
    expect(currentRun(moved)?.stages.decode.place).toMatchObject({
      device: 'cpu',
      predicted: { memoryBytes: 1e9, ms: 500 },
    });
    const done = play(
      moved,
      progress({ kind: 'stage-done', stage: 'decode', image: 0, ms: 700, memoryBytes: 2e9 }),
    );
    expect(currentRun(done)?.stages.decode).toMatchObject({ state: 'done', ms: 700, memoryBytes: 2e9 });
  });

  it('knows tiles, and says nothing about the share of a stage without parts', () => {
    const begun = play(page(), running, start('decode'));
    expect(stageShare(currentRun(begun)!.stages.decode)).toBeNull();
    const tiled = play(begun, progress({ kind: 'tile', stage: 'decode', image: 0, tile: 1, of: 4 }));
    expect(stageShare(currentRun(tiled)!.stages.decode)).toBe(0.25);
  });

  it('goes through the later stages again for the next picture and adds up their times', () => {
    const first = play(
      page(),
      running,
      start('generate'),
      end('generate', 100),
      start('decode'),
      end('decode', 30),
    );
    const second = play(first, start('generate', 1));
    expect(currentRun(second)).toMatchObject({ image: 1 });
    expect(currentRun(second)?.stages.decode).toMatchObject({ state: 'waiting', ms: 30 });
    expect(currentRun(play(second, end('generate', 80, 1)))?.stages.generate.ms).toBe(180);
  });

  it('shows the newest preview while no result is chosen', () => {
    const preview: JobProgress = { kind: 'preview', image: 0, sequence: 2, width: 8, height: 8 };
    const state = play(page(), running, progress(preview, 'app://p?n=2'));
    expect(runInView(state)?.previewUrl).toBe('app://p?n=2');
    expect(shownResult(state)).toBeNull();
  });

  it('keeps each notice once', () => {
    const notice = progress({ kind: 'notice', message: 'The CPU took over.' });
    expect(currentRun(play(page(), running, notice, notice))?.notices).toEqual(['The CPU took over.']);
  });

  it('says what the engine said until another result than its own is looked at', () => {
    const state = play(
      page({ results: [result({ id: 'old', jobId: 'old', createdAt: 1 })] }),
      running,
      progress({ kind: 'notice', message: 'The CPU took over.' }),
      { type: 'results-added', results: [result()] },
      { type: 'job-changed', view: job({ state: 'done', report: report() }) },
    );
    expect(jobNotices(state)).toEqual(['The CPU took over.']);
    expect(jobNotices(play(state, { type: 'result-selected', resultId: 'old' }))).toEqual([]);
  });

  it('ignores progress of a job that it does not know', () => {
    expect(play(page(), step(1, 2)).runs).toEqual({});
  });
});

describe('the end of a job', () => {
  it('selects the new picture and shows the report', () => {
    const state = play(
      page({ results: [result({ id: 'old', jobId: 'old', createdAt: 1 })] }),
      running,
      { type: 'results-added', results: [result({ id: 'a' }), result({ id: 'b' })] },
      { type: 'job-changed', view: job({ state: 'done', report: report() }) },
    );
    expect(state.results.map((one) => one.id)).toEqual(['a', 'b', 'old']);
    expect(shownResult(state)?.id).toBe('a');
    expect(currentRun(state)?.stages.encode).toMatchObject({ state: 'done', ms: 12 });
  });

  it('lists the first of several pictures at once, and selects it when all are there', () => {
    const several = job({ state: 'running', settings: settings({ count: 2 }) });
    const [first, second] = [result({ id: 'a', seed: 7 }), result({ id: 'b', seed: 8 })];
    const half = play(
      page(),
      { type: 'job-changed', view: several },
      { type: 'results-added', results: [first] },
    );
    expect(half.results).toEqual([first]);
    expect(shownResult(half)).toBeNull();
    const both = play(half, { type: 'results-added', results: [second] });
    expect(both.results.map((one) => one.id)).toEqual(['a', 'b']);
    const done = play(both, { type: 'results-added', results: [first, second] });
    expect(shownResult(done)?.id).toBe('a');
  });

  it('becomes a problem with ways out when it failed', () => {
    const failed = job({
      state: 'failed',
      canResume: true,
      error: { code: 'out-of-memory', message: 'The card is full.' },
    });
    const state = play(page(), running, start('generate'), step(2, 4), { type: 'job-changed', view: failed });
    expect(state.problem).toMatchObject({ origin: 'job', jobId: 'job-1' });
    expect(waysOut(state.problem!, state)).toEqual(['use-cpu', 'resume', 'discard']);
    expect(currentRun(state)?.stages.generate).toMatchObject({ state: 'stopped', done: 2 });
    expect(stoppedJobs(state)).toEqual([]);
    const again = play(state, { type: 'job-changed', view: job({ state: 'queued' }) });
    expect(again.problem).toBeNull();
    expect(currentRun(again)?.stages.generate.state).toBe('waiting');
  });

  it('shows the newest result again when it stopped before there was anything to see', () => {
    const before = play(page({ results: [result({ id: 'old', jobId: 'old' })] }), running);
    expect(shownResult(before)).toBeNull();
    const error = { code: 'model', message: 'The model cannot be used.' } as const;
    const failed: PageEvent = { type: 'job-changed', view: job({ state: 'failed', error }) };
    expect(shownResult(play(before, failed))?.id).toBe('old');
    const preview: JobProgress = { kind: 'preview', image: 0, sequence: 2, width: 8, height: 8 };
    const seen = play(before, progress(preview, 'app://p?n=2'), failed);
    expect(shownResult(seen)).toBeNull();
    expect(runInView(seen)?.previewUrl).toBe('app://p?n=2');
  });

  it('takes the error about saving away when saving worked', () => {
    const problem = {
      origin: 'result',
      error: { code: 'output', message: 'No.' },
      jobId: null,
    } as const;
    const refused = play(page(), { type: 'problem', problem });
    const saved: PageEvent = { type: 'notice', notice: { key: 'saved', values: { path: '/a.png' } } };
    expect(play(refused, { type: 'notice', notice: null }).problem).not.toBeNull();
    expect(play(refused, saved).problem).toBeNull();
  });

  it('offers to go on with an interrupted one, and with a cancelled one only until the next', () => {
    const interrupted = play(page(), running, {
      type: 'job-changed',
      view: job({ state: 'interrupted', canResume: true }),
    });
    expect(stoppedJobs(interrupted)).toHaveLength(1);
    const cancelled = play(page(), running, {
      type: 'job-changed',
      view: job({ state: 'cancelled', canResume: true }),
    });
    expect(stoppedJobs(cancelled)).toHaveLength(1);
    const next = play(cancelled, { type: 'job-changed', view: job({ id: 'job-2', createdAt: 5000 }) });
    expect(stoppedJobs(next)).toEqual([]);
  });

  it('forgets a discarded job with its problem', () => {
    const error = { code: 'internal', message: 'No.' } as const;
    const failed = play(page(), { type: 'job-changed', view: job({ state: 'failed', error }) });
    const state = play(failed, { type: 'job-forgotten', jobId: 'job-1' });
    expect(state).toMatchObject({ problem: null, currentJobId: null, runs: {} });
    const before = play(page({ results: [result()] }), {
      type: 'job-changed',
      view: job({ id: 'job-2', state: 'running' }),
    });
    expect(shownResult(before)).toBeNull();
    expect(shownResult(play(before, { type: 'job-forgotten', jobId: 'job-2' }))?.id).toBe('result-1');
  });
});

describe('a new start', () => {
  it('offers the failed job of an earlier session again, but not one that cannot get better', () => {
    const failed = (code: 'internal' | 'input') =>
      page({ jobs: [job({ state: 'failed', canResume: true, error: { code, message: 'It failed.' } })] });
    expect(stoppedJobs(failed('internal'))).toHaveLength(1);
    expect(stoppedJobs(failed('input'))).toEqual([]);
  });

  it('takes in the results of earlier sessions when they come, and shows the newest unless there is more to see', () => {
    const [old, older] = [
      result({ id: 'old-0', jobId: 'old', createdAt: 2 }),
      result({ id: 'older-0', jobId: 'older', createdAt: 1 }),
    ];
    const waiting = page({ results: null });
    expect(waiting).toMatchObject({ areResultsRead: false, results: [], selectedResultId: null });
    const read = play(waiting, { type: 'results-read', results: [older, old] });
    expect(read).toMatchObject({ areResultsRead: true, results: [old, older], selectedResultId: 'old-0' });
    // One that was made meanwhile stays, and is there once.
    const fresh = result({ id: 'fresh-0', jobId: 'fresh', createdAt: 3 });
    const both = play(
      waiting,
      { type: 'results-added', results: [fresh] },
      { type: 'result-selected', resultId: 'fresh-0' },
      { type: 'results-read', results: [fresh, old] },
    );
    expect(both).toMatchObject({ results: [fresh, old], selectedResultId: 'fresh-0' });
    const busy = page({ results: null, jobs: [job({ state: 'running' })] });
    expect(play(busy, { type: 'results-read', results: [old] }).selectedResultId).toBeNull();
  });

  it('shows the newest result and knows its input even when another picture is open', () => {
    const old = result({ id: 'old', sourceId: 'gone', createdAt: 1, sourceUrl: 'app://media/gone' });
    const state = page({ results: [old, result({ id: 'new', createdAt: 2, jobId: 'job-2' })] });
    expect(shownResult(state)?.id).toBe('new');
    expect(inputUrlOf(state, old)).toBe('app://media/gone');
    expect(inputUrlOf(state, result())).toBe(SKETCH.url);
    expect(inputUrlOf(state, result({ sourceId: 'unknown' }))).toBeNull();
  });
});

describe('models and pictures', () => {
  it('chooses an opened model and clears the problem about it', () => {
    const missing = play(
      page({ draft: { settings: settings({ model: '/gone' }), isSeedLocked: false, sourceId: null } }),
      {
        type: 'problem',
        problem: { origin: 'job', error: { code: 'model', message: 'No model.' }, jobId: null },
      },
    );
    expect(waysOut(missing.problem!, missing)).toEqual(['use-starter-model', 'open-model']);
    const opened = play(missing, { type: 'model-opened', model: { ...STARTER, id: '/models/other' } });
    expect(opened.draft.settings.model).toBe('/models/other');
    expect(opened.problem).toBeNull();
    expect(play(opened, { type: 'model-opened', model: STARTER }).draft.settings.model).toBeNull();
  });

  it('remembers the picture in the draft, and leaves everything when the dialog was closed', () => {
    const other = { ...SKETCH, id: 'other' };
    const state = play(page(), { type: 'import-started' }, { type: 'import-ended', source: other });
    expect(state).toMatchObject({ isImporting: false, source: other, draft: { sourceId: 'other' } });
    const closed = play(state, { type: 'import-started' }, { type: 'import-ended', source: null });
    expect(closed.source).toBe(other);
  });

  it('offers another picture when one cannot be read', () => {
    const state = play(page(), {
      type: 'problem',
      problem: { origin: 'source', error: { code: 'input', message: 'Not a picture.' }, jobId: null },
    });
    expect(waysOut(state.problem!, state)).toEqual(['open-picture']);
  });
});

describe('announcement', () => {
  it('changes at stages and quarters only', () => {
    const states = [1, 2, 3, 4, 5, 6, 7, 8].map((done) =>
      announcement(currentRun(play(page(), running, start('generate'), step(done, 8)))),
    );
    expect(new Set(states.map((one) => JSON.stringify(one))).size).toBe(5);
    expect(states[2]).toEqual({ key: 'stage', stage: 'generate', percent: 25 });
    expect(announcement(null)).toBeNull();
    const done = play(page(), { type: 'job-changed', view: job({ state: 'done', report: report() }) });
    expect(announcement(currentRun(done))).toEqual({ key: 'done', count: 1 });
  });
});
