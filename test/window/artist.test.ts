/** What an artist does around the main job, in the real window: settings from pictures. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CDPSession } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchApp, makeHome, removeHome, type RunningApp } from '../support/electron-app';
import { jpegWith, pngWith, userComment } from '../support/foreign-pictures';
import { answerDialogs, promptField, stepsField, waitUntilReady } from '../support/window-driver';

const home = makeHome();
const folder = path.join(home, 'brought');
let running: RunningApp;
let devtools: CDPSession;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
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
    await expect(page.getByText('14 × 0.45 = 6 steps run').count()).resolves.toBe(1);
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
    await expect.poll(() => promptField(page).inputValue()).toBe('a mill');
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});
