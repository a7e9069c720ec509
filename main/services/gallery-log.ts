/** The log of results: one JSON line per event, only ever appended to. A half line at its end, left by a power cut, spoils nothing. */
import { statSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { resultViewSchema } from '../../shared/contract';

/** A picture that was made; `file` is relative to the results folder, with forward slashes. */
export const recordSchema = resultViewSchema
  .omit({ url: true, sourceUrl: true, sourceFullUrl: true, thumbnailUrl: true, isStarred: true })
  .extend({ file: z.string().min(1) });
export type ResultRecord = z.infer<typeof recordSchema>;

const id = recordSchema.shape.id;
const lineSchema = z.union([
  recordSchema,
  z.object({ starred: id, value: z.boolean() }),
  z.object({ deleted: id }),
]);
export type LogLine = z.infer<typeof lineSchema>;

/** So much is read at once; no line is longer than two prompts and a little. */
const BLOCK_BYTES = 2 ** 20;

export class GalleryLog {
  readonly #filePath: string;
  readonly #log: (text: string) => void;

  constructor(filePath: string, log: (text: string) => void) {
    this.#filePath = filePath;
    this.#log = log;
  }

  /** 0 when there is none yet. */
  sizeBytes(): number {
    return statSync(this.#filePath, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Lines from a byte on, in groups; `end` is where the next group begins. What makes no sense is logged and skipped. */
  async *read(from: number, linesAtOnce: number): AsyncGenerator<{ lines: LogLine[]; end: number }> {
    if (this.sizeBytes() <= from) return;
    const file = await open(this.#filePath, 'r');
    try {
      let rest: Buffer = Buffer.alloc(0);
      let end = from;
      let lines: LogLine[] = [];
      for (;;) {
        const { bytesRead, buffer } = await file.read(
          Buffer.alloc(BLOCK_BYTES),
          0,
          BLOCK_BYTES,
          end + rest.length,
        );
        const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        let start = 0;
        for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, start)) {
          lines.push(...this.#parse(bytes.toString('utf8', start, at)));
          start = at + 1;
          if (lines.length < linesAtOnce) continue;
          yield { lines, end: end + start };
          lines = [];
        }
        rest = bytes.subarray(start);
        end += start;
        if (bytesRead === 0) break;
      }
      lines.push(...this.#parse(rest.toString('utf8')));
      yield { lines, end: end + rest.length };
    } finally {
      await file.close();
    }
  }

  /** Appends lines and answers, once they are on the disk, how long the log is. */
  async append(lines: readonly LogLine[]): Promise<number> {
    await mkdir(path.dirname(this.#filePath), { recursive: true });
    const file = await open(this.#filePath, 'a+');
    try {
      const { size } = await file.stat();
      const last = size === 0 ? null : (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0];
      // The next line starts on its own, whatever a power cut left.
      const start = last === null || last === 0x0a ? '' : '\n';
      await file.appendFile(start + lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await file.sync();
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  }

  #parse(text: string): LogLine[] {
    if (text.trim() === '') return [];
    try {
      return [lineSchema.parse(JSON.parse(text))];
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
      this.#log(`a line of the results' log makes no sense: ${text.slice(0, 200)}`);
      return [];
    }
  }
}
