/** Small pictures for lists, made when they are first looked at and kept; anyone may delete them. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { EngineHost } from './engine-host';
import type { Gallery } from './gallery';
import { ID_PATTERN } from './media-urls';

/** So many are made at once; what was asked last comes first, because it is what is being looked at. */
const AT_ONCE = 3;

export interface ThumbnailOptions {
  folder: string;
  gallery: Gallery;
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

  /** File of a result's small picture; the whole picture where no small one can be made; null when the result is not there. */
  pathOf(resultId: string): Promise<string | null> {
    if (!ID_PATTERN.test(resultId)) return Promise.resolve(null);
    const ready = this.#fileOf(resultId);
    if (existsSync(ready)) return Promise.resolve(ready);
    const known = this.#making.get(resultId);
    if (known !== undefined) return known;
    const making = this.#make(resultId).finally(() => this.#making.delete(resultId));
    this.#making.set(resultId, making);
    return making;
  }

  async remove(resultId: string): Promise<void> {
    await rm(this.#fileOf(resultId), { force: true });
  }

  async #make(resultId: string): Promise<string | null> {
    const { gallery, engine, folder, log } = this.#options;
    const inputPath = gallery.pathOf(resultId);
    if (inputPath === null) return null;
    if (this.#working >= AT_ONCE) await new Promise<void>((start) => this.#waiting.push(start));
    this.#working += 1;
    try {
      await mkdir(folder, { recursive: true });
      const thumbnailPath = this.#fileOf(resultId);
      await engine.request('thumbnail', { inputPath, thumbnailPath });
      return thumbnailPath;
    } catch (error) {
      log(`no small picture of ${resultId} could be made: ${String(error)}`);
      return inputPath;
    } finally {
      this.#working -= 1;
      this.#waiting.pop()?.();
    }
  }

  #fileOf(resultId: string): string {
    return path.join(this.#options.folder, `${resultId}.webp`);
  }
}
