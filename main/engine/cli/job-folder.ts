/** A job folder per request: the same command finds the journal of its interrupted predecessor and goes on from it. */
import { createHash } from 'node:crypto';
import { open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors';
import { homeFolder } from '../home';
import { makeFolder } from '../make-folder';

export interface JobFolder {
  readonly path: string;
  /** Deletes the folder: the job has ended. */
  remove(): Promise<void>;
  /** Leaves the journal for the next run of the same command. */
  keep(): Promise<void>;
}

const LOCK = 'lock';
/** Longest time between making a lock and writing the process id into it. */
const WRITTEN_WITHIN_MS = 5000;
const KEPT_FOR_MS = 7 * 24 * 60 * 60 * 1000;

/** Takes the folder that belongs to `identity` (everything that decides the command's result); another one while that is in use. */
export async function takeJobFolder(identity: string): Promise<JobFolder> {
  const jobs = join(homeFolder(), 'cli-jobs');
  await makeJobsFolder(jobs);
  await forgetOld(jobs);
  const name = createHash('sha256').update(identity).digest('hex').slice(0, 20);
  for (let attempt = 0; ; attempt += 1) {
    const path = join(jobs, attempt === 0 ? name : `${name}-${attempt}`);
    if (await lock(path)) {
      return {
        path,
        remove: () => removeWhole(path),
        keep: () => rm(join(path, LOCK), { force: true }),
      };
    }
  }
}

async function makeJobsFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    throw new AppError(
      'output',
      `The folder ${path} for unfinished jobs cannot be made; check its permissions or set UNDERPAINT_HOME to another folder.`,
      { cause: error },
    );
  }
}

/** Renamed first, so that a process that takes the name meanwhile gets a folder of its own. */
async function removeWhole(path: string): Promise<void> {
  const doomed = `${path}.${process.pid}.gone`;
  await rename(path, doomed);
  await rm(doomed, { recursive: true, force: true });
}

/** Makes the folder and locks it; true when it is ours now. A lock of a process that is gone is taken over. */
async function lock(folder: string): Promise<boolean> {
  const path = join(folder, LOCK);
  for (;;) {
    await makeJobsFolder(folder);
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Its holder has just finished and taken the folder away.
      if (code === 'ENOENT') continue;
      if (code !== 'EEXIST') throw error;
    }
    if (await isHeld(path)) return false;
    await rm(path, { force: true });
  }
}

/** True while the process that wrote the lock lives; a lock that is still empty is about to be written. */
async function isHeld(path: string): Promise<boolean> {
  try {
    const holder = Number(await readFile(path, 'utf8'));
    return holder > 0 ? isAlive(holder) : Date.now() - (await stat(path)).mtimeMs < WRITTEN_WITHIN_MS;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Journals that nobody came back for. */
async function forgetOld(jobs: string): Promise<void> {
  const now = Date.now();
  for (const name of await readdir(jobs)) {
    const path = join(jobs, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && now - found.mtimeMs > KEPT_FOR_MS) await rm(path, { recursive: true, force: true });
  }
}
