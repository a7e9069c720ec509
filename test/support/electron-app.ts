/** Starts the built app in a real Electron and drives its window through Playwright. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { startDisplay } from '../../scripts/display.mjs';
import { ensureElectron, prepareApp } from '../../scripts/electron-runtime.mjs';
import { childrenOf, killWhole } from './children.mjs';

export interface LaunchOptions {
  /** UNDERPAINT_HOME of this app; two apps with the same one are two starts of the same installation. */
  home: string;
  env?: Record<string, string>;
  args?: string[];
}

export interface RunningApp {
  app: ElectronApplication;
  page: Page;
  home: string;
  /** Everything that the page wrote to its console as an error, and every exception it did not catch. */
  pageErrors: string[];
  /** Process ids of the engines that this app runs at the moment. */
  enginePids: () => number[];
  /** Closes the window as a person does and waits until the app is gone. */
  close: () => Promise<void>;
  /** Ends the app and its engines at once, as a power cut does. */
  kill: () => Promise<void>;
}

const running = new Set<ChildProcess>();
let display: Promise<string> | undefined;

/** The display to open windows on: the one there is, or on Linux a virtual one for as long as the tests run. */
async function displayEnv(): Promise<Record<string, string>> {
  if (process.platform !== 'linux') return {};
  // `npm test` has one for each worker.
  const displays = process.env['UNDERPAINT_TEST_DISPLAYS']?.split(',') ?? [];
  const ours = displays[Number(process.env['VITEST_POOL_ID'] ?? 1) % displays.length];
  if (ours !== undefined) return { DISPLAY: ours };
  if (process.env['DISPLAY']) return {};
  display ??= startDisplay().then((server) => server.display);
  return { DISPLAY: await display };
}

/** A fresh home folder; remove it with `removeHome`. */
export const makeHome = (): string => mkdtempSync(path.join(tmpdir(), 'underpaint-window-'));

export const removeHome = (home: string): void =>
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });

/** What an app is started with: executable, arguments, environment. */
export async function launchParameters(
  options: LaunchOptions,
): Promise<{ executablePath: string; args: string[]; env: Record<string, string> }> {
  const prepared = await prepareApp(await ensureElectron());
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !['ELECTRON_RUN_AS_NODE', 'NODE_OPTIONS'].includes(entry[0]),
  );
  return {
    executablePath: prepared.executablePath,
    args: [...prepared.args, ...(options.args ?? [])],
    env: {
      ...Object.fromEntries(inherited),
      ...(await displayEnv()),
      ...prepared.env,
      // The window speaks the system's language; tests read English unless they say otherwise.
      LANGUAGE: 'en',
      LC_ALL: 'C.UTF-8',
      UNDERPAINT_HOME: options.home,
      ...options.env,
    },
  };
}

/** Starts the app and waits for its window and its page. */
export async function launchApp(options: LaunchOptions): Promise<RunningApp> {
  const app = await _electron.launch({ ...(await launchParameters(options)), timeout: 60_000 });
  const child = app.process();
  running.add(child);
  child.once('exit', () => running.delete(child));
  const pageErrors: string[] = [];
  app.on('window', (page) => {
    page.on('pageerror', (error) => pageErrors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') pageErrors.push(message.text());
    });
  });
  const page = await app.firstWindow();
  await page.waitForLoadState('load');
  const pid = child.pid ?? 0;
  return {
    app,
    page,
    home: options.home,
    pageErrors,
    enginePids: () =>
      childrenOf(pid)
        .filter(({ command }) => command.includes('engine.cjs'))
        .map((engine) => engine.pid),
    close: () => closeApp(app, child),
    kill: () => killWhole(child),
  };
}

/** Longest time that an app may take to quit before it is ended. */
const QUIT_WITHIN_MS = 30_000;

/** Quits the app as a person would. One that does not quit is ended, so that the tests after it can go on, and fails its own. */
async function closeApp(app: ElectronApplication, child: ChildProcess): Promise<void> {
  const isLate = await Promise.race([
    app.close().then(() => false),
    sleep(QUIT_WITHIN_MS, true, { ref: false }),
  ]);
  if (!isLate) return;
  child.kill('SIGKILL');
  throw new Error(`The app did not quit within ${QUIT_WITHIN_MS / 1000} s and was ended.`);
}

/** Ends the apps that a failed test left open, so that the next test starts its own and not a second one. */
export async function endLeftovers(): Promise<void> {
  const ends = [...running].map((child) => new Promise((done) => child.once('exit', done)));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ends);
}

/** Waits until `condition` holds; fails with `what` when it does not within `timeoutMs`. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`Waited ${timeoutMs / 1000} s in vain: ${what}.`);
}
