/** The queue: one job at a time in the order they came; every state is on disk before the next step, so nothing is lost with the app. */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ResultView } from '../../shared/contract';
import { AppError, toErrorBody, type ErrorBody } from '../../shared/errors';
import { MAX_RANDOM_SEED, type GenerationSettings } from '../../shared/generation';
import {
  JOB_TRANSITIONS,
  type JobProgress,
  type JobReport,
  type JobState,
  type JobView,
} from '../../shared/job';
import type { Permission } from '../../shared/network-view';
import type { EngineHost } from './engine-host';
import type { Gallery } from './gallery';
import { readJobRecords, writeJobRecord, type JobRecord } from './job-record';
import { ID_PATTERN, previewUrl } from './media-urls';
import type { SourceStore } from './source-store';

export interface JobQueueOptions {
  jobsFolder: string;
  engine: EngineHost;
  sources: SourceStore;
  gallery: Gallery;
  log: (text: string) => void;
  /** False while the window is hidden: previews cost time. */
  wantsPreviews: () => boolean;
  onChanged: (job: JobView) => void;
  onProgress: (jobId: string, progress: JobProgress, previewUrl: string | undefined) => void;
  /** Finished pictures: each one of several as it comes, and at the end (`isJobDone`) all of the job. */
  onResults: (results: ResultView[], isJobDone: boolean) => void;
}

interface Job {
  record: JobRecord;
  report: JobReport | null;
  /** Cancels the job while it runs. */
  abort: AbortController | null;
  /** What the person allowed for this job alone; a later session asks again. */
  allowedOnce: readonly Permission[];
}

/** Failures of the request itself; nothing that was done for it can be of use. */
const HOPELESS: readonly ErrorBody['code'][] = ['usage', 'input', 'model'];

const isHopeless = (record: JobRecord): boolean =>
  record.state === 'failed' && record.error !== null && HOPELESS.includes(record.error.code);

const RESUMABLE: readonly JobState[] = ['interrupted', 'failed', 'cancelled'];

/** All jobs of this session and the unfinished ones of earlier sessions. */
export class JobQueue {
  readonly #options: JobQueueOptions;
  readonly #jobs = new Map<string, Job>();
  /** Ids that wait, in order. */
  readonly #waiting: string[] = [];
  #isRunning = false;
  #isClosed = false;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: JobQueueOptions) {
    this.#options = options;
  }

  /**
   * Reads the jobs of earlier sessions; those that were waiting or running then are `interrupted` now, and those that failed for what
   * was asked are forgotten: going on would fail the same way.
   */
  async load(): Promise<void> {
    for (const record of await readJobRecords(this.#options.jobsFolder, this.#options.log)) {
      const job: Job = { record, report: null, abort: null, allowedOnce: [] };
      this.#jobs.set(record.id, job);
      if (record.state === 'done' || isHopeless(record)) await this.#forget(job);
      else if (record.state === 'cancelling') job.record = { ...record, state: 'cancelled' };
      else if (record.state === 'running' || record.state === 'queued')
        job.record = { ...record, state: 'interrupted', error: closedWhile(record.state) };
      if (job.record !== record) await this.#save(job);
    }
  }

  /** All jobs, oldest first. */
  list(): JobView[] {
    return [...this.#jobs.values()].map(toView);
  }

  /** Puts a new job at the end. An open seed is decided here. Throws `input` when the source is gone. */
  async start(
    request: { sourceId: string; maskId?: string | null; settings: GenerationSettings },
    allowedOnce: readonly Permission[] = [],
  ): Promise<JobView> {
    const { sourceId, maskId = null } = request;
    await this.#options.sources.originalPath(sourceId);
    if (maskId !== null) await this.#options.sources.originalPath(maskId, 'mask');
    const createdAt = Date.now();
    const record: JobRecord = {
      version: 1,
      id: `${createdAt.toString(36)}-${randomBytes(4).toString('hex')}`,
      sourceId,
      maskId,
      settings: { ...request.settings, seed: request.settings.seed ?? randomInt(MAX_RANDOM_SEED + 1) },
      state: 'queued',
      createdAt,
      startedAt: null,
      outputFolder: null,
      error: null,
    };
    const job: Job = { record, report: null, abort: null, allowedOnce };
    await mkdir(this.folderOf(record.id), { recursive: true });
    await writeJobRecord(this.folderOf(record.id), record);
    this.#jobs.set(record.id, job);
    this.#options.onChanged(toView(job));
    this.#enqueue(job);
    return toView(job);
  }

  /** Cancels a job that waits, runs or was interrupted; one that has ended is left as it is. */
  async cancel(jobId: string): Promise<void> {
    const job = this.#get(jobId);
    if (job.record.state === 'queued' || job.record.state === 'interrupted') {
      this.#removeFromWaiting(jobId);
      await this.#change(job, 'cancelled');
    } else if (job.record.state === 'running') {
      const saved = this.#change(job, 'cancelling');
      job.abort?.abort();
      await saved;
    }
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
    await this.#change(job, 'queued', { settings });
    this.#enqueue(job);
    return toView(job);
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
    await this.#saving;
  }

  #enqueue(job: Job): void {
    this.#options.engine.tryAgain();
    this.#waiting.push(job.record.id);
    void this.#runWaiting();
  }

  #removeFromWaiting(jobId: string): void {
    const index = this.#waiting.indexOf(jobId);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  async #runWaiting(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let id = this.#waiting.shift(); id !== undefined && !this.#isClosed; id = this.#waiting.shift()) {
        const job = this.#jobs.get(id);
        if (job !== undefined) await this.#run(job);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #run(job: Job): Promise<void> {
    const { engine, gallery, sources } = this.#options;
    const { id, sourceId, maskId, settings } = job.record;
    const abort = new AbortController();
    job.abort = abort;
    const forward = (progress: JobProgress): void => {
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
        { signal: abort.signal, onProgress: forward },
      );
      const results = await gallery.add({ id, sourceId, maskId, settings, report, finishedAt: Date.now() });
      job.report = report;
      this.#options.onResults(results, true);
      await this.#change(job, 'done');
      // A folder that cannot be removed now is no failure of the job; the next start forgets it.
      await rm(this.folderOf(id), { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) =>
        this.#options.log(`the folder of job ${id} could not be removed: ${String(error)}`),
      );
    } catch (error) {
      if (!this.#isClosed) await this.#stopped(job, toErrorBody(error));
    } finally {
      job.abort = null;
    }
  }

  /** A job that did not end well: cancelled by the person, interrupted with the engine, or failed. */
  async #stopped(job: Job, error: ErrorBody): Promise<void> {
    if (error.code === 'cancelled' || (error.code === 'engine-died' && job.record.state === 'cancelling')) {
      await this.#change(job, 'cancelled');
    } else if (error.code === 'engine-died') {
      await this.#change(job, 'interrupted', { error });
    } else {
      await this.#change(job, 'failed', { error });
    }
  }

  /** Records a picture while the job's others are still painted: it stays, whatever becomes of the job. */
  async #keepPicture({ record }: Job, picture: Extract<JobProgress, { kind: 'picture' }>): Promise<void> {
    const { id, sourceId, maskId, settings } = record;
    const { image: firstImage, output } = picture;
    try {
      const report = { outputs: [output] };
      const added = { id, sourceId, maskId, settings, report, firstImage, finishedAt: Date.now() };
      this.#options.onResults(await this.#options.gallery.add(added), false);
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
    this.#options.onChanged(toView(job));
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

const toView = ({ record, report }: Job): JobView => ({
  id: record.id,
  state: record.state,
  sourceId: record.sourceId,
  maskId: record.maskId,
  settings: record.settings,
  createdAt: record.createdAt,
  report,
  error: record.error,
  canResume: RESUMABLE.includes(record.state),
});

const closedWhile = (state: 'running' | 'queued'): ErrorBody => ({
  code: 'engine-died',
  message:
    state === 'running'
      ? 'Underpaint was closed while this picture was being painted; nothing is lost, resume to go on.'
      : 'Underpaint was closed before this picture was begun; resume to paint it.',
});
