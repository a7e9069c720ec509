/** What the desktop is told about the work: progress over everything that waits and runs, no sleep meanwhile, one word when it is over. */
import type { JobProgress, JobView } from '../../shared/job';

/** The desktop's side, as small as it can be. */
export interface Presence {
  /** 0 … 1, or null when nothing runs. */
  showProgress: (fraction: number | null) => void;
  keepAwake: (isWorking: boolean) => void;
  /** Pictures that are ready, and jobs that stopped before their end. */
  announceEnd: (pictures: number, stopped: number) => void;
}

/** The queue as it is. */
export interface Work {
  jobs: readonly JobView[];
  isPaused: boolean;
}

export class WorkPresence {
  readonly #presence: Presence;
  readonly #work: () => Work;
  #isWorking = false;
  /** Share of the running job. */
  #share = 0;
  /** Since the work began. */
  #ended = 0;
  #pictures = 0;
  #stopped = 0;

  constructor(presence: Presence, work: () => Work) {
    this.#presence = presence;
    this.#work = work;
  }

  /** A job is in another state than before. */
  jobChanged({ state, settings, report }: JobView): void {
    if (state === 'running') {
      this.#share = 0;
      if (!this.#isWorking) {
        this.#isWorking = true;
        this.#presence.keepAwake(true);
      }
    } else if (this.#isWorking && state !== 'queued' && state !== 'cancelling') {
      this.#ended += 1;
      this.#share = 0;
      if (state === 'done') this.#pictures += report?.outputs.length ?? settings.count;
      else if (state !== 'cancelled') this.#stopped += 1;
    }
    this.refresh();
  }

  /** The running job went on. */
  jobProgressed(progress: JobProgress): void {
    const count = this.#running()?.settings.count ?? 0;
    if (progress.kind !== 'step' || progress.of === 0 || count === 0) return;
    this.#share = Math.min((progress.image + progress.step / progress.of) / count, 1);
    this.refresh();
  }

  /** Says where the work is, or that it is over. */
  refresh(): void {
    if (!this.#isWorking) return;
    const { jobs, isPaused } = this.#work();
    const waiting = jobs.filter(({ state }) => state === 'queued').length;
    const isRunning = this.#running() !== undefined;
    if (isRunning || (waiting > 0 && !isPaused)) {
      // What a pause holds back is not part of this work.
      const open = (isRunning ? 1 : 0) + (isPaused ? 0 : waiting);
      this.#presence.showProgress((this.#ended + this.#share) / (this.#ended + open));
      return;
    }
    const [pictures, stopped] = [this.#pictures, this.#stopped];
    this.#isWorking = false;
    [this.#ended, this.#pictures, this.#stopped, this.#share] = [0, 0, 0, 0];
    this.#presence.showProgress(null);
    this.#presence.keepAwake(false);
    if (pictures + stopped > 0) this.#presence.announceEnd(pictures, stopped);
  }

  #running(): JobView | undefined {
    return this.#work().jobs.find(({ state }) => state === 'running' || state === 'cancelling');
  }
}
