/** The queue in the real window: adding while one works, order by mouse and keyboard, holding it, groups of pictures, and sudden ends. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchApp, makeHome, removeHome, type RunningApp } from '../support/electron-app';
import { killAtRandom } from '../support/kill-work.mjs';
import {
  cancelButton,
  generateButton,
  pressArrow,
  promptField,
  resizeWindow,
  screenshot,
  stepsField,
  strengthSlider,
  thumbnails,
  waitForStep,
  waitUntilReady,
} from '../support/window-driver';

/** For what follows within moments on a quiet machine. */
const SOON = { timeout: 30_000 };
/** For pictures that have to be painted first. */
const LATER = { timeout: 100_000 };

const home = makeHome();
let running: RunningApp;

/** What the desktop was told. */
interface Told {
  progress: number[];
  notes: string[];
  blockers: number[];
  released: number[];
}
const told = (): Promise<Told> => running.app.evaluate(() => Reflect.get(globalThis, 'told'));

beforeAll(async () => {
  running = await launchApp({ home });
  const { app, page } = running;
  await waitUntilReady(page);
  await resizeWindow(running, 1280, 800);
  await app.evaluate(({ BrowserWindow, Notification, powerSaveBlocker }) => {
    const heard: Told = { progress: [], notes: [], blockers: [], released: [] };
    Object.assign(globalThis, { told: heard });
    const window = BrowserWindow.getAllWindows()[0];
    if (window === undefined) throw new Error('There is no window.');
    window.setProgressBar = (share) => void heard.progress.push(share);
    // The person works in another program; a machine without a desktop shows no notification.
    window.isFocused = () => false;
    Notification.isSupported = () => true;
    Notification.prototype.show = function show(this: Electron.Notification) {
      heard.notes.push(this.title);
    };
    const start = powerSaveBlocker.start.bind(powerSaveBlocker);
    const stop = powerSaveBlocker.stop.bind(powerSaveBlocker);
    powerSaveBlocker.start = (type) => {
      const id = start(type);
      if (powerSaveBlocker.isStarted(id)) heard.blockers.push(id);
      return id;
    };
    powerSaveBlocker.stop = (id) => {
      heard.released.push(id);
      return stop(id);
    };
  });
  await page.getByLabel('Size', { exact: true }).selectOption('256');
  await strengthSlider(page).focus();
  await page.keyboard.press('End');
});

afterAll(async () => {
  expect(running.pageErrors).toEqual([]);
  await running.close();
  removeHome(home);
});

const queueButton = () => running.page.getByRole('button', { name: /^(Queue|Paused) \(\d+\)$/ });
const panel = () => running.page.getByRole('dialog', { name: 'Queue' });
const rows = () => panel().getByRole('listitem');
const names = () => rows().evaluateAll((all) => all.map((row) => row.querySelector('p')?.textContent));
const add = async (prompt: string): Promise<void> => {
  await promptField(running.page).fill(prompt);
  await generateButton(running.page).click();
};

describe('many jobs', () => {
  it('are added while one works, and change places by keys, by buttons and by dragging', async () => {
    const { page } = running;
    await stepsField(page).fill('1000');
    await add('the first');
    await waitForStep(page, 1);
    await stepsField(page).fill('2');
    await page.getByRole('button', { name: 'Add to queue' }).waitFor();
    await add('the second');
    await page.getByRole('button', { name: 'Queue (2)' }).waitFor();
    await add('the third');
    await page.getByRole('button', { name: 'Queue (3)' }).click();
    await expect.poll(names, SOON).toEqual(['the first', 'the second', 'the third']);
    await screenshot(page, 'queue-three');

    // By keyboard, with the focus going along.
    const up = panel().getByRole('button', { name: 'Move up: the third' });
    await up.focus();
    await page.keyboard.press('Enter');
    await expect.poll(names, SOON).toEqual(['the first', 'the third', 'the second']);
    await panel().getByText('Place 1 of 2').waitFor({ state: 'attached' });
    await page.keyboard.press('Alt+ArrowDown');
    await expect.poll(names, SOON).toEqual(['the first', 'the second', 'the third']);
    await expect.poll(() => up.evaluate((button) => button === document.activeElement), SOON).toBe(true);

    // By mouse.
    const grip = await rows().nth(2).locator('[aria-hidden]').first().boundingBox();
    const target = await rows().nth(1).boundingBox();
    await page.mouse.move(grip!.x + grip!.width / 2, grip!.y + grip!.height / 2);
    await page.mouse.down();
    await page.mouse.move(grip!.x + grip!.width / 2, target!.y + 4, { steps: 4 });
    await page.mouse.up();
    await expect.poll(names, SOON).toEqual(['the first', 'the third', 'the second']);
    await panel().getByRole('button', { name: 'Move down: the third' }).click();
    await expect.poll(names, SOON).toEqual(['the first', 'the second', 'the third']);
  });

  it('wait behind "finish this one" until they may go on; one and all are cancelled', async () => {
    const { page } = running;
    await panel().getByRole('button', { name: 'Finish this one' }).click();
    await panel().getByText('This one is finished; nothing else begins').waitFor();
    await page.keyboard.press('Escape');
    // A thousand steps would take too long for a test: it ends here, and what is there is kept.
    await page.getByRole('button', { name: 'Stop and keep it' }).click();
    await thumbnails(page).first().waitFor(LATER);
    await page.getByText(/ · stopped after step \d+$/).waitFor(SOON);
    await page.getByRole('button', { name: 'Paused (2)' }).waitFor(SOON);
    await page.getByText('The queue is paused.').waitFor();
    expect(await cancelButton(page).count()).toBe(0);
    await queueButton().click();
    await panel().getByText('Nothing begins until you let it go on.').waitFor();
    await panel().getByRole('button', { name: 'Go on' }).click();
    await thumbnails(page).nth(2).waitFor(LATER);
    await queueButton().waitFor({ state: 'detached' });
    const seen = await told();
    expect(seen.notes).toEqual(['Your picture is ready', 'Your 2 pictures are ready']);
    expect(seen.progress.slice(0, -1).every((share) => (share >= 0 && share <= 1) || share === -1)).toBe(
      true,
    );
    expect(new Set(seen.progress).size).toBeGreaterThan(3);
    expect(seen.progress.at(-1)).toBe(-1);
    expect(seen.blockers.length).toBeGreaterThan(0);
    expect(seen.released).toEqual(seen.blockers);

    await stepsField(page).fill('1000');
    await add('long');
    await waitForStep(page, 1);
    await add('short');
    await add('short too');
    await page.getByRole('button', { name: 'Queue (3)' }).click();
    await rows().nth(1).getByRole('button', { name: 'Cancel: short' }).focus();
    await page.keyboard.press('Delete');
    await expect.poll(names, SOON).toEqual(['long', 'short too']);
    await panel().getByRole('button', { name: 'Cancel all' }).click();
    await queueButton().waitFor({ state: 'detached', ...SOON });
    await page.getByRole('button', { name: 'Discard' }).click();
    await stepsField(page).fill('2');
  });
});

describe('groups', () => {
  const group = (name: string) => running.page.getByRole('radiogroup', { name });

  it('are five strengths by one key, with the strengths written', async () => {
    const { page } = running;
    await promptField(page).fill('a lake in the mountains');
    await stepsField(page).fill('5');
    await page.keyboard.press('Control+Shift+Enter');
    const strip = group('The same at other strengths');
    await strip.waitFor(SOON);
    await expect.poll(() => strip.locator('[role="radio"]:not([disabled])').count(), LATER).toBe(5);
    expect(await strip.getByRole('radio').allTextContents()).toEqual([
      '20 %',
      '40 %',
      '60 %',
      '80 %',
      '100 %',
    ]);
    await strip.getByRole('radio', { name: '20 %' }).click();
    await pressArrow(page, 'ArrowRight');
    await page.getByText(/strength 40 %$/).waitFor();
    await screenshot(page, 'strength-strip');
  });

  it('are neighbouring seeds of the result in view, as many as wanted, and can be cancelled together', async () => {
    const { page } = running;
    await group('The same at other strengths').getByRole('radio', { name: '100 %' }).click();
    const caption = await page.getByText(/^Seed \d+ · /).textContent();
    const seed = Number(/\d+/.exec(caption ?? '')?.[0]);
    await stepsField(page).fill('1000');
    await page.getByRole('button', { name: 'Variations' }).click();
    await page.getByLabel('Pictures', { exact: true }).last().fill('3');
    await screenshot(page, 'variations');
    await page.getByRole('button', { name: '3 neighbouring seeds' }).click();
    const seeds = group('The same with other seeds');
    await seeds.waitFor(SOON);
    expect(await seeds.getByRole('radio').allTextContents()).toEqual(
      [1, 2, 3].map((by) => `Seed ${seed + by}`),
    );
    await page.getByRole('button', { name: 'Cancel the rest' }).click();
    await queueButton().waitFor({ state: 'detached', ...SOON });
    await page.getByRole('button', { name: 'Discard' }).click();
  });

  it('are all combinations of the choices in the prompt; a picked one shows its words and gives back what was written', async () => {
    const { page } = running;
    await stepsField(page).fill('2');
    await promptField(page).fill('a {red|blue} house');
    await page.getByRole('button', { name: 'Variations' }).click();
    await page.getByRole('button', { name: 'All 2 combinations' }).click();
    const words = group('The same with other words');
    await expect.poll(() => words.locator('[role="radio"]:not([disabled])').count(), LATER).toBe(2);
    expect(await words.getByRole('radio').allTextContents()).toEqual(['red', 'blue']);
    await words.getByRole('radio', { name: 'blue' }).click();
    await page.getByText(/· a blue house$/).waitFor();

    const before = await thumbnails(page).count();
    await generateButton(page).click();
    await thumbnails(page).nth(before).waitFor(LATER);
    await thumbnails(page).first().click();
    await page.getByText(/· a (red|blue) house$/).waitFor();
    await promptField(page).fill('other words');
    await page.getByRole('button', { name: 'Use its settings' }).click();
    await expect.poll(() => promptField(page).inputValue(), SOON).toBe('a {red|blue} house');
  });
});

describe('a sudden end', () => {
  it('loses nothing that was shown as kept, and the queue goes on', async () => {
    const ownHome = makeHome();
    const said: string[] = [];
    const { wrong, results } = await killAtRandom({
      launch: () => launchApp({ home: ownHome }),
      home: ownHome,
      kills: 3,
      seed: 20,
      say: (text) => said.push(text),
    });
    expect(wrong, said.join('\n')).toEqual([]);
    expect(results).toBeGreaterThan(0);
    removeHome(ownHome);
  });
});
