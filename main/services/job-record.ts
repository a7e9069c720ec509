/** A job on disk: `<home>/jobs/<id>/job-record.json`, beside the engine's journal. What is in it is enough to go on after a crash. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { errorBodySchema } from '../../shared/errors';
import { generationSettingsSchema } from '../../shared/generation';
import { jobStateSchema } from '../../shared/job';
import { groupSchema } from '../../shared/variations';
import { writeFileAtomic } from './atomic-file';
import { ID_PATTERN } from './media-urls';

const jobRecordSchema = z.object({
  version: z.literal(1),
  id: z.string().regex(ID_PATTERN),
  sourceId: z.string().regex(ID_PATTERN),
  maskId: z.string().regex(ID_PATTERN).nullable().default(null),
  /** The seed in here is a number: a resumed job makes the same picture. */
  settings: generationSettingsSchema,
  group: groupSchema.nullable().default(null),
  state: jobStateSchema,
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  /** How often the app ended while it ran, since its last step. */
  deaths: z.number().int().default(0),
  /** It was allowed to send something for that session only. */
  asksAgain: z.boolean().default(false),
  /** Absolute folder of the results, chosen at the first start. */
  outputFolder: z.string().nullable(),
  error: errorBodySchema.nullable(),
});
export type JobRecord = z.infer<typeof jobRecordSchema>;

const FILE_NAME = 'job-record.json';

/** Writes the record into the job's folder. */
export const writeJobRecord = (jobFolder: string, record: JobRecord): Promise<void> =>
  writeFileAtomic(path.join(jobFolder, FILE_NAME), JSON.stringify(record, null, 2));

/** Reads all records, oldest first; a folder without a usable record is logged and left alone. */
export async function readJobRecords(jobsFolder: string, log: (text: string) => void): Promise<JobRecord[]> {
  const entries = await readdir(jobsFolder, { withFileTypes: true }).catch(() => []);
  const records: JobRecord[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory() || !ID_PATTERN.test(entry.name)) continue;
    try {
      const text = await readFile(path.join(jobsFolder, entry.name, FILE_NAME), 'utf8');
      const record = jobRecordSchema.parse(JSON.parse(text));
      if (record.id === entry.name) records.push(record);
    } catch (error) {
      log(`the job folder ${entry.name} has no usable record: ${String(error)}`);
    }
  }
  return records.sort((a, b) => a.createdAt - b.createdAt);
}
