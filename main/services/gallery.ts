/**
 * The results: picture files by day, a log with one JSON line per event that is only ever appended to, and an index for searching.
 * The log decides; the index follows it and is made again from it, and from the pictures themselves, when it is lost.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../shared/errors';
import type { ResultView } from '../../shared/contract';
import type { GallerySearch } from '../../shared/gallery';
import type { GenerationSettings } from '../../shared/generation';
import type { JobReport } from '../../shared/job';
import type { Group } from '../../shared/variations';
import type { Entry, Found, GalleryDatabase } from './gallery-database';
import { ID_PATTERN, resultUrl, SOURCE_SIDE_PX, sourceFullUrl, sourceUrl, thumbnailUrl } from './media-urls';
import { GalleryLog, recordSchema, type LogLine, type PlacedLine, type ResultRecord } from './gallery-log';
import { findLostPictures, UNKNOWN_SOURCE } from './lost-pictures';

/** As many log lines are taken into the index at once; between them the app may do other things. */
const LINES_AT_ONCE = 100;
/** A lost index is made again for so long before the window shows, in ms, and until the newest pictures are in. The rest comes behind it. */
const PATIENCE_MS = 150;
/**
 * So long the making of an index holds up everything else at a time, in ms, and so long it rests then. Where the machine is so busy
 * that the time runs out at once, it still takes in a few.
 */
const [WORK_MS, REST_MS, LEAST] = [8, 3, 16];
/** Name of the index's number for how far the log was read, in bytes. */
const READ_TO = 'logBytes';

/** Folder of results: `<yyyy-mm-dd>/<jobId>-<index>.<format>`, `index.jsonl` (the log) and `gallery.db`. */
export class Gallery {
  readonly #folder: string;
  readonly #log: (text: string) => void;
  readonly #lines: GalleryLog;
  #index: GalleryDatabase | null = null;
  #adding: Promise<unknown> = Promise.resolve();
  #reading: Promise<void> = Promise.resolve();
  #isReading = false;
  #isClosing = false;

  readonly #patienceMs: number;
  #onOpen: () => void = () => undefined;
  /** Resolves when `load` has opened the index. */
  readonly whenOpen: Promise<void> = new Promise((done) => (this.#onOpen = done));

  /** @param patienceMs for so long `load` waits for a lost index, besides until the newest pictures are in */
  constructor(folder: string, log: (text: string) => void, patienceMs = PATIENCE_MS) {
    this.#folder = folder;
    this.#log = log;
    this.#patienceMs = patienceMs;
    this.#lines = new GalleryLog(path.join(folder, 'index.jsonl'), log);
  }

  /**
   * Opens the index and takes in what the log has beyond it. A lost one is made again, newest pictures first, behind the window if
   * that takes long (`isReading`). Answers whether it was lost.
   */
  async load(): Promise<boolean> {
    const wasLost = await this.#open().catch((error: unknown) => {
      throw folderError(error);
    });
    this.#onOpen();
    return wasLost;
  }

  /** False before `load` and after `close`: nothing can be asked then. */
  get isOpen(): boolean {
    return this.#index !== null;
  }

  async #open(): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true });
    const file = path.join(this.#folder, 'gallery.db');
    // Not with everything else: the start goes on without it until here.
    const { GalleryDatabase: Database } = await import('./gallery-database');
    let index = Database.open(file, this.#log);
    // A log that is shorter than what was read of it is another one.
    if (index.remembered(READ_TO) > this.#lines.sizeBytes()) {
      index.close();
      await rm(file, { force: true });
      index = Database.open(file, this.#log);
    }
    this.#index = index;
    if (index.isNew) {
      this.#isReading = true;
      await new Promise<void>((newestAreIn, fail) => {
        const reading = this.#readAll(index, this.#lines.sizeBytes(), newestAreIn);
        this.#reading = reading.finally(() => (this.#isReading = false));
        this.#reading.then(newestAreIn, fail);
      });
      await Promise.race([this.#reading, sleep(this.#patienceMs)]);
      return true;
    }
    for await (const { lines, end } of this.#lines.read(index.remembered(READ_TO), LINES_AT_ONCE)) {
      index.inOne(() => {
        for (const placed of lines) this.#take(placed);
        index.remember(READ_TO, end);
      });
    }
    return false;
  }

  /** True while a lost index is made again: searches find what is there so far. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Answers when the index has everything; rejects when it could not be made. */
  whenRead(): Promise<void> {
    return this.#reading;
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
        group: job.group ?? null,
        width: output.width,
        height: output.height,
        seed: output.seed,
        settings: job.settings,
        ...(output.stoppedAfter === undefined ? {} : { stoppedAfter: output.stoppedAfter }),
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
    this.#isClosing = true;
    await Promise.allSettled([this.#adding, this.#reading]);
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
        const { placed, end } = await this.#lines.append(fresh);
        this.#db.inOne(() => {
          for (const one of placed) this.#take(one);
          this.#db.remember(READ_TO, end);
        });
      });
    this.#adding = append;
    return append;
  }

  #take({ line, at }: PlacedLine): void {
    if ('starred' in line) this.#db.star(line.starred, line.value);
    else if ('deleted' in line) this.#db.remove(line.deleted);
    else if (this.#absolutePath(line) !== null) this.#db.add(entryOf(line, at, false));
  }

  /** Makes the index from the log's first `end` bytes, a little at a time; one that is left in the middle is begun anew next time. */
  async #readAll(index: GalleryDatabase, end: number, onNewest: () => void): Promise<void> {
    // What is appended meanwhile goes in by itself.
    index.remember(READ_TO, end);
    const later = new LaterLines((id) => index.find(id) !== null);
    let since = performance.now();
    let isNewest = true;
    for await (const lines of this.#lines.readBack(end)) {
      index.begin();
      try {
        for (const [count, entry] of later.entriesBefore(lines).entries()) {
          if (this.#absolutePath(parse(entry)) !== null) index.add(entry);
          if (isNewest || count % LEAST > 0 || performance.now() - since < WORK_MS) continue;
          await sleep(REST_MS);
          since = performance.now();
        }
      } finally {
        index.commit();
      }
      if (this.#isClosing) return;
      if (isNewest) onNewest();
      isNewest = false;
    }
    index.finish();
  }
}

/** Reads the log backwards: what a later line says about a picture is known when the line of the picture itself comes. */
class LaterLines {
  readonly #isKnown: (id: string) => boolean;
  readonly #deleted = new Set<string>();
  readonly #stars = new Map<string, boolean>();

  constructor(isKnown: (id: string) => boolean) {
    this.#isKnown = isKnown;
  }

  /** The entries of lines that stand before all lines so far, in the order of the log. */
  entriesBefore(lines: readonly PlacedLine[]): Entry[] {
    const entries: Entry[] = [];
    for (const { line, at } of lines.toReversed()) {
      if ('starred' in line) {
        if (!this.#stars.has(line.starred)) this.#stars.set(line.starred, line.value);
      } else if ('deleted' in line) {
        // One that was made again after it was deleted is there already.
        const isAgain = this.#isKnown(line.deleted) || entries.some(({ id }) => id === line.deleted);
        if (!isAgain) this.#deleted.add(line.deleted);
      } else if (!this.#deleted.has(line.id)) {
        entries.push(entryOf(line, at, this.#stars.get(line.id) ?? false));
      }
    }
    return entries.toReversed();
  }
}

/** What the gallery needs to know about finished pictures of a job. */
export interface AddedJob {
  id: string;
  sourceId: string;
  maskId?: string | null;
  settings: GenerationSettings;
  group?: Group | null;
  report: Pick<JobReport, 'outputs'>;
  /** Index of the first of these pictures in the job; 0 when left out. */
  firstImage?: number;
  /** Milliseconds since 1970. */
  finishedAt: number;
}

const entryOf = (record: ResultRecord, seq: number, isStarred: boolean): Entry => ({
  seq,
  id: record.id,
  jobId: record.jobId,
  createdAt: record.createdAt,
  model: record.settings.model ?? '',
  prompt: record.settings.prompt,
  isStarred,
  record: JSON.stringify(record),
});

/** A result has the size of what it was made from. */
const sourceUrlsOf = ({ sourceId, width, height }: Pick<ResultView, 'sourceId' | 'width' | 'height'>) => ({
  sourceUrl: sourceUrl(sourceId),
  ...(Math.max(width, height) > SOURCE_SIDE_PX ? { sourceFullUrl: sourceFullUrl(sourceId) } : {}),
});

const parse = ({ record }: Pick<Found, 'record'>): ResultRecord => recordSchema.parse(JSON.parse(record));

/** What is in the way of the results; a full disk says so itself. */
function folderError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ENOSPC' || code === 'EDQUOT') return error;
  return new AppError(
    'output',
    `The folder of your results cannot be read and written (${code}); make sure that it is a folder and yours, then try again.`,
    { cause: error },
  );
}

const gone = (): AppError =>
  new AppError('input', 'This result is not there any more; its file was moved or deleted.');
