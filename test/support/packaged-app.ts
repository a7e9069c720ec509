/** Packs the app into a folder, starts it as a person would, and attaches to its window from outside. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright';
import { sandboxArgs } from '../../scripts/electron-runtime.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const START_TIMEOUT_MS = 30_000;

/** The folder that `npm run package -- --dir` makes, made anew; throws with the packer's output when it failed. */
export async function packApp(): Promise<string> {
  const folder = join(
    ROOT,
    'dist',
    process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`,
  );
  rmSync(folder, { recursive: true, force: true });
  await promisify(execFile)(process.execPath, ['scripts/package.mjs', '--dir'], { cwd: ROOT });
  return folder;
}

export interface RunningApp {
  page: Page;
  process: ChildProcess;
  /** The person's home folder, empty at the start. */
  home: string;
  /** What the app wrote to stdout and stderr so far. */
  output: () => string;
  close: () => Promise<void>;
}

/**
 * Starts the packed app with an empty home folder and a PATH without any program, so that it has only what it brings. The fuses forbid
 * Node's inspector, so the window is reached over Chromium's own debugging port.
 */
export async function startPackedApp(folder: string): Promise<RunningApp> {
  const home = mkdtempSync(join(tmpdir(), 'underpaint-home-'));
  const env = { HOME: home, PATH: join(home, 'no-programs'), DISPLAY: process.env['DISPLAY'] ?? '' };
  const app = spawn(join(folder, 'underpaint'), [...sandboxArgs(), '--remote-debugging-port=0'], {
    env,
    cwd: home,
  });
  let output = '';
  const endpoint = await new Promise<string>((done, fail) => {
    const giveUp = (reason: string): void => fail(new Error(`The packed app ${reason}:\n${output}`));
    const timer = setTimeout(() => giveUp('did not start in time'), START_TIMEOUT_MS);
    const read = (part: Buffer): void => {
      output += part.toString();
      const found = /DevTools listening on (ws:\S+)/.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      done(found);
    };
    app.stdout.on('data', read);
    app.stderr.on('data', read);
    app.on('exit', (code) => giveUp(`ended with code ${code}`));
    app.on('error', (error) => giveUp(`could not be started (${error.message})`));
  });
  const browser = await chromium.connectOverCDP(endpoint, { noDefaults: true });
  const context = browser.contexts()[0];
  if (context === undefined) throw new Error('The packed app has no browser context.');
  const page = context.pages()[0] ?? (await context.waitForEvent('page', { timeout: START_TIMEOUT_MS }));
  return {
    page,
    process: app,
    home,
    output: () => output,
    close: async () => {
      await browser.close();
      const ended = new Promise((done) => app.once('exit', done));
      if (app.exitCode === null && app.signalCode === null && app.kill()) await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Executables of all living descendants of a process (Linux: read from /proc). */
export function executablesBelow(pid: number): string[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = `/proc/${name}/stat`;
    if (!existsSync(stat)) continue;
    // "pid (name) state ppid ...": the name may hold spaces and brackets, so count from its end.
    const fields = readFileSync(stat, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    parents.set(Number(name), Number(fields[1]));
  }
  const isBelow = (child: number): boolean => {
    const parent = parents.get(child);
    return parent !== undefined && parent > 1 && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).map((child) => readlinkSync(`/proc/${child}/exe`));
}

/** Sum of all file sizes below a path, in bytes. */
export function sizeBytesOf(path: string): number {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + readFileSync(join(entry.parentPath, entry.name)).length, 0);
}
