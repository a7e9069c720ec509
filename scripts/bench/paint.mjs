// `npm run bench -- paint [--runs N] [--json]`: frames and long tasks of the page while strokes are drawn on a picture of 4096 × 4096 pixels, in a
// real window, beside the same window at rest, and the same again while a job runs. Measured by the browser's own performance API.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, say, ScriptError } from '../bootstrap.mjs';
import { startDisplay } from '../display.mjs';
import { ensureElectron, prepareApp } from '../electron-runtime.mjs';
import { median } from './numbers.mjs';

const SIDE_PX = 4096;
/** How long the window is watched at rest; strokes take about as long. */
const REST_MS = 2000;
/** A job that goes on for as long as it is measured. */
const MANY_STEPS = '1000';

export async function benchPaint(args) {
  const { values } = parseArgs({
    args,
    options: { runs: { type: 'string', default: '3' }, json: { type: 'boolean', default: false } },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new ScriptError('--runs takes a whole number from 1 on.');
  await ensureBuilt('app');
  const { _electron } = await import('playwright');
  const { default: sharp } = await import('sharp');
  const app = await prepareApp(await ensureElectron());
  const display =
    process.platform === 'linux' && !process.env.DISPLAY ? await startDisplay().catch(() => null) : null;
  const home = mkdtempSync(join(tmpdir(), 'underpaint-bench-paint-'));
  const env = { ...process.env, ...app.env, ...(display === null ? {} : { DISPLAY: display.display }) };
  let opened = null;
  try {
    const file = join(home, 'large.png');
    await makePicture(sharp, file);
    say('opening a window ...');
    opened = await _electron.launch({
      executablePath: app.executablePath,
      args: app.args,
      env: { ...env, UNDERPAINT_HOME: home },
      timeout: 120_000,
    });
    const page = await opened.firstWindow();
    await page.getByRole('group', { name: 'Generate' }).waitFor({ timeout: 120_000 });
    await opened.evaluate(({ dialog }, picked) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [picked] });
    }, file);
    await page.locator('h2', { hasText: 'Input' }).click();
    await page.keyboard.press('Control+o');
    await page.getByAltText('Input picture large.png').waitFor({ timeout: 120_000 });
    await page.keyboard.press('Control+d');
    const surface = page.getByRole('application', { name: 'Drawing surface' });
    await surface.waitFor();
    const box = await surface.boundingBox();
    await stroke(page, box, 0); // the first one makes canvases
    const idle = { alone: await inTurns(page, box, runs, '') };
    await page.getByLabel('Steps', { exact: true }).fill(MANY_STEPS);
    await page
      .getByRole('group', { name: 'Settings' })
      .getByLabel('Size', { exact: true })
      .selectOption({ index: 1 });
    await page.keyboard.press('Control+Enter');
    await page.getByAltText('Preview of the picture in work').waitFor({ timeout: 300_000 });
    const result = {
      runs,
      sidePx: SIDE_PX,
      ...idle,
      withJob: await inTurns(page, box, runs, ', with a job'),
    };
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
  } finally {
    await opened?.close();
    display?.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Colour slopes: a picture of which no part is like another. */
async function makePicture(sharp, file) {
  const rgb = Buffer.alloc(3 * SIDE_PX * SIDE_PX);
  for (let y = 0, at = 0; y < SIDE_PX; y++) {
    for (let x = 0; x < SIDE_PX; x++) {
      rgb[at++] = (x / 16) & 255;
      rgb[at++] = (y / 16) & 255;
      rgb[at++] = ((x ^ y) / 8) & 255;
    }
  }
  await sharp(rgb, { raw: { width: SIDE_PX, height: SIDE_PX, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toFile(file);
}

/** Rest and strokes, one after the other, so that a slow moment of the machine hits both. */
async function inTurns(page, box, runs, note) {
  const rest = [];
  const strokes = [];
  for (let run = 0; run < runs; run++) {
    rest.push(await watch(page, () => page.waitForTimeout(REST_MS)));
    strokes.push(
      await watch(page, async () => {
        for (let line = 0; line < 4; line++) await stroke(page, box, run * 4 + line);
      }),
    );
    say(
      `run ${run + 1} of ${runs}${note}: ${line('rest', rest.at(-1))} · ${line('strokes', strokes.at(-1))}`,
    );
  }
  return { rest: summary(rest), strokes: summary(strokes) };
}

/** A wavy line across the surface with real input events, about as dense as a pen's. */
async function stroke(page, box, number) {
  const at = (i) => [
    box.x + box.width * (0.1 + (0.8 * i) / 60),
    box.y + box.height * (0.15 + 0.06 * (number % 12) + 0.04 * Math.sin(i / 5)),
  ];
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let i = 1; i <= 60; i++) await page.mouse.move(...at(i));
  await page.mouse.up();
}

/** Frame times and long tasks of the page while something goes on. */
async function watch(page, act) {
  await page.evaluate(() => {
    const seen = { frames: [], tasks: [], isOver: false };
    Object.assign(window, { benchSeen: seen });
    seen.observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.tasks.push(entry.duration);
    });
    seen.observer.observe({ entryTypes: ['longtask'] });
    let last = performance.now();
    const frame = (now) => {
      seen.frames.push(now - last);
      last = now;
      if (!seen.isOver) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await act();
  return page.evaluate(() => {
    const seen = window.benchSeen;
    seen.isOver = true;
    for (const entry of seen.observer.takeRecords()) seen.tasks.push(entry.duration);
    seen.observer.disconnect();
    return { frames: seen.frames.slice(1), tasks: seen.tasks };
  });
}

function summary(watched) {
  const frames = watched.flatMap(({ frames: times }) => times).toSorted((a, b) => a - b);
  const tasks = watched.flatMap(({ tasks: times }) => times);
  return {
    frames: frames.length,
    medianMs: median(frames),
    p95Ms: frames[Math.floor(frames.length * 0.95)],
    longTasks: tasks.length,
    longestTaskMs: Math.max(0, ...tasks),
  };
}

const line = (name, watched) => {
  const { medianMs, p95Ms, longTasks } = summary([watched]);
  return `${name} ${medianMs.toFixed(1)} ms a frame (95 %: ${p95Ms.toFixed(1)}), ${longTasks} long tasks`;
};

function table({ runs, sidePx, alone, withJob }) {
  const row = (name, { frames, medianMs, p95Ms, longTasks, longestTaskMs }) =>
    `  ${name.padEnd(24)} ${medianMs.toFixed(1).padStart(6)} ms   ${p95Ms.toFixed(1).padStart(6)} ms   ${String(frames).padStart(6)}   ${longTasks === 0 ? 'none' : `${longTasks}, longest ${longestTaskMs.toFixed(0)} ms`}\n`;
  return `Strokes on ${sidePx} × ${sidePx} pixels, ${runs} runs in one real window in alternation
  ${''.padEnd(24)}    frame        95 %   frames   tasks over 50 ms
${row('at rest', alone.rest)}${row('strokes', alone.strokes)}${row('at rest, job running', withJob.rest)}${row('strokes, job running', withJob.strokes)}`;
}
