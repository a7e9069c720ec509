/** Reading a scheduler's exported state back, as untrusted data from a journal on disk. */
import { AppError } from '../../../shared/errors';
import type { SchedulerState } from './scheduler';

/** The number under `key`; throws AppError('internal') when the state does not have it. */
export function requireNumber(state: SchedulerState, key: string): number {
  const value = state.numbers[key];
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new AppError(
    'internal',
    'The saved progress of this job cannot be read; discard the job and start it again.',
    { details: `scheduler state without "${key}"` },
  );
}

/** Copies of the tensors `prefix0`, `prefix1`, ... in order. */
export function historyOf(state: SchedulerState, prefix: string): Float32Array[] {
  const history: Float32Array[] = [];
  for (let tensor = state.tensors[`${prefix}0`]; tensor;) {
    history.push(tensor.slice());
    tensor = state.tensors[`${prefix}${history.length}`];
  }
  return history;
}
