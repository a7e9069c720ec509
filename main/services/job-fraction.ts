/** How far a job is, for the task bar. */
import type { JobProgress } from '../../shared/job';

/** 0 … 1 over all pictures of the job from one progress message; null when the message says nothing about it. */
export function jobFraction(progress: JobProgress, count: number): number | null {
  if (progress.kind !== 'step' || progress.of === 0 || count === 0) return null;
  return Math.min((progress.image + progress.step / progress.of) / count, 1);
}
