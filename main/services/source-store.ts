/** The pictures that the person brought in: each is copied into the home folder once, so that it stays when the original goes. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { constants, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { sourceSchema, type Source } from '../../shared/contract';
import { AppError } from '../../shared/errors';
import type { EngineHost } from './engine-host';
import { ID_PATTERN, SOURCE_SIDE_PX, sourceFullUrl, sourceUrl } from './media-urls';

/** Larger files are refused before they are copied; the largest picture the engine takes is far below this. */
const MAX_FILE_BYTES = 1024 ** 3;

/** Longest side of the picture in its own size: more than this a page cannot draw. */
const FULL_SIDE_PX = 8192;

/** What lies in `source.json`: everything but the address, and the name of the copied file. */
const sourceRecordSchema = sourceSchema.omit({ url: true, fullUrl: true }).extend({
  file: z.string().regex(/^original\.[a-z0-9]{1,8}$/),
});

/** Folder of sources, one per picture: `<id>/original.<ext>`, `preview.png`, `source.json`, `painting.json`. The id is a hash of the file. */
export class SourceStore {
  readonly #folder: string;
  readonly #engine: EngineHost;
  /** Imports run one by one, so that the same picture twice at once still becomes one source. */
  #lastImport: Promise<unknown> = Promise.resolve();

  constructor(folder: string, engine: EngineHost) {
    this.#folder = folder;
    this.#engine = engine;
  }

  /** Copies a picture file in. Throws `input` when it is no file, too large, or nothing that the engine can read. */
  async importPath(filePath: string, name = path.basename(filePath)): Promise<Source> {
    await checkFile(filePath, name);
    return this.#inTurn(name, (target) => copyFile(filePath, target, constants.COPYFILE_EXCL));
  }

  /** Stores an encoded picture that has no file (pasted). Throws `input` like `importPath`. */
  async importBytes(bytes: Uint8Array, name: string): Promise<Source> {
    if (bytes.byteLength > MAX_FILE_BYTES) throw tooLarge(name);
    return this.#inTurn(name, (target) => writeFile(target, bytes, { flag: 'wx' }));
  }

  /** Puts bytes into a file for as long as `use` works with it. Throws `input` when they are too many. */
  async withTemporaryFile<T>(
    bytes: Uint8Array,
    name: string,
    use: (filePath: string) => Promise<T>,
  ): Promise<T> {
    if (bytes.byteLength > MAX_FILE_BYTES) throw tooLarge(name);
    return this.withTemporaryFolder(async (folder) => {
      const filePath = path.join(folder, `original.${extensionOf(name)}`);
      await writeFile(filePath, bytes);
      return use(filePath);
    });
  }

  /** A folder for as long as `use` works in it. */
  async withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
    const folder = path.join(this.#folder, `.import-${randomBytes(8).toString('hex')}`);
    await mkdir(folder, { recursive: true });
    try {
      return await use(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Where the marks on a source are kept. Throws `input` when the source is gone. */
  async paintingPath(sourceId: string): Promise<string> {
    return path.join(path.dirname(await this.originalPath(sourceId)), 'painting.json');
  }

  /** A source that was imported before; null when it is not there or its record makes no sense. */
  async find(sourceId: string): Promise<Source | null> {
    const record = await this.#readRecord(sourceId);
    if (record === null) return null;
    return viewOf(record);
  }

  /** The picture file as it was brought in, for the engine. Throws `input` when it is gone. */
  async originalPath(sourceId: string, role: 'picture' | 'mask' = 'picture'): Promise<string> {
    const record = await this.#readRecord(sourceId);
    if (record === null) {
      throw new AppError(
        'input',
        role === 'mask'
          ? 'The mask is not there any more; paint it again and press Generate.'
          : 'The input picture is not there any more; bring it in again and press Generate.',
      );
    }
    return path.join(this.#folder, record.id, record.file);
  }

  /** The upright sRGB PNG that the page shows; null for an id that cannot exist. */
  previewPath(sourceId: string): string | null {
    return ID_PATTERN.test(sourceId) ? path.join(this.#folder, sourceId, 'preview.png') : null;
  }

  /** The upright sRGB PNG with all pixels (up to a side that a page can hold), made when it is first asked for; null for an unknown id. */
  async fullPath(sourceId: string): Promise<string | null> {
    const record = await this.#readRecord(sourceId);
    if (record === null) return null;
    const folder = path.join(this.#folder, record.id);
    const full = path.join(folder, 'full.png');
    if (existsSync(full)) return full;
    const inputPath = path.join(folder, record.file);
    await this.#engine.request('inspect', { inputPath, previewPath: full, maxSidePx: FULL_SIDE_PX });
    return full;
  }

  #inTurn(name: string, write: (target: string) => Promise<void>): Promise<Source> {
    const turn = this.#lastImport.then(() => this.#import(name, write));
    this.#lastImport = turn.catch(() => undefined);
    return turn;
  }

  #import(name: string, write: (target: string) => Promise<void>): Promise<Source> {
    return this.withTemporaryFolder(async (folder) => {
      const file = `original.${extensionOf(name)}`;
      const inputPath = path.join(folder, file);
      await write(inputPath);
      const id = await hashFile(inputPath);
      const known = await this.find(id);
      if (known !== null) return known;
      this.#engine.tryAgain();
      const previewPath = path.join(folder, 'preview.png');
      const info = await this.#engine
        .request('inspect', { inputPath, previewPath })
        .catch((error: unknown) => {
          throw named(error, file, name);
        });
      const record = sourceRecordSchema.parse({ ...info, id, name: name.slice(0, 255), file });
      await writeFile(path.join(folder, 'source.json'), JSON.stringify(record, null, 2));
      await rm(path.join(this.#folder, id), { recursive: true, force: true });
      await rename(folder, path.join(this.#folder, id));
      return viewOf(record);
    });
  }

  async #readRecord(sourceId: string): Promise<z.infer<typeof sourceRecordSchema> | null> {
    if (!ID_PATTERN.test(sourceId)) return null;
    try {
      const text = await readFile(path.join(this.#folder, sourceId, 'source.json'), 'utf8');
      const record = sourceRecordSchema.parse(JSON.parse(text));
      await stat(path.join(this.#folder, sourceId, record.file));
      return record.id === sourceId ? record : null;
    } catch {
      return null;
    }
  }
}

/** Throws `input` for what is no file, or too large a one. */
export async function checkFile(filePath: string, name: string): Promise<void> {
  const status = await stat(filePath).catch((error: unknown) => {
    throw new AppError(
      'input',
      `“${name}” could not be read; check that it still exists and that you may open it.`,
      {
        cause: error,
      },
    );
  });
  if (!status.isFile()) throw new AppError('input', `“${name}” is not a picture file; choose a picture.`);
  if (status.size > MAX_FILE_BYTES) throw tooLarge(name);
}

/** A record as the page sees it. */
function viewOf({ file: _file, ...source }: z.infer<typeof sourceRecordSchema>): Source {
  const isSmaller = Math.max(source.width, source.height) > SOURCE_SIDE_PX;
  const { id } = source;
  return { ...source, url: sourceUrl(id), ...(isSmaller ? { fullUrl: sourceFullUrl(id) } : {}) };
}

/** The engine knows only the copy; the person is told the name of their own file. */
export function named(error: unknown, file: string, name: string): unknown {
  if (!(error instanceof AppError) || error.code !== 'input') return error;
  return new AppError(error.code, error.message.replaceAll(file, name), { cause: error });
}

const tooLarge = (name: string): AppError =>
  new AppError(
    'input',
    `“${name}” is larger than 1 GB, which is too much for one picture; make it smaller first.`,
  );

/** The extension only helps a person who looks into the folder; the engine reads the content. */
function extensionOf(name: string): string {
  const extension = path.extname(name).slice(1).toLowerCase();
  return /^[a-z0-9]{1,8}$/.test(extension) ? extension : 'bin';
}

/** The first 128 bits of the file's SHA-256, as hexadecimal text. */
async function hashFile(filePath: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(filePath), hash);
  return hash.digest('hex').slice(0, 32);
}
