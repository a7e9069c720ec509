/** A job folder per request: the same command finds the journal of its interrupted predecessor and goes on from it. */
import { createHash } from 'node:crypto';
import { open, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors';
import { homeFolder } from './home';

export interface JobFolder {
  readonly path: string;
  /** Deletes the folder: the job has ended. */
  remove(): Promise<void>;
  /** Leaves the journal for the next run of the same command. */
  keep(): Promise<void>;
}

const LOCK = 'lock';
const KEPT_FOR_MS = 7 * 24 * 60 * 60 * 1000;

/** Takes the folder that belongs to `identity` (everything that decides the command's result); another one while that is in use. */
export async function takeJobFolder(identity: string): Promise<JobFolder> {
  const jobs = join(homeFolder(), 'cli-jobs');
  await makeFolder(jobs);
  await forgetOld(jobs);
  const name = createHash('sha256').update(identity).digest('hex').slice(0, 20);
  for (let attempt = 0; ; attempt += 1) {
    const path = join(jobs, attempt === 0 ? name : `${name}-${attempt}`);
    await mkdir(path, { recursive: true });
    if (await lock(join(path, LOCK))) {
      return {
        path,
        remove: () => rm(path, { recursive: true, force: true }),
        keep: () => rm(join(path, LOCK), { force: true }),
      };
    }
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new AppError(
      'output',
      `The folder ${path} for unfinished jobs cannot be made; check its permissions or set UNDERPAINT_HOME to another folder.`,
      { cause: error },
    );
  }
}

/** True when the lock is ours now. A lock of a process that is gone is taken over. */
async function lock(path: string): Promise<boolean> {
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder > 0 && isAlive(holder)) return false;
    await rm(path, { force: true });
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
    const { mtimeMs } = await stat(path);
    if (now - mtimeMs > KEPT_FOR_MS) await rm(path, { recursive: true, force: true });
  }
}
