/** How the page lists the queue, follows the work, and shows the pictures of a group. */
import { describe, expect, it } from 'vitest';
import { differingPart, groupInView } from '../../../renderer/state/groups';
import type { PageState } from '../../../renderer/state/page-state';
import { placeAfterMove, queueEntries } from '../../../renderer/state/queue-entries';
import { reduce, type PageEvent } from '../../../renderer/state/reduce';
import { activeRun, currentRun, shownResult } from '../../../renderer/state/selectors';
import type { JobState, JobView } from '../../../shared/job';
import { applyStyle } from '../../../shared/prompt-style';
import { asWritten, withWords, type Group } from '../../../shared/variations';
import { appState, job, page, result, settings } from './samples';

const play = (state: PageState, ...events: PageEvent[]): PageState => events.reduce(reduce, state);
const view = (id: string, state: JobState, createdAt: number, more: Partial<JobView> = {}): JobView =>
  job({ id, state, createdAt, ...more });
const changed = (...args: Parameters<typeof view>): PageEvent => ({
  type: 'job-changed',
  view: view(...args),
});
const waits = (waiting: string[], isPaused = false): PageEvent => ({
  type: 'queue-changed',
  queue: { waiting, isPaused },
});
const group = (index: number, size = 3): Group => ({ id: 'g', kind: 'strengths', index, size });

describe('the page and the queue', () => {
  it('follows the job that works, not the one that was added last', () => {
    const two = play(page(), changed('a', 'running', 1), changed('b', 'queued', 2), waits(['b']));
    expect(currentRun(two)?.view.id).toBe('a');
    expect(activeRun(two)?.view.id).toBe('a');
    const next = play(two, changed('a', 'done', 1), waits([]), changed('b', 'running', 2));
    expect(currentRun(next)?.view.id).toBe('b');
    expect(shownResult(next)).toBeNull();
  });

  it('goes on showing what the person chose, until they follow the work again', () => {
    const [old, made] = [
      result({ id: 'old', jobId: 'old', createdAt: 1 }),
      result({ id: 'new', jobId: 'a' }),
    ];
    const looking = play(page({ results: [old] }), changed('a', 'running', 1), {
      type: 'result-selected',
      resultId: 'old',
    });
    const later = play(looking, { type: 'results-added', results: [made] }, changed('a', 'done', 1));
    expect(shownResult(later)?.id).toBe('old');
    expect(shownResult(play(later, changed('b', 'running', 2)))?.id).toBe('old');
    // Pressing Generate while nothing works is a wish to see it.
    expect(shownResult(play(later, { type: 'start-asked' }, changed('b', 'queued', 2)))).toBeNull();
    const again = play(looking, { type: 'result-selected', resultId: null });
    expect(shownResult(play(again, { type: 'results-added', results: [made] }))?.id).toBe('new');
  });

  it('keeps the words of a failure while the next job begins', () => {
    const error = { code: 'internal', message: 'It broke.' } as const;
    const failed = play(page(), changed('a', 'running', 1), changed('a', 'failed', 1, { error }));
    const next = play(failed, changed('b', 'running', 2));
    expect(next.problem?.error.message).toBe('It broke.');
    expect(play(next, changed('a', 'queued', 1)).problem?.jobId).toBe('a');
    expect(play(failed, changed('a', 'queued', 1)).problem).toBeNull();
  });

  it('knows nothing that works behind a pause, and what goes on after a restart', () => {
    const held = play(page(), changed('a', 'queued', 1), waits(['a'], true));
    expect(activeRun(held)).toBeNull();
    const started = reduce(page(), {
      type: 'loaded',
      app: appState({
        jobs: [view('x', 'interrupted', 1), view('w', 'queued', 3), view('r', 'queued', 2)],
        queue: { waiting: ['r', 'w'], isPaused: false },
        results: [result()],
      }),
    });
    expect(currentRun(started)?.view.id).toBe('r');
    expect(started.selectedResultId).toBeNull();
  });
});

describe('the list', () => {
  const state = play(
    page(),
    changed('run', 'running', 1),
    changed('bad', 'failed', 2),
    changed('g0', 'queued', 3, { group: group(0) }),
    changed('g1', 'queued', 4, { group: group(1) }),
    changed('x', 'queued', 5),
    changed('g2', 'queued', 6, { group: group(2) }),
    changed('old', 'done', 0),
    waits(['x', 'g1', 'g0', 'g2']),
  );
  const lines = (now: PageState) =>
    queueEntries(now).map(({ kind, jobs }) => [kind, ...jobs.map(({ id }) => id)]);

  it('has what runs, what waits in its order with groups as one line, and what stopped', () => {
    expect(lines(state)).toEqual([
      ['running', 'run'],
      ['waiting', 'x'],
      ['waiting', 'g1', 'g0', 'g2'],
      ['stopped', 'bad'],
    ]);
    expect(lines(play(state, waits(['g0', 'x', 'g1', 'g2'])))).toContainEqual(['waiting', 'g1', 'g2']);
  });

  it('says before which job a line comes when it moves', () => {
    const waiting = queueEntries(
      play(
        state,
        waits(['x', 'g0', 'g1', 'g2']),
        changed('y', 'queued', 9),
        waits(['x', 'g0', 'g1', 'g2', 'y']),
      ),
    ).filter(({ kind }) => kind === 'waiting');
    expect(waiting.map(({ key }) => key)).toEqual(['x', 'g0', 'y']);
    expect(placeAfterMove(waiting, 'x', 1)).toEqual({ before: 'y' });
    expect(placeAfterMove(waiting, 'x', 9)).toEqual({ before: null });
    expect(placeAfterMove(waiting, 'y', -1)).toEqual({ before: 'g0' });
    expect(placeAfterMove(waiting, 'y', -2)).toEqual({ before: 'x' });
    expect(placeAfterMove(waiting, 'x', -1)).toBeUndefined();
    expect(placeAfterMove(waiting, 'gone', 1)).toBeUndefined();
  });
});

describe('a group', () => {
  it('shows what is there, in work, waiting and lost, with what sets each apart', () => {
    const strength = (value: number) => settings({ strength: value });
    const state = play(
      page({
        results: [result({ id: 'r0', jobId: 'g0', group: group(0, 4), settings: strength(0.2) })],
      }),
      changed('g1', 'running', 2, { group: group(1, 4), settings: strength(0.6) }),
      changed('g2', 'queued', 3, { group: group(2, 4), settings: strength(1) }),
      { type: 'result-selected', resultId: 'r0' },
    );
    const shown = groupInView(state);
    expect(shown?.kind).toBe('strengths');
    expect(shown?.members.map((member) => [member.state, member.jobId, member.difference])).toEqual([
      ['done', null, { kind: 'strength', strength: 0.2 }],
      ['running', 'g1', { kind: 'strength', strength: 0.6 }],
      ['waiting', 'g2', { kind: 'strength', strength: 1 }],
      ['stopped', null, { kind: 'unknown' }],
    ]);
    expect(groupInView(play(state, { type: 'result-selected', resultId: null }))?.members).toHaveLength(4);
    expect(groupInView(page({ results: [result()] }))).toBeNull();
  });

  it('names the words that differ, at whole words', () => {
    const prompts = ['a red house by a lake', 'a bright blue house by a lake'];
    expect(prompts.map(differingPart(prompts))).toEqual(['red', 'bright blue']);
    expect(['a house', 'a old house'].map(differingPart(['a house', 'a old house']))).toEqual(['', 'old']);
    expect(differingPart(['same', 'same'])('same')).toBe('');
  });

  it('gives back the prompt that was written, from which the seed picks the same', () => {
    const chosen = settings({ prompt: 'a red house', promptTemplate: 'a {red|blue} house', count: 4 });
    expect(asWritten(chosen)).toMatchObject({ prompt: 'a {red|blue} house', promptTemplate: null });
    const style = { name: 'ink', prompt: '{prompt}, {pen|brush} ink', negativePrompt: '' };
    const styled = withWords({
      ...applyStyle(settings({ ...chosen, prompt: 'a {red|blue} house', style: { ...style, typed: null } })),
      seed: 3,
    });
    expect(styled.prompt).toMatch(/^a (red|blue) house, (pen|brush) ink$/);
    expect(asWritten(styled)).toMatchObject({
      prompt: 'a {red|blue} house',
      style: { ...style, typed: null },
    });
  });
});
