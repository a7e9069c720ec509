// A script of an artist's work that is ended by SIGKILL at random moments, again and again in one home folder, and what has to be true
// after each restart: everything that was shown as kept is there, the queue goes on, and no file is half written.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

/** So long a life of the app may last before it is ended, in ms. */
const [SHORTEST_MS, LONGEST_MS] = [300, 4000];
/** Every so many lives the clock begins only when a picture was finished in it, so that there is something to lose on slow machines too. */
const [LONG_LIFE_EVERY, PICTURE_WITHIN_MS] = [3, 60_000];
/** A stroke is on the disk after this at the latest. */
const KEPT_WITHIN_MS = 10_000;
const RESULTS = '[role="radiogroup"][aria-label="All results, newest first"] [role="radio"]';
const TEMPORARY = /\.tmp$|^\.import-/;

/** Numbers in [0, 1) that are the same for the same seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Ends the app `kills` times and answers with everything that was wrong afterwards, as sentences.
 * `launch` starts the app in `home` and answers { page, kill }; `kill` ends all of its processes and waits until they are gone.
 */
export async function killAtRandom({ launch, home, kills, seed, say }) {
  const random = randomFrom(seed);
  /** What the person has seen: results, stars, jobs, and how many strokes were kept. */
  const shown = { results: new Set(), stars: new Set(), jobs: new Map(), marks: 0 };
  const wrong = [];
  for (let round = 0; round <= kills; round += 1) {
    const startedAt = Date.now();
    const app = await launch();
    await ready(app.page);
    const state = await stateOf(app.page);
    const missing = missingIn(state, shown);
    const broken = await brokenFiles(home, startedAt);
    wrong.push(...[...missing, ...broken].map((what) => `after kill ${round}: ${what}`));
    if (round === kills) {
      wrong.push(...(await finish(app.page, shown)));
      await app.kill();
      wrong.push(...(await brokenFiles(home, Date.now())).map((what) => `at the end: ${what}`));
      break;
    }
    const lifeMs = SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS);
    if (round === 0) await makeQuick(app.page);
    const did = await work(app, lifeMs, random, shown, round % LONG_LIFE_EVERY === 0);
    say(
      `kill ${round + 1} of ${kills} after ${(lifeMs / 1000).toFixed(1)} s (${did.join(', ') || 'nothing'}); shown so far: ${shown.results.size} results, ${shown.stars.size} stars, ${shown.jobs.size} jobs, ${shown.marks} strokes`,
    );
  }
  return {
    wrong,
    results: shown.results.size,
    stars: shown.stars.size,
    jobs: shown.jobs.size,
    marks: shown.marks,
  };
}

const ready = (page) =>
  page
    .locator('button[aria-disabled="false"]', { hasText: /Generate|Add to queue/ })
    .first()
    .waitFor({ timeout: 120_000 });

/** Few steps at a small size, so that the queue gets on. */
async function makeQuick(page) {
  await page.getByLabel('Steps', { exact: true }).fill('4');
  await page.getByLabel('Size', { exact: true }).selectOption('256');
  await page.getByRole('slider', { name: 'Strength' }).focus();
  await page.keyboard.press('End');
  await sleep(1000);
}

const stateOf = (page) =>
  page.evaluate(async () => {
    const answer = await window.underpaint.appState();
    if (!answer.ok) throw new Error(answer.error.message);
    const { jobs, queue, source } = answer.value;
    const results = answer.value.results ?? (await window.underpaint.resultsRead()).value;
    const painting = source === null ? null : await window.underpaint.paintingRead({ sourceId: source.id });
    return {
      marks: painting?.value.marks.length ?? 0,
      jobs: jobs.map(({ id, state }) => [id, state]),
      results: results.map(({ id, jobId, isStarred }) => ({ id, jobId, isStarred })),
      queue,
    };
  });

/** Works like a person until the time is up and the app is ended; answers what was done. */
async function work(app, lifeMs, random, shown, isLong) {
  const { page } = app;
  const did = [];
  const act = async (name, doIt) => {
    await doIt();
    did.push(name);
  };
  let isOver = false;
  const before = shown.results.size;
  const working = (async () => {
    await page.evaluate(() => {
      const states = new Map();
      Object.assign(window, { seenJobs: states });
      window.underpaint.onJobChanged(({ id, state }) => states.set(id, state));
    });
    while (!isOver) {
      const chance = random();
      if (chance < 0.25) {
        await act('words', () =>
          page
            .getByLabel('Prompt', { exact: true })
            .fill(`a {red|blue} house ${Math.floor(random() * 1000)}`),
        );
      } else if (chance < 0.55) {
        const open = await page.evaluate(
          () => [...window.seenJobs.values()].filter((state) => state === 'queued').length,
        );
        if (open < 4) await act('generate', () => page.keyboard.press('Control+Enter'));
      } else if (chance < 0.65) {
        await act('star', () => starNewest(page, shown));
      } else if (chance < 0.75) {
        await act('reorder', () =>
          page.evaluate(async () => {
            const { value } = await window.underpaint.appState();
            const last = value.queue.waiting.at(-1);
            if (last !== undefined)
              await window.underpaint.queueMove({ jobIds: [last], before: value.queue.waiting[0] });
          }),
        );
      } else if (chance < 0.87) await act('stroke', () => stroke(page, random, shown));
      await look(page, shown);
      await sleep(30 + random() * 120);
    }
  })();
  // The app is ended in the middle of whatever is being done; that this is noticed is no failure.
  const noticed = working.catch((error) => {
    if (!isOver) throw error;
  });
  const end = Date.now() + PICTURE_WITHIN_MS;
  while (isLong && shown.results.size === before && Date.now() < end)
    await Promise.race([noticed, sleep(50)]);
  await Promise.race([noticed, sleep(lifeMs)]);
  isOver = true;
  await app.kill();
  await noticed;
  return did;
}

/** Remembers what the window shows at this moment. */
async function look(page, shown) {
  const seen = await page.evaluate((selector) => {
    const ids = [...document.querySelectorAll(selector)].map((one) => one.getAttribute('value'));
    return { ids: ids.filter((id) => id !== null && !id.startsWith('(')), jobs: [...window.seenJobs] };
  }, RESULTS);
  for (const id of seen.ids) shown.results.add(id);
  for (const [id, state] of seen.jobs) shown.jobs.set(id, state);
}

/** Draws a line on the input, and waits until it is kept. */
async function stroke(page, random, shown) {
  const surface = page.getByRole('application', { name: 'Drawing surface' });
  if (!(await surface.isVisible())) {
    await page.keyboard.press('Control+d');
    await surface.waitFor({ timeout: 5000 });
  }
  const box = await page.getByAltText(/^Input picture/).boundingBox();
  const at = () => [box.x + (0.2 + 0.6 * random()) * box.width, box.y + (0.2 + 0.6 * random()) * box.height];
  await page.mouse.move(...at());
  await page.mouse.down();
  await page.mouse.move(...at(), { steps: 5 });
  await page.mouse.up();
  const end = Date.now() + KEPT_WITHIN_MS;
  while (Date.now() < end) {
    const { marks } = await stateOf(page);
    if (marks > shown.marks) {
      shown.marks = marks;
      await page.keyboard.press('Control+d');
      return;
    }
    await sleep(50);
  }
  throw new Error('a stroke was not kept');
}

async function starNewest(page, shown) {
  const newest = page.locator(RESULTS).and(page.locator('[value]:not([value="(live)"])')).first();
  if ((await newest.count()) === 0) return;
  const id = await newest.getAttribute('value');
  await newest.click({ timeout: 2000 });
  const star = page.getByRole('button', { name: 'Star', exact: true });
  if ((await star.count()) === 0) return;
  await star.click({ timeout: 2000 });
  await page.getByRole('button', { name: 'Take the star away' }).waitFor({ timeout: 5000 });
  shown.stars.add(id);
}

/** What was shown and is not there any more. */
function missingIn(state, shown) {
  const results = new Map(state.results.map((result) => [result.id, result]));
  const jobs = new Map(state.jobs);
  const wrong = [];
  if (state.marks < shown.marks) wrong.push(`${shown.marks - state.marks} strokes are gone`);
  for (const id of shown.results) if (!results.has(id)) wrong.push(`the result ${id} is gone`);
  for (const id of shown.stars)
    if (results.get(id)?.isStarred !== true) wrong.push(`the star of ${id} is gone`);
  for (const [id, before] of shown.jobs) {
    const hasResult = state.results.some(({ jobId }) => jobId === id);
    if (!hasResult && !jobs.has(id)) wrong.push(`the job ${id}, last seen ${before}, is gone`);
    const now = jobs.get(id);
    if (now !== undefined && !['queued', 'running', 'interrupted', 'done'].includes(now))
      wrong.push(`the job ${id}, last seen ${before}, is ${now}`);
  }
  return wrong;
}

/** Lets the queue come to its end; what waits for the person, because it was ended twice in a row, is resumed. */
async function finish(page, shown) {
  const end = Date.now() + 240_000;
  while (Date.now() < end) {
    const state = await stateOf(page);
    const interrupted = state.jobs.filter(([, now]) => now === 'interrupted');
    for (const [jobId] of interrupted)
      await page.evaluate((id) => window.underpaint.jobResume({ jobId: id }), jobId);
    const isOpen = state.jobs.some(([, now]) => now !== 'done');
    if (!isOpen) {
      const made = new Set(state.results.map(({ jobId }) => jobId));
      return [...shown.jobs.keys()]
        .filter((id) => !made.has(id))
        .map((id) => `the job ${id} made no picture`);
    }
    await sleep(200);
  }
  return [`the queue did not come to its end: ${JSON.stringify((await stateOf(page)).jobs)}`];
}

/** Files that do not read back, and temporary ones of before `startedAt` that stay. */
async function brokenFiles(home, startedAt) {
  let leftovers = [];
  for (let tries = 0; tries < 100; tries += 1) {
    leftovers = walk(home).filter(
      ({ name, path }) => TEMPORARY.test(name) && (modifiedAt(path) ?? Infinity) < startedAt,
    );
    if (leftovers.length === 0) break;
    await sleep(100);
  }
  const wrong = leftovers.map(({ path }) => `${path} was left`);
  for (const { name, path } of walk(home)) {
    if (TEMPORARY.test(name)) continue;
    const reason = faultOf(name, path);
    if (reason !== null) wrong.push(`${path}: ${reason}`);
  }
  return wrong;
}

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // The shell's own folder is Chromium's.
    if (entry.isDirectory())
      return entry.name === 'shell'
        ? []
        : TEMPORARY.test(entry.name)
          ? [{ name: entry.name, path }]
          : walkOr(path);
    return entry.isFile() ? [{ name: entry.name, path }] : [];
  });
}

/** Nothing for a folder that went away while we looked. */
function walkOr(path) {
  try {
    return walk(path);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** Why a file is no whole file of its kind; null for a good one, for other kinds, and for one that is gone. */
function faultOf(name, path) {
  try {
    if (name.endsWith('.json')) JSON.parse(readFileSync(path, 'utf8'));
    else if (name.endsWith('.jsonl')) {
      for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') JSON.parse(line);
    } else if (name.endsWith('.png')) return pngFault(readFileSync(path));
    else if (name.endsWith('.safetensors')) return safetensorsFault(readFileSync(path));
    return null;
  } catch (error) {
    return error.code === 'ENOENT' ? null : error.message;
  }
}

/** Every chunk whole and with its checksum, up to the last one. */
function pngFault(bytes) {
  if (bytes.subarray(0, 8).toString('hex') !== '89504e470d0a1a0a') return 'no PNG';
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) return 'cut off';
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) return 'a wrong checksum';
    if (bytes.toString('latin1', at + 4, at + 8) === 'IEND') return null;
    at = end + 4;
  }
  return 'without an end';
}

function safetensorsFault(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  const { __metadata__: _, ...tensors } = header;
  const end = Math.max(0, ...Object.values(tensors).map(({ data_offsets: [, to] }) => to));
  return 8 + length + end === bytes.length ? null : 'another length than its header says';
}
