// `npm run bench -- window [--runs N] [--json]`: how long until the window can be used, beside a bare Electron window of the same runtime, in
// alternation; and the page's tasks over 50 ms while a job paints with previews, beside a window that idles at the same time. What counts is
// the ratio of neighbours and the difference of the two windows; the times alone mean little elsewhere.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, root, say, ScriptError } from '../bootstrap.mjs';
import { startDisplay } from '../display.mjs';
import { ensureElectron, prepareApp, prepareOtherApp } from '../electron-runtime.mjs';
import { median } from './numbers.mjs';

/** The bound of the specification: start to usable window, in times of a bare window. */
const START_BOUND = 1.5;
const CLOSE_WAIT_MS = 10_000;
const BUTTON = '#main-button';
/** As many steps as make a job long enough to watch; a preview comes with each. */
const STEPS = 60;

/** The least that can be called a window with a page: the same walls, one button. */
const BARE_APP = {
  'package.json': JSON.stringify({ name: 'bare', version: '1.0.0', main: 'main.cjs' }),
  'main.cjs': `
    const { app, BrowserWindow } = require('electron');
    app.setPath('userData', process.env.BARE_HOME);
    app.whenReady().then(() => {
      const window = new BrowserWindow({
        width: 1360, height: 880, show: false,
        webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false },
      });
      window.once('ready-to-show', () => window.show());
      window.loadFile('index.html');
    });
    app.on('window-all-closed', () => app.quit());`,
  'index.html': `<!doctype html><title>Bare</title><button id="main-button">Generate</button>`,
};

export async function benchWindow(args) {
  const { values } = parseArgs({
    args,
    options: { runs: { type: 'string', default: '7' }, json: { type: 'boolean', default: false } },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new ScriptError('--runs takes a whole number from 1 on.');
  await ensureBuilt('app');
  const { _electron } = await import('playwright');
  const runtime = await ensureElectron();
  // Beside the runtime, so that the bare window's copy of it is made of links.
  const folder = mkdtempSync(join(root, '.cache', 'bench-window-'));
  const display =
    process.platform === 'linux' && !process.env.DISPLAY ? await startDisplay().catch(() => null) : null;
  const env = { ...process.env, ...(display === null ? {} : { DISPLAY: display.display }) };
  const ours = await prepareApp(runtime);
  const bare = prepareOtherApp(runtime, BARE_APP, join(folder, 'bare'));
  const homeOf = (name) => {
    const home = join(folder, name);
    mkdirSync(home, { recursive: true });
    return home;
  };
  const launch = (app, home) =>
    _electron.launch({
      executablePath: app.executablePath,
      args: app.args,
      env: { ...env, ...app.env, UNDERPAINT_HOME: home, BARE_HOME: home, LANGUAGE: 'en' },
      timeout: 120_000,
    });
  try {
    const start = await measureStarts(runs, {
      ours: () => launch(ours, homeOf('ours')),
      bare: () => launch(bare, homeOf('bare-home')),
    });
    const tasks = await watchTasks(
      () => launch(ours, homeOf('busy')),
      () => launch(ours, homeOf('idle')),
    );
    const result = { runs, ...start, tasks };
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
  } finally {
    display?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Starts both in alternation; the first start of each, which fills caches and makes the first draft, is told apart. */
async function measureStarts(runs, launches) {
  const times = { ours: [], bare: [] };
  for (let run = 0; run <= runs; run++) {
    for (const name of run % 2 === 0 ? ['bare', 'ours'] : ['ours', 'bare']) {
      times[name].push(await startMs(launches[name]));
    }
    say(
      `${run === 0 ? 'first start' : `run ${run} of ${runs}`}: window ${times.ours[run].toFixed(0)} ms, bare ${times.bare[run].toFixed(0)} ms`,
    );
  }
  const [firstOurs, ...ours] = times.ours;
  const [firstBare, ...bare] = times.bare;
  return {
    first: { oursMs: firstOurs, bareMs: firstBare },
    oursMs: median(ours),
    bareMs: median(bare),
    // The median of the ratios of neighbours: drift of the machine cancels out.
    ratio: median(ours.map((ms, run) => ms / bare[run])),
  };
}

/** From the start of the process to a page whose main button is there and which answers a press of the mouse or a key with a new frame. */
async function startMs(launch) {
  const startedAt = performance.now();
  const app = await launch();
  const page = await app.firstWindow();
  await page.locator(BUTTON).waitFor({ timeout: 60_000 });
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))),
  );
  const ms = performance.now() - startedAt;
  await close(app);
  return ms;
}

/** Closes a window; one that does not go by itself is made to. */
async function close(app) {
  const timer = setTimeout(() => app.process().kill('SIGKILL'), CLOSE_WAIT_MS);
  await app.close();
  clearTimeout(timer);
}

/** Two windows at once: one paints with previews, one idles. Both on the same busy machine. */
async function watchTasks(launchBusy, launchIdle) {
  const apps = [];
  try {
    const pages = [];
    for (const launch of [launchBusy, launchIdle]) {
      const app = await launch();
      apps.push(app);
      const page = await app.firstWindow();
      await page.locator(`${BUTTON}[aria-disabled="false"]`).waitFor({ timeout: 120_000 });
      pages.push(page);
    }
    const [busy, idle] = pages;
    await busy.getByLabel('Steps', { exact: true }).fill(String(STEPS));
    await busy.waitForTimeout(3000); // what the start still does is over
    for (const page of pages) await page.evaluate(watchLongTasks);
    await busy.locator(BUTTON).click();
    const picture = busy.getByRole('radio', { name: /^Result / });
    await picture.first().waitFor({ timeout: 600_000 });
    const [working, idling] = [await busy.evaluate(longTasks), await idle.evaluate(longTasks)];
    say(`a job of ${STEPS} steps took ${(working.whole.ms / 1000).toFixed(0)} s in the watched window`);
    return { busy: working.whole, steps: working.steps, idle: idling.whole };
  } finally {
    for (const app of apps) await close(app);
  }
}

/** Begins to collect the page's tasks over 50 ms, and when steps of a job come. Runs in the page. */
function watchLongTasks() {
  const seen = { tasks: [], steps: [], since: performance.now() };
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) seen.tasks.push({ startTime, duration });
  }).observe({ type: 'longtask' });
  window.underpaint.onJobProgress(({ progress }) => {
    if (progress.kind === 'step') seen.steps.push(performance.now());
  });
  window.__longTasks = seen;
}

/** What was collected: in the whole time, and between the first step and the last, when all that comes is progress and previews. Runs in the page. */
function longTasks() {
  const { tasks, steps, since } = window.__longTasks;
  const between = (from, to) => {
    const found = tasks.filter(({ startTime }) => startTime >= from && startTime < to);
    return {
      ms: to - from,
      count: found.length,
      longestMs: Math.max(0, ...found.map((task) => task.duration)),
    };
  };
  return { whole: between(since, performance.now()), steps: between(steps[0] ?? 0, steps.at(-1) ?? 0) };
}

function table({ runs, first, oursMs, bareMs, ratio, tasks }) {
  const held = ratio <= START_BOUND ? 'held' : 'NOT HELD';
  const row = (name, { count, longestMs, ms }) =>
    `  ${name.padEnd(12)} ${String(count).padStart(3)} tasks over 50 ms in ${(ms / 1000).toFixed(0)} s, longest ${longestMs.toFixed(0)} ms\n`;
  return `Start to usable window, medians of ${runs} runs in alternation
  Underpaint   ${oursMs.toFixed(0).padStart(5)} ms   (first start ${first.oursMs.toFixed(0)} ms)
  bare window  ${bareMs.toFixed(0).padStart(5)} ms   (first start ${first.bareMs.toFixed(0)} ms)
  ${ratio.toFixed(2)} × the bare window; the bound of ${START_BOUND} × is ${held}

The page's own work while a job of ${STEPS} steps paints, beside a window that idles
${row('whole job', tasks.busy)}${row('its steps', tasks.steps)}${row('idle', tasks.idle)}`;
}
