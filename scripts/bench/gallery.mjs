// `npm run bench -- gallery [--runs N] [--json]`: first paint of the gallery and of a search, with 50 000 results beside 500, in two real
// windows in alternation. What counts is the ratio of neighbours; the times alone mean little elsewhere.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, say, ScriptError } from '../bootstrap.mjs';
import { startDisplay } from '../display.mjs';
import { ensureElectron, prepareApp } from '../electron-runtime.mjs';
import { seedResults } from '../../test/support/seed-results.mjs';
import { median } from './numbers.mjs';

const [SMALL, LARGE] = [500, 50_000];
/** Words that many, some and few results hold; each is in the newest ones, so that both windows have something to show. */
const SEARCHES = ['harbour', 'harbour 4', 'harbour 49'];

export async function benchGallery(args) {
  const { values } = parseArgs({
    args,
    options: { runs: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new ScriptError('--runs takes a whole number from 1 on.');
  await ensureBuilt('app');
  const { _electron } = await import('playwright');
  const app = await prepareApp(await ensureElectron());
  const display =
    process.platform === 'linux' && !process.env.DISPLAY ? await startDisplay().catch(() => null) : null;
  const env = { ...process.env, ...app.env, ...(display === null ? {} : { DISPLAY: display.display }) };
  const windows = [];
  try {
    for (const count of [SMALL, LARGE]) {
      const home = mkdtempSync(join(tmpdir(), 'underpaint-bench-gallery-'));
      const opened = { count, home, app: null, page: null, paint: [], search: [] };
      windows.push(opened);
      seedResults(home, count);
      say(`opening a window with ${count} results ...`);
      opened.app = await _electron.launch({
        executablePath: app.executablePath,
        args: app.args,
        env: { ...env, UNDERPAINT_HOME: home },
        timeout: 120_000,
      });
      opened.page = await opened.app.firstWindow();
      await opened.page.getByRole('button', { name: 'Gallery…' }).waitFor({ timeout: 300_000 });
      await untilRead(opened.page);
      await measure(opened.page); // makes the small pictures, so that both have them
      await opened.page.waitForTimeout(3000);
    }
    for (let run = 0; run < runs; run++) {
      for (const opened of run % 2 === 0 ? windows : windows.toReversed()) {
        const { paintMs, searchMs } = await measure(opened.page);
        opened.paint.push(paintMs);
        opened.search.push(searchMs);
      }
      say(
        `run ${run + 1} of ${runs}: ${windows.map(({ count, paint, search }) => `${count}: first paint ${paint.at(-1).toFixed(0)} ms, search ${search.at(-1).toFixed(0)} ms`).join(' · ')}`,
      );
    }
  } finally {
    for (const { app: opened, home } of windows) {
      await opened?.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
    display?.stop();
  }
  const [small, large] = windows;
  const ratio = (name) => median(large[name].map((ms, run) => ms / small[name][run]));
  const result = {
    runs,
    small: { count: SMALL, paintMs: median(small.paint), searchMs: median(small.search) },
    large: { count: LARGE, paintMs: median(large.paint), searchMs: median(large.search) },
    paintRatio: ratio('paint'),
    searchRatio: ratio('search'),
  };
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
}

/** The index is made behind the window; what is compared begins when it is there. */
async function untilRead(page) {
  const startedAt = performance.now();
  const isReading = () =>
    page.evaluate(async () => (await window.underpaint.galleryCount({})).value.isReading);
  while (await isReading()) await page.waitForTimeout(200);
  say(`the index was there ${((performance.now() - startedAt) / 1000).toFixed(1)} s after the window`);
}

/** Opens the gallery, searches, closes it; in the page itself, from the press to the frame that shows the first picture. */
function measure(page) {
  return page.evaluate(async (searches) => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const until = async (holds) => {
      while (!holds()) await new Promise((done) => requestAnimationFrame(done));
      await frame();
    };
    const label = () =>
      document.querySelector('[role="listbox"] [role="option"]')?.getAttribute('aria-label') ?? '';
    const hasPicture = () => {
      const picture = document.querySelector('[role="listbox"] [role="option"] img');
      return picture instanceof HTMLImageElement && picture.complete && picture.naturalWidth > 0;
    };
    let start = performance.now();
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'g', ctrlKey: true, cancelable: true }));
    await until(hasPicture);
    const paintMs = performance.now() - start;
    const field = document.querySelector('input[type="search"]');
    const value = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
    const times = [];
    for (const words of searches) {
      const counted = document.querySelector('[role="dialog"] [role="status"]');
      // First something that finds nothing, so that every search starts from the same sight.
      value.set.call(field, 'zzz');
      field.dispatchEvent(new Event('input', { bubbles: true }));
      await until(() => label() === '' && counted.textContent !== '');
      start = performance.now();
      value.set.call(field, words);
      field.dispatchEvent(new Event('input', { bubbles: true }));
      await until(() => label().includes(words));
      times.push(performance.now() - start);
    }
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    await until(() => document.querySelector('[role="dialog"]') === null);
    return { paintMs, searchMs: times.reduce((sum, ms) => sum + ms, 0) / times.length };
  }, SEARCHES);
}

function table({ runs, small, large, paintRatio, searchRatio }) {
  const row = ({ count, paintMs, searchMs }) =>
    `  ${String(count).padStart(6)} results   first paint ${paintMs.toFixed(0).padStart(5)} ms   search ${searchMs.toFixed(0).padStart(5)} ms\n`;
  return `Gallery, medians of ${runs} runs in two real windows side by side\n${row(small)}${row(large)}  first paint: ${paintRatio.toFixed(2)} ×   search: ${searchRatio.toFixed(2)} ×\n`;
}
