/** Which buttons an error offers, by what failed and why. */
import type { ErrorCode } from '../../shared/errors';
import type { Problem, PageState } from './page-state';

export type WayOut =
  | 'reload'
  | 'try-again'
  | 'resume'
  | 'use-cpu'
  | 'open-picture'
  | 'open-mask'
  | 'open-settings'
  | 'open-model'
  | 'use-starter-model'
  | 'discard';

/** Errors after which the same request may well succeed. */
const WORTH_ANOTHER_TRY: ReadonlySet<ErrorCode> = new Set([
  'internal',
  'disk-full',
  'engine-died',
  'output',
  'endpoint',
  'out-of-memory',
]);

/** True for errors after which going on with the same job may well succeed. */
export const isWorthAnotherTry = (code: ErrorCode): boolean => WORTH_ANOTHER_TRY.has(code);

/** The ways out of a problem, the best one first. A list is empty only where dismissing is all there is to do. */
export function waysOut(problem: Problem, state: PageState): WayOut[] {
  const { code } = problem.error;
  if (problem.origin === 'start') return ['reload'];
  if (problem.origin === 'settings') return ['open-settings'];
  if (problem.origin === 'mask') return ['open-mask'];
  if (code === 'model') {
    return state.draft.settings.model === null ? ['open-model'] : ['use-starter-model', 'open-model'];
  }
  if (problem.origin === 'source' || code === 'input') return ['open-picture'];
  if (problem.origin !== 'job') return [];
  const run = problem.jobId === null ? undefined : state.runs[problem.jobId];
  const ways: WayOut[] = [];
  if (code === 'out-of-memory' && state.draft.settings.device !== 'cpu') ways.push('use-cpu');
  if (run?.view.canResume === true) ways.push('resume');
  else if (isWorthAnotherTry(code)) ways.push('try-again');
  if (run?.view.canResume === true) ways.push('discard');
  return ways;
}
