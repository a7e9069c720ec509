/** Questions that several parts of the page ask about the state. */
import type { ResultView } from '../../shared/contract';
import type { JobView } from '../../shared/job';
import { isActive, type JobRun } from './job-run';
import type { PageState } from './page-state';
import { isWorthAnotherTry } from './ways-out';

/** The job that the page follows, or null. */
export function currentRun(state: PageState): JobRun | null {
  return state.currentJobId === null ? null : (state.runs[state.currentJobId] ?? null);
}

/** The job that works now, or the one that begins next; null when nothing works, or when a pause holds what waits. */
export function activeRun({ runs, queue }: Pick<PageState, 'runs' | 'queue'>): JobRun | null {
  const active = Object.values(runs).filter(({ view }) => isActive(view));
  const running = active.find(({ view }) => view.state !== 'queued');
  if (running !== undefined) return running;
  if (queue.isPaused) return null;
  return active.find(({ view }) => view.id === queue.waiting[0]) ?? active[0] ?? null;
}

/** True while a picture has something to keep and steps to leave out: only this machine's own steps can be left out. */
export function canKeep({ view, stages: { generate } }: JobRun): boolean {
  const { state, done, of, place } = generate;
  if (view.state !== 'running' || state !== 'running' || place?.where === 'remote') return false;
  return done !== null && of !== null && done > 0 && done < of - 1;
}

/**
 * Jobs that stopped before their end and can go on, newest first: interrupted ones, failed ones of an earlier session,
 * and a cancelled one for as long as it is the newest job.
 */
export function stoppedJobs(state: PageState): JobView[] {
  return Object.values(state.runs)
    .filter(({ view, isFromBefore }) => {
      if (!view.canResume || view.id === state.problem?.jobId) return false;
      if (view.state === 'interrupted') return true;
      if (view.state === 'cancelled') return view.id === state.currentJobId;
      return (
        view.state === 'failed' && isFromBefore && view.error !== null && isWorthAnotherTry(view.error.code)
      );
    })
    .map((run) => run.view)
    .sort((a, b) => b.createdAt - a.createdAt);
}

/** The result in the big view: the selected one, unless the view follows a running job. */
export function shownResult(state: PageState): ResultView | null {
  return state.results.find((result) => result.id === state.selectedResultId) ?? null;
}

/** Address of the picture that a result was made from, or null when the page does not know it. */
export function inputUrlOf(state: PageState, result: ResultView): string | null {
  return state.sources[result.sourceId]?.url ?? result.sourceUrl ?? null;
}

/** The same with all of its pixels. */
export function fullInputUrlOf(state: PageState, result: ResultView): string | null {
  return state.sources[result.sourceId]?.fullUrl ?? result.sourceFullUrl ?? inputUrlOf(state, result);
}

/** The job whose preview the big view shows: the one in work, or the stopped one that the page still follows. */
export function runInView(state: PageState): JobRun | null {
  const active = activeRun(state);
  if (active !== null) return active;
  const followed = currentRun(state);
  return followed !== null && followed.view.state !== 'done' && followed.previewUrl !== null
    ? followed
    : null;
}

/** What the engine said about the followed job; once that job is done, only for as long as one of its results is shown. */
export function jobNotices(state: PageState): readonly string[] {
  const run = currentRun(state);
  if (run === null) return NO_NOTICES;
  const isOver = run.view.state === 'done' && shownResult(state)?.jobId !== run.view.id;
  return isOver ? NO_NOTICES : run.notices;
}

const NO_NOTICES: readonly string[] = [];
