/** Small pictures for lists, made when they are first looked at and kept; anyone may delete them. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { EngineHost } from './engine-host';
import { ID_PATTERN } from './media-urls';

/** So many are made at once; what was asked last comes first, because it is what is being looked at. */
const AT_ONCE = 3;

export interface ThumbnailOptions {
  folder: string;
  /** File of the picture with an id; null when it is not known. */
  pictureOf: (id: string) => string | null;
  /** PNG for the desktop, which reads no WebP. */
  ending?: 'webp' | 'png';
  engine: EngineHost;
  log: (text: string) => void;
}

export class Thumbnails {
  readonly #options: ThumbnailOptions;
  readonly #making = new Map<string, Promise<string | null>>();
  readonly #waiting: (() => void)[] = [];
  #working = 0;

  constructor(options: ThumbnailOptions) {
    this.#options = options;
  }

  /** File of a small picture; the whole picture where no small one can be made; null when it is not there. */
  pathOf(id: string): Promise<string | null> {
    if (!ID_PATTERN.test(id)) return Promise.resolve(null);
    const ready = this.#fileOf(id);
    if (existsSync(ready)) return Promise.resolve(ready);
    const known = this.#making.get(id);
    if (known !== undefined) return known;
    const making = this.#make(id).finally(() => this.#making.delete(id));
    this.#making.set(id, making);
    return making;
  }

  async remove(id: string): Promise<void> {
    await rm(this.#fileOf(id), { force: true });
  }

  async #make(id: string): Promise<string | null> {
    const { pictureOf, engine, folder, log } = this.#options;
    const inputPath = pictureOf(id);
    if (inputPath === null) return null;
    if (this.#working >= AT_ONCE) await new Promise<void>((start) => this.#waiting.push(start));
    this.#working += 1;
    try {
      await mkdir(folder, { recursive: true });
      const thumbnailPath = this.#fileOf(id);
      await engine.request('thumbnail', { inputPath, thumbnailPath });
      return thumbnailPath;
    } catch (error) {
      log(`no small picture of ${id} could be made: ${String(error)}`);
      return inputPath;
    } finally {
      this.#working -= 1;
      this.#waiting.pop()?.();
    }
  }

  #fileOf(id: string): string {
    return path.join(this.#options.folder, `${id}.${this.#options.ending ?? 'webp'}`);
  }
}
