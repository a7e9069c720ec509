// The processes that another one has started, as { pid, command }.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export function childrenOf(parent) {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,command=']).toString().split('\n');
    return lines.flatMap((line) => {
      const [, pid, ppid, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid !== undefined && command !== undefined && Number(ppid) === parent
        ? [{ pid: Number(pid), command }]
        : [];
    });
  }
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // The name in parentheses may hold anything; the parent's id is the second field after it.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (fields[0] === 'Z' || Number(fields[1]) !== parent) return [];
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return [{ pid: Number(name), command }];
    } catch {
      return []; // it ended while we looked
    }
  });
}

/** Ends an app's process and the engines that it started, and waits until all of them are gone. */
export async function killWhole(child) {
  const engines = childrenOf(child.pid).filter(({ command }) => command.includes('engine.cjs'));
  const gone = new Promise((done) => child.once('exit', done));
  for (const pid of [child.pid, ...engines.map((engine) => engine.pid)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
  await gone;
  for (const { pid } of engines) while (isAlive(pid)) await new Promise((done) => setTimeout(done, 20));
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}
