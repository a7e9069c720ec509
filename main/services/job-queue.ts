/** The queue: one job at a time in the person's order; every state is on disk before the next step, so nothing is lost with the app. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ResultView } from '../../shared/contract';
import { AppError, toErrorBody, type ErrorBody } from '../../shared/errors';
import type { GenerationSettings } from '../../shared/generation';
import {
  JOB_TRANSITIONS,
  type JobProgress,
  type JobState,
  type JobView,
  type QueueView,
} from '../../shared/job';
import type { Permission } from '../../shared/network-view';
import {
  variations,
  withWords,
  type Group,
  type SeededSettings,
  type Variation,
} from '../../shared/variations';
import type { EngineHost } from './engine-host';
import type { Gallery } from './gallery';
import { readJobRecords, writeJobRecord, type JobRecord } from './job-record';
import { ID_PATTERN, previewUrl } from './media-urls';
import { QueueOrder } from './queue-order';
import { ACTIVE, newId, newJob, RESUMABLE, seeded, viewOf, type Job, type JobRequest } from './queued-job';
import type { SourceStore } from './source-store';
import { afterRestart } from './unfinished';

export interface JobQueueOptions {
  jobsFolder: string;
  /** Where the order is kept. */
  orderFile: string;
  engine: EngineHost;
  sources: SourceStore;
  gallery: Gallery;
  log: (text: string) => void;
  /** False while the window is hidden: previews cost time. */
  wantsPreviews: () => boolean;
  onChanged: (job: JobView) => void;
  /** The order or the pause changed. */
  onOrder: (queue: QueueView) => void;
  onProgress: (jobId: string, progress: JobProgress, previewUrl: string | undefined) => void;
  /** Finished pictures: each one of several as it comes, and at the end all of the job. */
  onResults: (results: ResultView[]) => void;
}

/** When the engine died under this many jobs in a row, the next ones are better left alone. */
const MAX_DEATHS_IN_A_ROW = 3;

/** All jobs of this session and the unfinished ones of earlier sessions. */
export class JobQueue {
  readonly #options: JobQueueOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #order: QueueOrder;
  #hasBegun = false;
  #isRunning = false;
  #isClosed = false;
  #deathsInARow = 0;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: JobQueueOptions) {
    this.#options = options;
    this.#order = new QueueOrder(options.orderFile, options.log, options.onOrder);
  }

  /** Reads the jobs of earlier sessions: what was painted goes on first, what waited waits again; nothing runs before `begin`. */
  async load(): Promise<void> {
    const records = await readJobRecords(this.#options.jobsFolder, this.#options.log);
    const [goOn, wait]: [string[], string[]] = [[], []];
    for (const found of records) {
      const { record, fate } = afterRestart(found, found === records.at(-1));
      const job: Job = {
        record,
        report: null,
        abort: null,
        finish: null,
        allowedOnce: [],
        goesOn: fate === 'go-on',
      };
      this.#jobs.set(record.id, job);
      if (fate === 'forget') await this.#forget(job);
      else if (fate === 'go-on') goOn.push(record.id);
      else if (fate === 'wait') wait.push(record.id);
      // What goes on stays `running` on the disk until it does.
      if (record !== found && fate !== 'go-on') await this.#save(job);
    }
    await this.#order.load(goOn, wait);
  }

  /** Lets the queue work; called once the person sees it. */
  begin(): void {
    this.#hasBegun = true;
    void this.#runWaiting();
  }

  /** What waits, in order, and whether the queue is held. */
  get order(): QueueView {
    return this.#order.view;
  }

  /** All jobs, oldest first. */
  list(): JobView[] {
    return [...this.#jobs.values()].map(viewOf);
  }

  /** Puts a new job at the end. An open seed is decided here, and with it the prompt's choices. Throws `input` when the source is gone. */
  async start(request: JobRequest, allowedOnce: readonly Permission[] = []): Promise<JobView> {
    await this.#checkPictures(request);
    return this.#add(request, withWords(seeded(request.settings)), null, allowedOnce);
  }

  /** Puts several jobs that belong together at the end. Throws like `start`, and `usage` when there would be too many. */
  async startGroup(
    request: JobRequest,
    variation: Variation,
    allowedOnce: readonly Permission[] = [],
  ): Promise<JobView[]> {
    await this.#checkPictures(request);
    const all = variations(seeded(request.settings), variation);
    const id = newId();
    const views: JobView[] = [];
    for (const [index, settings] of all.entries()) {
      const group: Group = { id, kind: variation.kind, index, size: all.length };
      views.push(await this.#add(request, settings, group, allowedOnce));
    }
    return views;
  }

  /** Cancels a job that waits, runs or was interrupted; one that has ended is left as it is. */
  async cancel(jobId: string): Promise<void> {
    const job = this.#get(jobId);
    if (job.record.state === 'queued' || job.record.state === 'interrupted') {
      this.#order.remove([jobId]);
      await this.#change(job, 'cancelled');
    } else if (job.record.state === 'running') {
      const saved = this.#change(job, 'cancelling');
      job.abort?.abort();
      await saved;
    }
  }

  /** Stops the picture in work after its next step and keeps what is there; a job that does not run is left as it is. */
  keep(jobId: string): void {
    this.#get(jobId).finish?.abort();
  }

  /** Cancels those of the jobs that wait or run; null: all. */
  async cancelAll(jobIds: readonly string[] | null): Promise<void> {
    const chosen = [...this.#jobs.values()].filter(
      ({ record }) => ACTIVE.includes(record.state) && (jobIds?.includes(record.id) ?? true),
    );
    const ids = chosen.map(({ record }) => record.id);
    this.#order.remove(ids);
    await Promise.all(ids.map((id) => this.cancel(id)));
  }

  /** Puts waiting jobs, in the order given, before another waiting one; null: at the end. */
  move(jobIds: readonly string[], before: string | null): void {
    this.#order.move(jobIds, before);
  }

  /** Lets the running job be the last one for now, or lets the queue go on. */
  pause(isPaused: boolean): void {
    this.#order.pause(isPaused && this.#order.next !== null);
    if (!isPaused) this.#tryAgain();
  }

  /** Puts an interrupted, failed or cancelled job at the end again; the engine goes on from its journal. */
  async resume(
    jobId: string,
    settings = this.settingsOf(jobId),
    allowedOnce: readonly Permission[] = [],
  ): Promise<JobView> {
    const job = this.#get(jobId);
    if (!RESUMABLE.includes(job.record.state)) {
      throw new AppError(
        'usage',
        'Only a job that was interrupted, failed or cancelled can go on; this one needs no help.',
      );
    }
    job.allowedOnce = allowedOnce;
    await this.#change(job, 'queued', { settings, deaths: 0, asksAgain: allowedOnce.length > 0 });
    this.#enqueue(job);
    return viewOf(job);
  }

  /** The request as it was given, with its seed. */
  settingsOf(jobId: string): GenerationSettings {
    return this.#get(jobId).record.settings;
  }

  /** Forgets a job that does not run, with its journal. Its results stay. */
  async discard(jobId: string): Promise<void> {
    const job = this.#get(jobId);
    if (!RESUMABLE.includes(job.record.state) && job.record.state !== 'done') {
      throw new AppError('usage', 'A job that waits or runs cannot be discarded; cancel it first.');
    }
    await this.#forget(job);
  }

  /** Folder of a job's journal. */
  folderOf(jobId: string): string {
    return path.join(this.#options.jobsFolder, jobId);
  }

  /** The newest preview of a job; null for an id that is not known. */
  previewPath(jobId: string): string | null {
    return ID_PATTERN.test(jobId) && this.#jobs.has(jobId)
      ? path.join(this.folderOf(jobId), 'preview.png')
      : null;
  }

  /** The app is closing: nothing more is started, and what runs stays `running` on disk, to be resumed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#saving, this.#order.flush()]);
  }

  async #checkPictures({ sourceId, maskId = null }: JobRequest): Promise<void> {
    await this.#options.sources.originalPath(sourceId);
    if (maskId !== null) await this.#options.sources.originalPath(maskId, 'mask');
  }

  async #add(
    request: JobRequest,
    settings: SeededSettings,
    group: Group | null,
    allowedOnce: readonly Permission[],
  ): Promise<JobView> {
    const job = newJob(request, settings, group, allowedOnce);
    const { record } = job;
    await mkdir(this.folderOf(record.id), { recursive: true });
    await writeJobRecord(this.folderOf(record.id), record);
    this.#jobs.set(record.id, job);
    this.#options.onChanged(viewOf(job));
    this.#enqueue(job);
    return viewOf(job);
  }

  #enqueue(job: Job): void {
    this.#order.add(job.record.id);
    this.#tryAgain();
  }

  /** The person wants something now: an engine that gave up gets another chance. */
  #tryAgain(): void {
    this.#deathsInARow = 0;
    this.#options.engine.tryAgain();
    this.begin();
  }

  async #runWaiting(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let job = this.#next(); job !== null; job = this.#next()) await this.#run(job);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Takes the job out of the queue that begins now; null when none may. */
  #next(): Job | null {
    const { next, view } = this.#order;
    const job = next === null ? undefined : this.#jobs.get(next);
    if (job === undefined || this.#isClosed || !this.#hasBegun) return null;
    if (view.isPaused && !job.goesOn) return null;
    job.goesOn = false;
    this.#order.remove([job.record.id]);
    return job;
  }

  async #run(job: Job): Promise<void> {
    const { engine, gallery, sources } = this.#options;
    const { id, sourceId, maskId, settings, group } = job.record;
    const abort = new AbortController();
    const finish = new AbortController();
    Object.assign(job, { abort, finish });
    const forward = (progress: JobProgress): void => {
      if (progress.kind === 'step' && job.record.deaths > 0) {
        job.record = { ...job.record, deaths: 0 };
        void this.#save(job);
      }
      if (progress.kind === 'picture') void this.#keepPicture(job, progress);
      else this.#forward(id, progress);
    };
    try {
      const saved = this.#change(job, 'running', { startedAt: Date.now() });
      const outputFolder = job.record.outputFolder ?? (await gallery.folderOfDay(new Date()));
      await mkdir(outputFolder, { recursive: true });
      job.record = { ...job.record, outputFolder };
      await Promise.all([saved, this.#save(job)]);
      const report = await engine.request(
        'img2img',
        {
          inputPath: await sources.originalPath(sourceId),
          maskPath: maskId === null ? null : await sources.originalPath(maskId, 'mask'),
          settings,
          outputFolder,
          outputName: id,
          jobFolder: this.folderOf(id),
          previews: this.#options.wantsPreviews(),
          allowedOnce: [...job.allowedOnce],
        },
        { signal: abort.signal, finish: finish.signal, onProgress: forward },
      );
      const results = await gallery.add({
        id,
        sourceId,
        maskId,
        settings,
        group,
        report,
        finishedAt: Date.now(),
      });
      job.report = report;
      this.#deathsInARow = 0;
      this.#options.onResults(results);
      await this.#change(job, 'done');
      // A folder that cannot be removed now is no failure of the job; the next start forgets it.
      await rm(this.folderOf(id), { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) =>
        this.#options.log(`the folder of job ${id} could not be removed: ${String(error)}`),
      );
    } catch (error) {
      if (!this.#isClosed) await this.#stopped(job, toErrorBody(error));
    } finally {
      Object.assign(job, { abort: null, finish: null });
    }
  }

  /** A job that did not end well: cancelled by the person, interrupted with the engine, or failed. */
  async #stopped(job: Job, error: ErrorBody): Promise<void> {
    if (error.code === 'cancelled' || (error.code === 'engine-died' && job.record.state === 'cancelling')) {
      await this.#change(job, 'cancelled');
    } else if (error.code === 'engine-died') {
      this.#deathsInARow += 1;
      if (this.#deathsInARow >= MAX_DEATHS_IN_A_ROW) this.#order.pause(true);
      await this.#change(job, 'interrupted', { error });
    } else {
      await this.#change(job, 'failed', { error });
    }
  }

  /** Records a picture while the job's others are still painted: it stays, whatever becomes of the job. */
  async #keepPicture({ record }: Job, picture: Extract<JobProgress, { kind: 'picture' }>): Promise<void> {
    const { id, sourceId, maskId, settings, group } = record;
    const { image: firstImage, output } = picture;
    try {
      const report = { outputs: [output] };
      const added = { id, sourceId, maskId, settings, group, report, firstImage, finishedAt: Date.now() };
      this.#options.onResults(await this.#options.gallery.add(added));
    } catch (error) {
      this.#options.log(`picture ${firstImage} of job ${id} could not be recorded yet: ${String(error)}`);
    }
  }

  #forward(jobId: string, progress: JobProgress): void {
    const url = progress.kind === 'preview' ? previewUrl(jobId, progress.sequence) : undefined;
    this.#options.onProgress(jobId, progress, url);
  }

  /** Moves a job to its next state, tells the page, and answers when the record is on disk. */
  #change(job: Job, state: JobState, more: Partial<JobRecord> = {}): Promise<void> {
    if (!JOB_TRANSITIONS[job.record.state].includes(state))
      throw new AppError('internal', `A job cannot go from ${job.record.state} to ${state}.`);
    job.record = { ...job.record, error: null, ...more, state };
    this.#options.onChanged(viewOf(job));
    return this.#save(job);
  }

  /** Writes a job's record as it is when its turn comes; a disk that refuses must not stop the job itself. */
  #save(job: Job): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      if (!this.#jobs.has(job.record.id)) return;
      try {
        await writeJobRecord(this.folderOf(job.record.id), job.record);
      } catch (error) {
        this.#options.log(`the record of job ${job.record.id} could not be written: ${String(error)}`);
      }
    });
    return this.#saving;
  }

  async #forget(job: Job): Promise<void> {
    this.#jobs.delete(job.record.id);
    await this.#saving;
    await rm(this.folderOf(job.record.id), { recursive: true, force: true });
  }

  #get(jobId: string): Job {
    const job = this.#jobs.get(jobId);
    if (job === undefined) throw new AppError('usage', 'This job is not known any more; start it again.');
    return job;
  }
}
