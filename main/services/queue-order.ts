/** Which jobs wait, in which order, and whether the queue is held: one small JSON file, replaced as a whole. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { queueViewSchema, type QueueView } from '../../shared/job';
import { writeFileAtomic } from './atomic-file';
import { ID_PATTERN } from './media-urls';

const fileSchema = queueViewSchema.extend({
  version: z.literal(1),
  waiting: z.array(z.string().regex(ID_PATTERN)),
});

/** The order of the queue. The jobs' own records say which of them wait; this file only says in which order. */
export class QueueOrder {
  readonly #filePath: string;
  readonly #log: (text: string) => void;
  readonly #onChanged: (view: QueueView) => void;
  #waiting: readonly string[] = [];
  #isPaused = false;
  #isDirty = false;
  #writing: Promise<void> | null = null;

  constructor(filePath: string, log: (text: string) => void, onChanged: (view: QueueView) => void) {
    this.#filePath = filePath;
    this.#log = log;
    this.#onChanged = onChanged;
  }

  get view(): QueueView {
    return { waiting: [...this.#waiting], isPaused: this.#isPaused };
  }

  /**
   * Takes the order that was kept for those jobs that wait: `first` stand in front of it, what it does not know behind it. A file that
   * makes no sense means: as they came.
   */
  async load(first: readonly string[], waiting: readonly string[]): Promise<void> {
    const kept = await this.#read();
    const known = (kept?.waiting ?? []).filter((id) => waiting.includes(id));
    const others = waiting.filter((id) => !known.includes(id));
    this.#isPaused = (kept?.isPaused ?? false) && known.length + others.length > 0;
    this.#waiting = [...first, ...known, ...others];
  }

  /** The next one; null when nothing waits. */
  get next(): string | null {
    return this.#waiting[0] ?? null;
  }

  add(jobId: string): void {
    this.#change([...this.#waiting, jobId]);
  }

  remove(jobIds: readonly string[]): void {
    if (this.#waiting.some((id) => jobIds.includes(id)))
      this.#change(this.#waiting.filter((id) => !jobIds.includes(id)));
  }

  /** Puts those of `jobIds` that still wait, in the order given, before `before`; null or one that has begun meanwhile: see `placeOf`. */
  move(jobIds: readonly string[], before: string | null): void {
    const moved = [...new Set(jobIds)].filter((id) => this.#waiting.includes(id));
    const rest = this.#waiting.filter((id) => !moved.includes(id));
    const place = placeOf(before, rest);
    this.#change([...rest.slice(0, place), ...moved, ...rest.slice(place)]);
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#change(this.#waiting);
  }

  /** Answers when nothing is left to write, or writing failed. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  #change(waiting: readonly string[]): void {
    this.#waiting = waiting;
    // A pause that nothing waits behind would only surprise the next one.
    if (waiting.length === 0) this.#isPaused = false;
    this.#onChanged(this.view);
    this.#isDirty = true;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    try {
      while (this.#isDirty) {
        this.#isDirty = false;
        const content = { version: 1, ...this.view } satisfies z.infer<typeof fileSchema>;
        await writeFileAtomic(this.#filePath, `${JSON.stringify(content)}\n`);
      }
    } catch (error) {
      this.#log(`the order of the queue could not be written: ${String(error)}`);
    } finally {
      this.#writing = null;
    }
  }

  async #read(): Promise<z.infer<typeof fileSchema> | null> {
    try {
      return fileSchema.parse(JSON.parse(await readFile(this.#filePath, 'utf8')));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
        this.#log(`the order of the queue makes no sense: ${String(error)}`);
      return null;
    }
  }
}

/** One that began meanwhile stood in front of everything. */
const placeOf = (before: string | null, waiting: readonly string[]): number =>
  before === null ? waiting.length : Math.max(0, waiting.indexOf(before));
