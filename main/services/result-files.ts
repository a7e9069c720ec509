/** Results on their way out of the app: under a name of the person's template, in the format they want, never over another file. */
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ResultView } from '../../shared/contract';
import { AppError } from '../../shared/errors';
import type { ExportSettings } from '../../shared/export';
import { fileNameOf, hasNumber, type FileNameFacts } from '../../shared/file-name';
import { asTyped } from '../../shared/prompt-style';
import { copyFileAtomic } from './atomic-file';
import type { EngineHost } from './engine-host';
import type { Gallery } from './gallery';
import type { ModelList } from './model-list';
import type { SourceStore } from './source-store';

/** Quality at which lossy results are made; one that is asked for at least so is the file itself. */
const OWN_QUALITY = 95;
/** What was handed to other programs stays for so long: a clipboard may still name it. */
const HANDED_OUT_MS = 24 * 3_600_000;
/** So many names are tried before one is given up. */
const MAX_NAMES = 10_000;

type Format = 'png' | 'jpg' | 'webp';

export interface ResultFilesOptions {
  /** For files that other programs get to see. */
  folder: string;
  gallery: Gallery;
  sources: SourceStore;
  models: ModelList;
  engine: EngineHost;
  /** How the person wants them now. */
  wanted: () => ExportSettings;
}

export class ResultFiles {
  readonly #options: ResultFilesOptions;

  constructor(options: ResultFilesOptions) {
    this.#options = options;
  }

  /** The result's own file; throws `input` when it is gone. */
  pathOf(resultId: string): string {
    const filePath = this.#options.gallery.pathOf(this.#options.gallery.get(resultId).id);
    if (filePath === null) throw new AppError('input', 'This result is not there any more; paint it again.');
    return filePath;
  }

  /** Ending, without a dot, that a result is saved with. */
  endingOf(resultId: string): Format {
    const { format } = this.#options.wanted();
    return format === 'same' ? formatOf(this.pathOf(resultId)) : format;
  }

  /** A name without ending that is free in the folder; without a folder, the first one. */
  async freeName(resultId: string, folder: string | null): Promise<string> {
    const facts = await this.#factsOf(this.#options.gallery.get(resultId));
    const taken = folder === null ? [] : await readdir(folder).catch(() => []);
    const stems = new Set(taken.map((name) => path.parse(name).name.toLowerCase()));
    return firstFree(this.#options.wanted().fileName, facts, (stem) => !stems.has(stem.toLowerCase()));
  }

  /** Writes a result to a path that the person chose; its ending decides the format. Answers where it is. */
  async saveAs(resultId: string, chosenPath: string): Promise<string> {
    const wanted = knownFormat(chosenPath) ?? this.endingOf(resultId);
    const target = knownFormat(chosenPath) === null ? `${chosenPath}.${wanted}` : chosenPath;
    await this.#write(resultId, target, wanted).catch((error: unknown) => {
      throw saveError('picture', target, error);
    });
    return target;
  }

  /** Writes a result into a folder without asking, under the first name that no file has. */
  async saveInto(resultId: string, folder: string): Promise<string> {
    const ending = this.endingOf(resultId);
    const draft = path.join(await this.#ownFolder(`save-${resultId}`), `picture.${ending}`);
    await this.#write(resultId, draft, ending);
    const facts = await this.#factsOf(this.#options.gallery.get(resultId));
    try {
      for (let n = 1; n <= MAX_NAMES; n += 1) {
        const target = path.join(folder, `${nameAt(this.#options.wanted().fileName, facts, n)}.${ending}`);
        try {
          await copyFile(draft, target, constants.COPYFILE_EXCL);
          return target;
        } catch (error) {
          if (codeOf(error) === 'EEXIST') continue;
          throw saveError('picture', target, error);
        }
      }
      throw new AppError('output', 'That folder is full of such names; choose another one, or another name.');
    } finally {
      await rm(path.dirname(draft), { recursive: true, force: true });
    }
  }

  /** The result's file under a speaking name, for other programs to take. */
  async handOut(resultId: string): Promise<string> {
    const from = this.pathOf(resultId);
    const folder = await this.#ownFolder(resultId);
    const target = path.join(folder, `${await this.freeName(resultId, null)}${path.extname(from)}`);
    // A copy: what another program does to it must not reach the gallery.
    await copyFile(from, target, constants.COPYFILE_FICLONE);
    return target;
  }

  /** The result as a PNG, which every clipboard takes. */
  async asPng(resultId: string): Promise<string> {
    const inputPath = this.pathOf(resultId);
    if (formatOf(inputPath) === 'png') return inputPath;
    const outputPath = path.join(await this.#ownFolder(resultId), 'picture.png');
    await this.#options.engine.request('picture.export', {
      inputPath,
      outputPath,
      format: 'png',
      quality: 100,
    });
    return outputPath;
  }

  /** Removes what was handed out long ago. */
  async tidy(nowMs: number): Promise<void> {
    const { folder } = this.#options;
    for (const name of await readdir(folder).catch(() => [])) {
      const own = path.join(folder, name);
      const { mtimeMs } = await stat(own);
      if (nowMs - mtimeMs > HANDED_OUT_MS) await rm(own, { recursive: true, force: true });
    }
  }

  async #write(resultId: string, target: string, format: Format): Promise<void> {
    const inputPath = this.pathOf(resultId);
    const { quality } = this.#options.wanted();
    const isItself = format === formatOf(inputPath) && (format === 'png' || quality >= OWN_QUALITY);
    if (isItself) return copyFileAtomic(inputPath, target);
    await this.#options.engine.request('picture.export', { inputPath, outputPath: target, format, quality });
  }

  async #ownFolder(name: string): Promise<string> {
    const folder = path.join(this.#options.folder, name);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  async #factsOf(result: ResultView): Promise<FileNameFacts> {
    const { models, sources } = this.#options;
    const settings = asTyped(result.settings);
    const known = await models.list();
    const model = known.find(({ id }) => id === settings.model) ?? known[0];
    return {
      createdAt: result.createdAt,
      prompt: settings.prompt,
      seed: result.seed,
      model: settings.model === null ? 'starter' : path.parse(settings.model).name,
      strength: settings.strength ?? model?.defaults.strength ?? 1,
      steps: settings.steps ?? model?.defaults.steps ?? 0,
      width: result.width,
      height: result.height,
      style: settings.style?.name ?? '',
      input: (await sources.find(result.sourceId))?.name ?? '',
      n: 1,
    };
  }
}

/** The name at a number: where the template names none, later ones get it in brackets. */
function nameAt(template: string, facts: FileNameFacts, n: number): string {
  const name = fileNameOf(template, { ...facts, n });
  return n === 1 || hasNumber(template) ? name : `${name} (${n})`;
}

function firstFree(template: string, facts: FileNameFacts, isFree: (stem: string) => boolean): string {
  for (let n = 1; n <= MAX_NAMES; n += 1) {
    const name = nameAt(template, facts, n);
    if (isFree(name)) return name;
  }
  return nameAt(template, facts, 1);
}

/** The format that a name's ending means; null for another ending or none. */
function knownFormat(filePath: string): Format | null {
  switch (path.extname(filePath).toLowerCase()) {
    case '.png':
      return 'png';
    case '.jpg':
    case '.jpeg':
      return 'jpg';
    case '.webp':
      return 'webp';
    default:
      return null;
  }
}

const formatOf = (resultPath: string): Format => knownFormat(resultPath) ?? 'png';

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Why a file could not be saved, in a sentence; a full disk stays what it is. */
export function saveError(what: string, target: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'disk-full') return error;
  return new AppError(
    'output',
    `The ${what} could not be saved as ${path.basename(target)} because that folder cannot be written; choose another folder.`,
    { cause: error },
  );
}
