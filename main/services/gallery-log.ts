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

/** A line and the byte at which it begins, which grows with every line. */
export interface PlacedLine {
  line: LogLine;
  at: number;
}

/** So much is read at once; no line is longer than two prompts and a little. */
const BLOCK_BYTES = 2 ** 20;
/** The same where other work goes on meanwhile: few enough lines to be understood within a moment. */
const SMALL_BLOCK_BYTES = 2 ** 16;

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
  async *read(from: number, linesAtOnce: number): AsyncGenerator<{ lines: PlacedLine[]; end: number }> {
    if (this.sizeBytes() <= from) return;
    const file = await open(this.#filePath, 'r');
    try {
      let rest: Buffer = Buffer.alloc(0);
      let end = from;
      let lines: PlacedLine[] = [];
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
          lines.push(...this.#parse(bytes.subarray(start, at), end + start));
          start = at + 1;
          if (lines.length < linesAtOnce) continue;
          yield { lines, end: end + start };
          lines = [];
        }
        rest = bytes.subarray(start);
        end += start;
        if (bytesRead === 0) break;
      }
      lines.push(...this.#parse(rest, end));
      yield { lines, end: end + rest.length };
    } finally {
      await file.close();
    }
  }

  /** Lines before a byte, from the last to the first, in small groups whose lines stand in their own order. */
  async *readBack(end: number): AsyncGenerator<PlacedLine[]> {
    if (end === 0) return;
    const file = await open(this.#filePath, 'r');
    try {
      /** The end of a line whose beginning lies further up. */
      let rest: Buffer = Buffer.alloc(0);
      for (let from = end; from > 0;) {
        const size = Math.min(SMALL_BLOCK_BYTES, from);
        from -= size;
        const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, from);
        const bytes = Buffer.concat([buffer.subarray(0, bytesRead), rest]);
        const first = from === 0 ? 0 : bytes.indexOf(0x0a) + 1;
        // Without a line's end in it the whole block belongs to a line that begins further up.
        rest = from > 0 && first === 0 ? bytes : bytes.subarray(0, first);
        if (from > 0 && first === 0) continue;
        const lines: PlacedLine[] = [];
        for (let start = first; start < bytes.length;) {
          const at = bytes.indexOf(0x0a, start);
          const stop = at < 0 ? bytes.length : at;
          lines.push(...this.#parse(bytes.subarray(start, stop), from + start));
          start = stop + 1;
        }
        yield lines;
      }
    } finally {
      await file.close();
    }
  }

  /** Appends lines and answers, once they are on the disk, where each begins and how long the log is. */
  async append(lines: readonly LogLine[]): Promise<{ placed: PlacedLine[]; end: number }> {
    await mkdir(path.dirname(this.#filePath), { recursive: true });
    const file = await open(this.#filePath, 'a+');
    try {
      const { size } = await file.stat();
      const last = size === 0 ? null : (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0];
      // The next line starts on its own, whatever a power cut left.
      const start = last === null || last === 0x0a ? '' : '\n';
      const texts = lines.map((line) => `${JSON.stringify(line)}\n`);
      await file.appendFile(start + texts.join(''));
      await file.sync();
      let at = size + start.length;
      const placed = lines.map((line, index) => {
        const begins = at;
        at += Buffer.byteLength(texts[index] ?? '');
        return { line, at: begins };
      });
      return { placed, end: at };
    } finally {
      await file.close();
    }
  }

  #parse(bytes: Buffer, at: number): PlacedLine[] {
    const text = bytes.toString('utf8');
    if (text.trim() === '') return [];
    try {
      return [{ line: lineSchema.parse(JSON.parse(text)), at }];
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
      this.#log(`a line of the results' log makes no sense: ${text.slice(0, 200)}`);
      return [];
    }
  }
}
