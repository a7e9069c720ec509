/** A job as the queue holds it: its record on the disk, and what belongs to this session alone. */
import { randomBytes, randomInt } from 'node:crypto';
import { MAX_RANDOM_SEED, type GenerationSettings } from '../../shared/generation';
import type { JobReport, JobState, JobView } from '../../shared/job';
import type { Permission } from '../../shared/network-view';
import type { Group, SeededSettings } from '../../shared/variations';
import type { JobRecord } from './job-record';

export interface Job {
  record: JobRecord;
  report: JobReport | null;
  /** Cancels the job while it runs. */
  abort: AbortController | null;
  /** Ends the picture in work early and keeps it. */
  finish: AbortController | null;
  /** What the person allowed for this job alone; a later session asks again. */
  allowedOnce: readonly Permission[];
  /** It was being painted when the app was closed: a pause does not hold it. */
  goesOn: boolean;
}

/** What a job is made of. */
export interface JobRequest {
  sourceId: string;
  maskId?: string | null;
  settings: GenerationSettings;
}

/** States from which a job can be put into the queue again. */
export const RESUMABLE: readonly JobState[] = ['interrupted', 'failed', 'cancelled'];
/** States of jobs that wait or run. */
export const ACTIVE: readonly JobState[] = ['queued', 'running', 'cancelling'];

export const newId = (): string => `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;

/** Decides an open seed. */
export const seeded = (settings: GenerationSettings): SeededSettings => ({
  ...settings,
  promptTemplate: null,
  seed: settings.seed ?? randomInt(MAX_RANDOM_SEED + 1),
});

/** A job that waits, with an id of its own. */
export function newJob(
  { sourceId, maskId = null }: JobRequest,
  settings: SeededSettings,
  group: Group | null,
  allowedOnce: readonly Permission[],
): Job {
  const record: JobRecord = {
    version: 1,
    id: newId(),
    sourceId,
    maskId,
    settings,
    group,
    state: 'queued',
    createdAt: Date.now(),
    startedAt: null,
    deaths: 0,
    asksAgain: allowedOnce.length > 0,
    outputFolder: null,
    error: null,
  };
  return { record, report: null, abort: null, finish: null, allowedOnce, goesOn: false };
}

/** What the window sees of it. */
export const viewOf = ({ record, report }: Job): JobView => ({
  id: record.id,
  state: record.state,
  sourceId: record.sourceId,
  maskId: record.maskId,
  settings: record.settings,
  group: record.group,
  createdAt: record.createdAt,
  report,
  error: record.error,
  canResume: RESUMABLE.includes(record.state),
});
