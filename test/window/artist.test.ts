/** What an artist does around the main job, in the real window: settings from pictures, the gallery. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CDPSession } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchApp, makeHome, removeHome, type RunningApp } from '../support/electron-app';
import { jpegWith, pngWith, userComment } from '../support/foreign-pictures';
import { seedResults } from '../support/seed-results.mjs';
import { answerDialogs, promptField, screenshot, stepsField, waitUntilReady } from '../support/window-driver';

/** For what follows within moments on a quiet machine. */
const SOON = { timeout: 20_000 };

const home = makeHome();
const folder = path.join(home, 'brought');
let running: RunningApp;
let devtools: CDPSession;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  seedResults(home, 300);
  running = await launchApp({ home });
  await waitUntilReady(running.page);
  devtools = await running.app.context().newCDPSession(running.page);
});

afterAll(async () => {
  expect(running.pageErrors).toEqual([]);
  await running.close();
  removeHome(home);
});

/** Drags a file over the window and lets it go over the zone with this title. */
async function drop(file: string, zone: 'Input' | 'Settings'): Promise<void> {
  const { page } = running;
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  const send = (type: 'dragEnter' | 'dragOver' | 'drop', x: number, y: number) =>
    devtools.send('Input.dispatchDragEvent', { type, x, y, data });
  await send('dragEnter', 120, 120);
  await send('dragOver', 120, 120);
  const box = await page.locator(`[data-drop="${zone.toLowerCase()}"]`).boundingBox();
  const [x, y] = [box!.x + box!.width / 2, box!.y + box!.height / 2];
  await send('dragOver', x, y);
  await send('drop', x, y);
}

describe('the gallery', () => {
  const options = () => running.page.getByRole('listbox').getByRole('option');
  const details = () => running.page.getByRole('complementary', { name: 'The chosen picture' });

  it('opens by key, shows what is in sight of many, and searches by words, star and day', async () => {
    const { page } = running;
    await page.keyboard.press('Control+g');
    await page.getByText('300 pictures', { exact: true }).waitFor();
    await options().first().waitFor();
    await expect.poll(() => options().first().locator('img').count(), SOON).toBe(1);
    expect(await options().count()).toBeLessThan(120);
    await screenshot(page, 'gallery-many');
    await page.getByLabel('Search', { exact: true }).fill('harbour 7');
    // 7, 70 … 79 of 0 … 299: the last word may be unfinished.
    await page.getByText('11 pictures', { exact: true }).waitFor();
    await details().getByRole('button', { name: 'Star', exact: true }).click();
    await details().getByRole('button', { name: 'Take the star away' }).waitFor();
    await page.getByLabel('Search', { exact: true }).fill('');
    await page.getByRole('button', { name: 'Starred' }).click();
    await page.getByText('1 picture', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Starred' }).click();
    await page.getByLabel('From', { exact: true }).fill('2026-02-01');
    await page.getByLabel('To', { exact: true }).fill('2026-02-01');
    await page.getByText('24 pictures', { exact: true }).waitFor();
    await page.getByLabel('From', { exact: true }).fill('');
    await page.getByLabel('To', { exact: true }).fill('');
    await page.getByText('300 pictures', { exact: true }).waitFor();
  });

  it('is walked by arrows, and a picture goes to the bin', async () => {
    const { page, app } = running;
    await options().first().click();
    await page.keyboard.press('End');
    await expect.poll(() => details().textContent(), SOON).toContain('harbour 0 ');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => details().textContent(), SOON).toContain('harbour 1 ');
    // A machine without a desktop has no bin; whether it is asked for the right file is what counts.
    await app.evaluate(({ shell }) => {
      shell.trashItem = (file) => {
        Object.assign(globalThis, { trashed: file });
        return Promise.resolve();
      };
    });
    await page.keyboard.press('Delete');
    await page.getByText('299 pictures', { exact: true }).waitFor();
    expect(await app.evaluate(() => Reflect.get(globalThis, 'trashed'))).toBe(
      path.join(home, 'results', '2026-02-01', 'seeded.png'),
    );
    await expect.poll(() => details().textContent(), SOON).toContain('harbour 0 ');
    await app.evaluate(({ shell }) => {
      shell.trashItem = () => Promise.reject(new Error('no bin'));
    });
    await page.keyboard.press('Delete');
    await page.keyboard.press('Escape');
    await page.getByText('seeded.png could not be put into the bin').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
  });

  it('opens a picture in the window and gives the focus back', async () => {
    const { page } = running;
    const button = page.getByRole('button', { name: 'Gallery…' });
    await button.press('Enter');
    await page.getByLabel('Search', { exact: true }).fill('harbour 12');
    await page.getByText('11 pictures', { exact: true }).waitFor();
    await options().nth(10).dblclick();
    await page.getByAltText('Result with seed 12', { exact: true }).waitFor();
    await expect
      .poll(() => button.evaluate((element) => element === document.activeElement), SOON)
      .toBe(true);
    await page.getByRole('button', { name: 'Use its settings' }).click();
    await expect.poll(() => promptField(page).inputValue(), SOON).toBe('a harbour 12 at dusk');
  });
});

describe('settings from pictures', () => {
  it('are taken over from a picture that is dropped on their zone, and the input stays', async () => {
    const { page } = running;
    const file = path.join(folder, 'found.png');
    writeFileSync(
      file,
      await pngWith({
        parameters:
          'a lighthouse\nNegative prompt: fog\nSteps: 14, Sampler: Euler, CFG scale: 3.5, Seed: 99, ' +
          'Size: 192x128, Denoising strength: 0.45',
      }),
    );
    await drop(file, 'Settings');
    await page
      .getByText('Taken over from Automatic1111: prompt, negative prompt, seed, steps, guidance, size')
      .waitFor();
    await expect(promptField(page).inputValue()).resolves.toBe('a lighthouse');
    await expect(page.getByLabel('Negative prompt').inputValue()).resolves.toBe('fog');
    await expect(stepsField(page).inputValue()).resolves.toBe('14');
    await expect(page.getByLabel('Guidance', { exact: true }).inputValue()).resolves.toBe('3.5');
    await expect(page.getByLabel('Seed', { exact: true }).inputValue()).resolves.toBe('99');
    await expect(page.getByText('14 × 45 % = 6 steps run').count()).resolves.toBe(1);
    await expect(page.getByLabel('Width').inputValue()).resolves.toBe('192');
    expect(await page.getByAltText('Input picture sketch.png').count()).toBe(1);
  });

  it('are asked for by a button, and a picture without any says so and offers another', async () => {
    const { page } = running;
    const [empty, full] = [path.join(folder, 'empty.png'), path.join(folder, 'full.jpg')];
    writeFileSync(empty, await pngWith({}));
    writeFileSync(
      full,
      await jpegWith([userComment('a mill\nSteps: 11, Sampler: DDIM, Seed: 5, Size: 64x64')]),
    );
    await answerDialogs(running, { open: empty });
    await page.getByRole('button', { name: 'Read settings from a picture…' }).press('Enter');
    await page.getByText('“empty.png” carries no settings that Underpaint knows').waitFor();
    await answerDialogs(running, { open: full });
    await page.getByRole('button', { name: 'Choose another picture' }).click();
    await expect.poll(() => promptField(page).inputValue(), SOON).toBe('a mill');
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});
