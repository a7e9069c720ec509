/** What a job is given besides its request. */
import { AppError } from '../../shared/errors';
import type { JobProgress } from '../../shared/job';
import type { ModelCache } from './model/loaded-model';
import type { Machine } from './plan/machine';
import type { RemoteAccess } from './remote/places';
import type { SchedulerConfig } from './schedulers/scheduler-config';

export interface JobContext {
  readonly models: ModelCache;
  /** Aborted: the job ends before its next step with `AppError('cancelled')`. */
  readonly signal: AbortSignal;
  /** Aborted: the picture in work ends after its next step on this machine, and what is there is decoded and saved. */
  readonly finish?: AbortSignal | undefined;
  readonly onProgress: (progress: JobProgress) => void;
  /** What the job may use of the network; left out: nothing. */
  readonly remote?: RemoteAccess | undefined;
  /** What the planner asks; left out: the machine that this runs on. */
  readonly machine?: Machine | undefined;
  /** Sees named tensors on their way, for comparisons with diffusers. */
  readonly inspect?: (name: string, data: ArrayLike<number>) => void;
  /** Behave exactly as diffusers does where this app does better by default. */
  readonly exact?: {
    /** Replaces the model's scheduler_config.json. */
    readonly schedulerConfig?: SchedulerConfig;
    /** PNDM starts as diffusers starts it (pipelines.md 2.3). */
    readonly pndm?: boolean;
    /** Prompts are cut at 77 tokens and weights are not read. */
    readonly prompt?: boolean;
    /** Of each cell of the latents the mask's first pixel counts, instead of any. */
    readonly mask?: boolean;
  };
}

/** What a job ends with when its signal was aborted. */
export const cancelledError = (): AppError =>
  new AppError(
    'cancelled',
    'The job was cancelled before it was finished; img2img keeps what is done and goes on from there when it is started again.',
  );

/** Between two pieces of work that cannot be stopped themselves. */
export function throwIfCancelled({ signal }: Pick<JobContext, 'signal'>): void {
  if (signal.aborted) throw cancelledError();
}
