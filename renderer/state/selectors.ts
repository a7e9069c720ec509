/** Questions that several parts of the page ask about the state. */
import type { ResultView, Source } from '../../shared/contract';
import type { JobView } from '../../shared/job';
import { isActive, type JobRun } from './job-run';
import type { PageState } from './page-state';

/** The job that the page follows, or null. */
export function currentRun(state: PageState): JobRun | null {
  return state.currentJobId === null ? null : (state.runs[state.currentJobId] ?? null);
}

/** The job that works now, or null. */
export function activeRun(state: PageState): JobRun | null {
  return Object.values(state.runs).find((run) => isActive(run.view)) ?? null;
}

/** Jobs that stopped before their end without an error and can go on, newest first. */
export function stoppedJobs(state: PageState): JobView[] {
  return Object.values(state.runs)
    .map((run) => run.view)
    .filter((view) => view.state === 'interrupted' || (view.state === 'cancelled' && view.canResume))
    .sort((a, b) => b.createdAt - a.createdAt);
}

/** The result in the big view: the selected one, unless the view follows a running job. */
export function shownResult(state: PageState): ResultView | null {
  return state.results.find((result) => result.id === state.selectedResultId) ?? null;
}

/** The picture that a result was made from, if the page knows it. */
export function sourceOf(state: PageState, result: ResultView): Source | null {
  return state.sources[result.sourceId] ?? null;
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
