// A lock between processes: one small file that holds the owner's process id.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;
/** An owner that has not written its id after this long died in between. */
const UNWRITTEN_MS = 5_000;
/** No honest owner holds the lock this long (the longest is an install on a slow line). */
const STALE_MS = 30 * 60_000;

/** Runs `work` while holding the lock file; `onWait` is called once when another process holds it. */
export async function withLock(lockPath, work, onWait = () => {}) {
  mkdirSync(dirname(lockPath), { recursive: true });
  for (let waited = false; !tryLock(lockPath);) {
    if (isAbandoned(lockPath)) {
      rmSync(lockPath, { force: true });
      continue;
    }
    if (!waited) onWait();
    waited = true;
    await sleep(POLL_MS);
  }
  const release = () => rmSync(lockPath, { force: true });
  process.on('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function tryLock(lockPath) {
  try {
    const file = openSync(lockPath, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAbandoned(lockPath) {
  try {
    const ageMs = Date.now() - statSync(lockPath).mtimeMs;
    const pid = Number(readFileSync(lockPath, 'utf8'));
    if (ageMs > STALE_MS) return true;
    return pid > 0 ? !isAlive(pid) : ageMs > UNWRITTEN_MS;
  } catch {
    return false; // released between the two looks
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
