/** Reads a file that a person chose, and refuses in plain words whatever is not a readable file of sane size. */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError } from '../../../shared/errors';

/** Largest picture file that is read: 1 GiB. */
export const MAX_FILE_BYTES = 2 ** 30;

/** Reads a whole file into memory; throws AppError `input` when it is missing, a folder, empty, too large or not readable. */
export async function readSourceFile(path: string): Promise<Buffer> {
  const name = basename(path) || path;
  let file: FileHandle | null = null;
  try {
    // Looked at before it is opened: opening a named pipe would wait for ever.
    const found = await stat(path);
    if (found.isDirectory()) {
      throw new AppError('input', `"${name}" is a folder, not a picture; choose a picture file inside it.`);
    }
    if (!found.isFile()) {
      throw new AppError('input', `"${name}" is not a file but a device or a pipe; choose a picture file.`);
    }
    if (found.size === 0) {
      throw new AppError(
        'input',
        `"${name}" is empty (0 bytes), so there is no picture in it; choose another file.`,
      );
    }
    if (found.size > MAX_FILE_BYTES) {
      throw new AppError(
        'input',
        `"${name}" is larger than 1 GiB, which is more than Underpaint reads; save the picture smaller and try again.`,
      );
    }
    file = await open(path, 'r');
    return await readUpTo(file, found.size, name);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw explain(error, name);
  } finally {
    await file?.close();
  }
}

/** Reads the size that was checked, so that a file which grows meanwhile cannot fill the memory. */
async function readUpTo(file: FileHandle, sizeBytes: number, name: string): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const { bytesRead } = await file.read(bytes, filled, sizeBytes - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  if (filled === 0) {
    throw new AppError(
      'input',
      `"${name}" is empty (0 bytes), so there is no picture in it; choose another file.`,
    );
  }
  return bytes.subarray(0, filled);
}

function explain(error: unknown, name: string): AppError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const options = { cause: error };
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new AppError(
        'input',
        `"${name}" does not exist; check the path, or whether it was moved or renamed.`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
      return new AppError(
        'input',
        `"${name}" cannot be read because this account has no permission; allow reading it or copy it elsewhere.`,
        options,
      );
    case 'ENAMETOOLONG':
    case 'ERR_INVALID_ARG_VALUE':
    case 'ELOOP':
      return new AppError(
        'input',
        `"${name.slice(0, 80)}" is not a usable path; check how it is written.`,
        options,
      );
    default:
      return new AppError(
        'input',
        `"${name}" could not be read from the disk (${code || 'unknown reason'}); check the drive and try again.`,
        options,
      );
  }
}
