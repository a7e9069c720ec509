/** The results: picture files by day, and an index with one JSON line per picture that is only ever appended to. */
import { mkdir, open, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { resultViewSchema, type ResultView } from '../../shared/contract';
import { AppError } from '../../shared/errors';
import type { GenerationSettings } from '../../shared/generation';
import type { JobReport } from '../../shared/job';
import { ID_PATTERN, resultUrl, sourceUrl } from './media-urls';

/** One line of `index.jsonl`; `file` is relative to the results folder, with forward slashes. */
const recordSchema = resultViewSchema
  .omit({ url: true, sourceUrl: true })
  .extend({ file: z.string().min(1) });
type ResultRecord = z.infer<typeof recordSchema>;

/** Folder of results: `<yyyy-mm-dd>/<jobId>-<index>.<format>` and `index.jsonl`. */
export class Gallery {
  readonly #folder: string;
  readonly #log: (text: string) => void;
  readonly #records = new Map<string, ResultRecord>();
  #appending: Promise<void> = Promise.resolve();

  constructor(folder: string, log: (text: string) => void) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Reads the index; a line that makes no sense is skipped, a picture that is gone is left out. */
  async load(): Promise<void> {
    const text = await readFile(this.#indexPath, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      const record = parseLine(line);
      if (record === null) this.#log(`a line of the results' index makes no sense: ${line.slice(0, 200)}`);
      else if (this.#absolutePath(record) !== null) this.#records.set(record.id, record);
    }
  }

  /** All results whose pictures are still there, oldest first. */
  list(): ResultView[] {
    return [...this.#records.values()]
      .filter((record) => existsSync(path.join(this.#folder, record.file)))
      .map(toView);
  }

  /** The folder for the results of a job that starts now. */
  async folderOfDay(now: Date): Promise<string> {
    const twoDigits = (value: number): string => String(value).padStart(2, '0');
    const day = `${now.getFullYear()}-${twoDigits(now.getMonth() + 1)}-${twoDigits(now.getDate())}`;
    const folder = path.join(this.#folder, day);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Records finished pictures of a job; one that is recorded twice (after a crash, or as the job's last) keeps one entry. */
  async add(job: AddedJob): Promise<ResultView[]> {
    // All pictures of a job have one time, so that those of a job that went on later stay together.
    const sibling = [...this.#records.values()].find((record) => record.jobId === job.id);
    const added = job.report.outputs.map((output, index): ResultRecord => {
      const file = path.relative(this.#folder, output.path).split(path.sep).join('/');
      return recordSchema.parse({
        id: `${job.id}-${(job.firstImage ?? 0) + index}`,
        jobId: job.id,
        sourceId: job.sourceId,
        maskId: job.maskId ?? null,
        width: output.width,
        height: output.height,
        seed: output.seed,
        settings: job.settings,
        createdAt: sibling?.createdAt ?? job.finishedAt,
        file,
      });
    });
    await this.#append(added);
    return added.map(toView);
  }

  /** One result; throws `input` when it is not there. */
  get(resultId: string): ResultView {
    const record = this.#records.get(resultId);
    if (record === undefined || !existsSync(path.join(this.#folder, record.file))) throw gone();
    return toView(record);
  }

  /** Absolute path of a result's picture; null for an id that is not known. */
  pathOf(resultId: string): string | null {
    const record = ID_PATTERN.test(resultId) ? this.#records.get(resultId) : undefined;
    return record === undefined ? null : this.#absolutePath(record);
  }

  get #indexPath(): string {
    return path.join(this.#folder, 'index.jsonl');
  }

  /** Null when the record points outside the results folder, as only a tampered index does. */
  #absolutePath(record: ResultRecord): string | null {
    const filePath = path.resolve(this.#folder, record.file);
    const relative = path.relative(this.#folder, filePath);
    return relative.startsWith('..') || path.isAbsolute(relative) ? null : filePath;
  }

  #append(records: readonly ResultRecord[]): Promise<void> {
    const append = this.#appending
      .catch(() => undefined)
      .then(async () => {
        const isNew = (record: ResultRecord): boolean => !this.#records.has(record.id);
        const text = records
          .filter(isNew)
          .map((record) => `${JSON.stringify(record)}\n`)
          .join('');
        if (text === '') return;
        await mkdir(this.#folder, { recursive: true });
        // A power cut may have left half a line; the next one starts on its own.
        const start = (await endsWithNewline(this.#indexPath)) ? '' : '\n';
        const index = await open(this.#indexPath, 'a');
        try {
          await index.appendFile(start + text);
          await index.sync();
        } finally {
          await index.close();
        }
        for (const record of records) this.#records.set(record.id, record);
      });
    this.#appending = append;
    return append;
  }
}

/** What the gallery needs to know about finished pictures of a job. */
export interface AddedJob {
  id: string;
  sourceId: string;
  maskId?: string | null;
  settings: GenerationSettings;
  report: Pick<JobReport, 'outputs'>;
  /** Index of the first of these pictures in the job; 0 when left out. */
  firstImage?: number;
  /** Milliseconds since 1970. */
  finishedAt: number;
}

const toView = ({ file: _file, ...view }: ResultRecord): ResultView => ({
  ...view,
  url: resultUrl(view.id),
  sourceUrl: sourceUrl(view.sourceId),
});

const gone = (): AppError =>
  new AppError('input', 'This result is not there any more; its file was moved or deleted.');

function parseLine(line: string): ResultRecord | null {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

async function endsWithNewline(filePath: string): Promise<boolean> {
  const file = await open(filePath, 'r').catch(() => null);
  if (file === null) return true;
  try {
    const { size } = await file.stat();
    if (size === 0) return true;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === 0x0a;
  } finally {
    await file.close();
  }
}
