/** What was drawn on the pictures: kept beside each of them as marks, and drawn into files when a job needs them. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import type { ResponseOf, Source } from '../../shared/contract';
import { AppError } from '../../shared/errors';
import { hasMarks, marksSchema, visibleMarks, type Mark } from '../../shared/painting';
import type { RenderedPainting } from '../engine/messages';
import { writeFileAtomic } from './atomic-file';
import type { EngineHost } from './engine-host';
import { readKept } from './kept-file';
import { checkFile, named, type SourceStore } from './source-store';

const fileSchema = z.object({ version: z.literal(1), marks: marksSchema });

/** So many painted pictures are remembered, so that the same one is not drawn again for the next job. */
const REMEMBERED = 8;

export interface PaintingsOptions {
  sources: SourceStore;
  /** The engine process for short questions. */
  engine: EngineHost;
  log: (text: string) => void;
}

/** What a job works with. */
export interface JobInput {
  source: Source;
  maskId: string | null;
}

export class Paintings {
  readonly #options: PaintingsOptions;
  readonly #rendered = new Map<string, JobInput>();
  /** Saves one after the other, so that the last one stays. */
  #saving: Promise<void> = Promise.resolve();

  constructor(options: PaintingsOptions) {
    this.#options = options;
  }

  /** The marks on a source, none when there are none. A file that makes no sense is put aside. Throws `input` when the source is gone. */
  async read(sourceId: string): Promise<ResponseOf<'painting.read'>> {
    const filePath = await this.#options.sources.paintingPath(sourceId);
    await this.#saving;
    const kept = await readKept(filePath, fileSchema, 'a painting', this.#options.log);
    const marks = kept?.marks ?? [];
    return { marks, pictures: await this.#picturesOf(marks) };
  }

  /** Keeps the marks on a source; answers when they are on the disk. */
  async save(sourceId: string, marks: readonly Mark[]): Promise<void> {
    const saved = this.#saving.then(async () =>
      writeFileAtomic(
        await this.#options.sources.paintingPath(sourceId),
        JSON.stringify({ version: 1, marks }),
      ),
    );
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  /** Answers when nothing is left to write. */
  flush(): Promise<void> {
    return this.#saving;
  }

  /** The painted picture and its mask as pictures of their own; the source itself where no colour was put on it. */
  async render(sourceId: string, marks: readonly Mark[]): Promise<JobInput> {
    const { sources } = this.#options;
    const source = await this.#find(sourceId);
    if (!hasMarks(marks, 'paint') && !hasMarks(marks, 'mask')) return { source, maskId: null };
    const seen = [visibleMarks(marks, 'paint'), visibleMarks(marks, 'mask')];
    const key = createHash('sha256')
      .update(JSON.stringify([sourceId, seen]))
      .digest('hex');
    const known = this.#rendered.get(key);
    if (known !== undefined) return known;
    const made = await sources.withTemporaryFolder(async (folder): Promise<JobInput> => {
      const files = { painted: path.join(folder, 'painted.png'), mask: path.join(folder, 'mask.png') };
      const { isPainted, isMasked } = await this.draw(sourceId, marks, files, null);
      const { name } = path.parse(source.name);
      const painted = isPainted ? await sources.importPath(files.painted, `${name}.png`) : source;
      const mask = isMasked ? await sources.importPath(files.mask, `${name}-mask.png`) : null;
      return { source: painted, maskId: mask?.id ?? null };
    });
    this.#rendered.set(key, made);
    for (const old of [...this.#rendered.keys()].slice(0, -REMEMBERED)) this.#rendered.delete(old);
    return made;
  }

  /** Draws a painting into two files, with `maxPixels` in small. */
  async draw(
    sourceId: string,
    marks: readonly Mark[],
    files: { painted: string; mask: string },
    maxPixels: number | null,
  ): Promise<RenderedPainting> {
    const { sources, engine } = this.#options;
    return engine.request('painting.render', {
      inputPath: await sources.originalPath(sourceId),
      ...(await this.forEngine(marks)),
      maxPixels,
      paintedPath: files.painted,
      maskPath: files.mask,
    });
  }

  /** The marks with the files of the pictures among them. Throws `input` when one is gone. */
  async forEngine(marks: readonly Mark[]): Promise<{ marks: Mark[]; pictures: Record<string, string> }> {
    const seen = [...visibleMarks(marks, 'paint'), ...visibleMarks(marks, 'mask')];
    const pictures: Record<string, string> = {};
    for (const mark of seen) {
      if (mark.kind !== 'picture') continue;
      pictures[mark.sourceId] = await this.#options.sources.originalPath(mark.sourceId, 'mask');
    }
    return { marks: seen, pictures };
  }

  /** Brings in a picture file as a mask of a source. Throws `input` when it cannot be one. */
  async importMask(sourceId: string, filePath: string, name = path.basename(filePath)): Promise<Source> {
    const { sources, engine } = this.#options;
    const { width, height } = await this.#find(sourceId);
    await checkFile(filePath, name);
    return sources.withTemporaryFolder(async (folder) => {
      const outputPath = path.join(folder, 'mask.png');
      const wanted = { inputPath: filePath, width, height, outputPath };
      await engine.request('mask.prepare', wanted).catch((error: unknown) => {
        throw named(error, path.basename(filePath), name);
      });
      return sources.importPath(outputPath, `${path.parse(name).name}.png`);
    });
  }

  /** A new picture of one colour, different from every other one of its size. */
  async newSketch(sketch: { width: number; height: number; colour: string; name: string }): Promise<Source> {
    const { sources, engine } = this.#options;
    const { width, height, colour, name } = sketch;
    return sources.withTemporaryFolder(async (folder) => {
      const outputPath = path.join(folder, 'sketch.png');
      const stamp = `${name} ${new Date().toISOString()}`;
      await engine.request('picture.blank', { width, height, colour, name: stamp, outputPath });
      return sources.importPath(outputPath, `${name}.png`);
    });
  }

  async #find(sourceId: string): Promise<Source> {
    const source = await this.#options.sources.find(sourceId);
    if (source === null) throw new AppError('input', 'This picture is not there any more; open it again.');
    return source;
  }

  async #picturesOf(marks: readonly Mark[]): Promise<Source[]> {
    const ids = new Set(marks.flatMap((mark) => (mark.kind === 'picture' ? [mark.sourceId] : [])));
    const found = await Promise.all([...ids].map((id) => this.#options.sources.find(id)));
    return found.filter((source) => source !== null);
  }
}
