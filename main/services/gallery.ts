/**
 * The results: picture files by day, a log with one JSON line per event that is only ever appended to, and an index for searching.
 * The log decides; the index follows it and is made again from it, and from the pictures themselves, when it is lost.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../shared/errors';
import type { ResultView } from '../../shared/contract';
import type { GallerySearch } from '../../shared/gallery';
import type { GenerationSettings } from '../../shared/generation';
import type { JobReport } from '../../shared/job';
import { GalleryDatabase, type Entry, type Found } from './gallery-database';
import { GalleryLog, recordSchema, type LogLine, type ResultRecord } from './gallery-log';
import { ID_PATTERN, resultUrl, SOURCE_SIDE_PX, sourceFullUrl, sourceUrl, thumbnailUrl } from './media-urls';
import { findLostPictures, UNKNOWN_SOURCE } from './lost-pictures';

/** As many log lines are taken into the index at once; between them the app may do other things. */
const LINES_AT_ONCE = 500;
/** Name of the index's number for how far the log was read, in bytes. */
const READ_TO = 'logBytes';

/** Folder of results: `<yyyy-mm-dd>/<jobId>-<index>.<format>`, `index.jsonl` (the log) and `gallery.db`. */
export class Gallery {
  readonly #folder: string;
  readonly #log: (text: string) => void;
  readonly #lines: GalleryLog;
  #index: GalleryDatabase | null = null;
  #adding: Promise<unknown> = Promise.resolve();

  constructor(folder: string, log: (text: string) => void) {
    this.#folder = folder;
    this.#log = log;
    this.#lines = new GalleryLog(path.join(folder, 'index.jsonl'), log);
  }

  /** Opens the index and takes in what the log has beyond it; a lost one is made again. Answers whether it was. */
  async load(): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true });
    const file = path.join(this.#folder, 'gallery.db');
    let index = GalleryDatabase.open(file, this.#log);
    // A log that is shorter than what was read of it is another one.
    if (index.remembered(READ_TO) > this.#lines.sizeBytes()) {
      index.close();
      await rm(file, { force: true });
      index = GalleryDatabase.open(file, this.#log);
    }
    this.#index = index;
    const isRebuilt = index.isNew;
    for await (const { lines, end } of this.#lines.read(index.remembered(READ_TO), LINES_AT_ONCE)) {
      index.inOne(() => {
        for (const line of lines) this.#take(line);
        index.remember(READ_TO, end);
      });
    }
    return isRebuilt;
  }

  /** Takes in pictures that lie in the folder and stand nowhere, with the settings that they carry; answers how many. */
  async recover(read: Parameters<typeof findLostPictures>[2]): Promise<number> {
    const lost = await findLostPictures(this.#folder, (id) => this.#db.find(id) !== null, read, this.#log);
    if (lost.length > 0) await this.#append(lost);
    return lost.length;
  }

  /** What a search lets through, newest first. Entries whose picture is gone are left out, so a stretch may be shorter than asked. */
  search(wanted: GallerySearch): ResultView[] {
    const { offset, limit, ...filter } = wanted;
    return this.#db.search(filter, offset, limit).flatMap((found) => this.#view(found) ?? []);
  }

  /** How many entries a search lets through. */
  count(wanted: GallerySearch): number {
    return this.#db.count(wanted);
  }

  /** Models of all results, most used first; null stands for the bundled one. */
  models(): (string | null)[] {
    return this.#db.models().map((model) => (model === '' ? null : model));
  }

  /** The newest results whose pictures are still there, newest first. */
  newest(limit: number): ResultView[] {
    return this.search({ text: '', from: null, to: null, model: null, isStarred: false, offset: 0, limit });
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
    const [sibling] = this.#db.ofJob(job.id);
    const createdAt = sibling === undefined ? job.finishedAt : parse(sibling).createdAt;
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
        createdAt,
        file,
      });
    });
    await this.#append(added);
    return added.map(({ id }) => this.get(id));
  }

  /** Marks a result as a favourite, or not any more. Throws `input` when it is not there. */
  async star(resultId: string, isStarred: boolean): Promise<ResultView> {
    this.get(resultId);
    await this.#append([{ starred: resultId, value: isStarred }]);
    return this.get(resultId);
  }

  /** Forgets a result whose picture went to the bin. */
  async forget(resultId: string): Promise<void> {
    await this.#append([{ deleted: resultId }]);
  }

  /** One result; throws `input` when it is not there. */
  get(resultId: string): ResultView {
    const found = ID_PATTERN.test(resultId) ? this.#db.find(resultId) : null;
    const view = found === null ? null : this.#view(found);
    if (view === null) throw gone();
    return view;
  }

  /** Absolute path of a result's picture; null for an id that is not known. */
  pathOf(resultId: string): string | null {
    const found = ID_PATTERN.test(resultId) ? this.#db.find(resultId) : null;
    return found === null ? null : this.#absolutePath(parse(found));
  }

  /** Answers when everything that was begun is on the disk, and closes the index. */
  async close(): Promise<void> {
    await this.#adding.catch(() => undefined);
    this.#index?.close();
    this.#index = null;
  }

  get #db(): GalleryDatabase {
    if (this.#index === null) throw new AppError('internal', 'The gallery is not open.');
    return this.#index;
  }

  #view(found: Found): ResultView | null {
    const record = parse(found);
    const filePath = this.#absolutePath(record);
    if (filePath === null || !existsSync(filePath)) return null;
    const { file: _file, ...view } = record;
    return {
      ...view,
      url: resultUrl(view.id),
      thumbnailUrl: thumbnailUrl(view.id),
      ...(view.sourceId === UNKNOWN_SOURCE ? {} : sourceUrlsOf(view)),
      isStarred: found.isStarred,
    };
  }

  /** Null when the record points outside the results folder, as only a tampered log does. */
  #absolutePath(record: ResultRecord): string | null {
    const filePath = path.resolve(this.#folder, record.file);
    const relative = path.relative(this.#folder, filePath);
    return relative.startsWith('..') || path.isAbsolute(relative) ? null : filePath;
  }

  /** Log first, index second: what is in the index is always in the log. */
  #append(lines: readonly LogLine[]): Promise<void> {
    const append = this.#adding
      .catch(() => undefined)
      .then(async () => {
        const isNew = (line: LogLine): boolean => !('id' in line) || this.#db.find(line.id) === null;
        const fresh = lines.filter(isNew);
        if (fresh.length === 0) return;
        const end = await this.#lines.append(fresh);
        this.#db.inOne(() => {
          for (const line of fresh) this.#take(line);
          this.#db.remember(READ_TO, end);
        });
      });
    this.#adding = append;
    return append;
  }

  #take(line: LogLine): void {
    if ('starred' in line) this.#db.star(line.starred, line.value);
    else if ('deleted' in line) this.#db.remove(line.deleted);
    else if (this.#absolutePath(line) !== null) this.#db.add(entryOf(line));
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

const entryOf = (record: ResultRecord): Entry => ({
  id: record.id,
  jobId: record.jobId,
  createdAt: record.createdAt,
  model: record.settings.model ?? '',
  prompt: record.settings.prompt,
  isStarred: false,
  record: JSON.stringify(record),
});

/** A result has the size of what it was made from. */
const sourceUrlsOf = ({ sourceId, width, height }: Pick<ResultView, 'sourceId' | 'width' | 'height'>) => ({
  sourceUrl: sourceUrl(sourceId),
  ...(Math.max(width, height) > SOURCE_SIDE_PX ? { sourceFullUrl: sourceFullUrl(sourceId) } : {}),
});

const parse = ({ record }: Found): ResultRecord => recordSchema.parse(JSON.parse(record));

const gone = (): AppError =>
  new AppError('input', 'This result is not there any more; its file was moved or deleted.');
