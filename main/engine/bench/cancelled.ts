/** Stopping a measurement between two of its pieces. */
import { AppError } from '../../../shared/errors';

/** Throws `AppError('cancelled')` once the signal is aborted. */
export function throwIfStopped(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new AppError(
    'cancelled',
    'The measurement was stopped before it was finished; nothing of it is kept.',
  );
}
