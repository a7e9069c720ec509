/** Where results go: `-o file`, `-o folder`, or the current folder; an existing file is only replaced when it was named. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { AppError } from '../../../shared/errors';
import type { IMAGE_FORMATS } from '../../../shared/generation';
import { makeFolder } from '../make-folder';

export type ImageFormat = (typeof IMAGE_FORMATS)[number];

export interface OutputTarget {
  readonly folder: string;
  /** File name without extension. */
  readonly name: string;
  readonly format: ImageFormat;
}

const EXTENSIONS: Readonly<Record<string, ImageFormat>> = {
  '.png': 'png',
  '.jpg': 'jpg',
  '.jpeg': 'jpg',
  '.webp': 'webp',
};

/** Resolves `-o` and `--format`, and makes the folder. Throws `usage` for a contradiction, `output` for a folder that cannot be made. */
export async function resolveTarget(
  output: string | undefined,
  format: ImageFormat | undefined,
  inputPath: string,
): Promise<OutputTarget> {
  const stem = `${basename(inputPath, extname(inputPath))}-underpaint`;
  if (output === undefined) return inFolder(process.cwd(), stem, format ?? 'png');

  const path = resolve(output);
  const isFolder =
    /[\\/]$/.test(output) || extname(path) === '' || (existsSync(path) && statSync(path).isDirectory());
  if (isFolder) {
    await makeOutputFolder(path);
    return inFolder(path, stem, format ?? 'png');
  }
  const extension = extname(path).toLowerCase();
  const named = EXTENSIONS[extension];
  if (named === undefined) {
    throw new AppError(
      'usage',
      `Results cannot be written as "${extension}"; name the file .png, .jpg or .webp.`,
    );
  }
  if (format !== undefined && format !== named) {
    throw new AppError(
      'usage',
      `The file name ends in "${extension}" but --format says ${format}; make them agree or leave --format out.`,
    );
  }
  await makeOutputFolder(dirname(path));
  return { folder: dirname(path), name: basename(path, extname(path)), format: named };
}

/** A name in the folder that no file has yet. */
function inFolder(folder: string, stem: string, format: ImageFormat): OutputTarget {
  const isFree = (name: string): boolean =>
    !existsSync(join(folder, `${name}.${format}`)) && !existsSync(join(folder, `${name}-1.${format}`));
  let name = stem;
  for (let i = 2; !isFree(name); i += 1) name = `${stem}-${i}`;
  return { folder, name, format };
}

/** Makes the folder for results; throws `AppError('output')`. */
export async function makeOutputFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'EEXIST'
        ? 'a file with that name is in the way'
        : 'it cannot be made there';
    throw new AppError(
      'output',
      `The output folder ${path} is not usable, because ${reason}; choose another folder.`,
      { cause: error },
    );
  }
}
