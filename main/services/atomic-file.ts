/** Writes files so that a reader, a crash or a power cut sees the old content or the new one, never half. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits between attempts to rename, in ms: on Windows a virus scanner may hold the target for a moment. */
const RENAME_RETRY_MS = [20, 60, 150, 400];

/** Writes text or bytes through a temporary file in the same folder, which is created when it is missing. */
export async function writeFileAtomic(filePath: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(filePath), { recursive: true });
  const temporary = temporaryName(filePath);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await renameWithRetry(temporary, filePath);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Copies a file over `targetPath` through a temporary file in the target's folder. */
export async function copyFileAtomic(sourcePath: string, targetPath: string): Promise<void> {
  const temporary = temporaryName(targetPath);
  try {
    await copyFile(sourcePath, temporary, constants.COPYFILE_EXCL);
    const file = await open(temporary, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await renameWithRetry(temporary, targetPath);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const temporaryName = (filePath: string): string =>
  path.join(
    path.dirname(filePath),
    `.${path.basename(filePath).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`,
  );

async function renameWithRetry(from: string, to: string): Promise<void> {
  for (const waitMs of RENAME_RETRY_MS) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
      await sleep(waitMs);
    }
  }
  await rename(from, to);
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'EPERM' || error.code === 'EACCES' || error.code === 'EBUSY');
