/** Drawing on the input in the real window: the mask, colours, empty sketches, and live pictures that follow the hand. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawMask } from '../../main/engine/image/painting';
import { marksSchema, type Mark } from '../../shared/painting';
import { launchApp, makeHome, removeHome, type RunningApp } from '../support/electron-app';
import { boxMask } from '../support/masks';
import { readPixels, type Pixels } from '../support/pictures';
import {
  answerDialogs,
  generateButton,
  inRepository,
  screenshot,
  stepsField,
  strengthSlider,
  thumbnails,
  waitForResults,
  waitUntilReady,
} from '../support/window-driver';

/** For what follows within moments on a quiet machine. */
const SOON = { timeout: 20_000 };
const SIZE = { width: 512, height: 512 };

const home = makeHome();
let running: RunningApp;

const open = async (): Promise<void> => {
  running = await launchApp({ home });
  await waitUntilReady(running.page);
};

beforeAll(open);

afterAll(async () => {
  expect(running.pageErrors).toEqual([]);
  await running.close();
  removeHome(home);
});

const surface = () => running.page.getByRole('application', { name: 'Drawing surface' });
const tool = (name: string) => running.page.getByRole('button', { name: new RegExp(`^${name} \\(`) });

/** Draws a line through points that are given as shares of the picture's sides. */
async function draw(...points: [number, number][]): Promise<void> {
  const { page } = running;
  const box = await page.getByAltText(/^Input picture/).boundingBox();
  const at = ([x, y]: [number, number]) => [box!.x + x * box!.width, box!.y + y * box!.height] as const;
  const [first, ...others] = points;
  await page.mouse.move(...at(first ?? [0.5, 0.5]));
  await page.mouse.down();
  for (const point of others) await page.mouse.move(...at(point), { steps: 6 });
  await page.mouse.up();
}

/** A line with a pen that is pressed harder and harder. */
async function drawWithPen(from: [number, number], to: [number, number]): Promise<void> {
  const { page, app } = running;
  const devtools = await app.context().newCDPSession(page);
  const box = (await page.getByAltText(/^Input picture/).boundingBox())!;
  const send = (type: 'mousePressed' | 'mouseMoved' | 'mouseReleased', share: number) =>
    devtools.send('Input.dispatchMouseEvent', {
      type,
      x: box.x + box.width * (from[0] + (to[0] - from[0]) * share),
      y: box.y + box.height * (from[1] + (to[1] - from[1]) * share),
      button: 'left',
      buttons: type === 'mouseReleased' ? 0 : 1,
      clickCount: 1,
      pointerType: 'pen',
      force: 0.1 + 0.8 * share,
    });
  await send('mousePressed', 0);
  for (let i = 1; i <= 10; i += 1) await send('mouseMoved', i / 10);
  await send('mouseReleased', 1);
}

/** The opacity of every pixel of a layer, 0 … 255, as the window shows it. */
async function seen(layer: 'mask' | 'paint'): Promise<number[]> {
  return running.page.evaluate((name) => {
    const canvas = document.querySelector(`canvas[data-layer="${name}"]`);
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('There is no such layer.');
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3] ?? 0);
  }, layer);
}

/** The share of the picture that a layer covers, 0 … 1. */
const shownShare = (layer: 'mask' | 'paint'): Promise<number> =>
  running.page.evaluate((name) => {
    const canvas = document.querySelector(`canvas[data-layer="${name}"]`);
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('There is no such layer.');
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let covered = 0;
    for (let i = 3; i < data.length; i += 4) if ((data[i] ?? 0) > 127) covered += 1;
    return (4 * covered) / data.length;
  }, layer);

/** The marks that are on the disk for the only picture that has some. */
function keptMarks(): Mark[] {
  const folder = path.join(home, 'sources');
  const files = readdirSync(folder).flatMap((id) => {
    const names = readdirSync(path.join(folder, id));
    return names.includes('painting.json') ? [path.join(folder, id, 'painting.json')] : [];
  });
  return marksSchema.parse(JSON.parse(readFileSync(files[0] ?? 'missing', 'utf8')).marks);
}

/** The newest result's own pixels. */
async function newestResult(): Promise<Pixels> {
  const lines = readFileSync(path.join(home, 'results', 'index.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return readPixels(path.join(home, 'results', JSON.parse(lines.at(-1) ?? '').file));
}

const rgbAt = ({ data, width, channels }: Pixels, x: number, y: number): number[] => [
  ...data.subarray(channels * (y * width + x), channels * (y * width + x) + 3),
];

describe('the mask', () => {
  it('is drawn by pointer and key, goes back and forth, and is what was seen', async () => {
    const { page } = running;
    await page.locator('h2', { hasText: 'Input' }).click();
    await page.keyboard.press('Control+d');
    await surface().waitFor();
    await draw([0.3, 0.5], [0.5, 0.4], [0.7, 0.5]);
    const stroke = await shownShare('mask');
    expect(stroke).toBeGreaterThan(0.02);
    await page.keyboard.press(']');
    await page.keyboard.press(']');
    await expect
      .poll(() => page.getByRole('slider', { name: 'Size' }).getAttribute('aria-valuetext'))
      .toBe('44 px');
    await draw([0.4, 0.6], [0.6, 0.6]);
    expect(await shownShare('mask')).toBeGreaterThan(stroke);
    await page.keyboard.press('Control+z');
    await expect.poll(() => shownShare('mask'), SOON).toBe(stroke);
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(() => shownShare('mask'), SOON).toBeGreaterThan(stroke);

    await page.keyboard.press('e');
    await draw([0.5, 0.3], [0.5, 0.8]);
    await page.keyboard.press('l');
    await draw([0.15, 0.15], [0.35, 0.15], [0.2, 0.35]);
    await page.keyboard.press('r');
    await draw([0.75, 0.7], [0.9, 0.9]);
    await page.keyboard.press('b');
    await drawWithPen([0.1, 0.9], [0.6, 0.9]);
    await screenshot(page, 'paint-mask');
    const alphas = await seen('mask');
    await expect.poll(() => keptMarks().length, SOON).toBe(6);
    const pen = keptMarks().at(-1);
    if (pen?.kind !== 'stroke') throw new Error('The pen drew no stroke.');
    expect(pen.points.at(-1)! / pen.points[2]!).toBeGreaterThan(2);
    const drawn = drawMask(keptMarks(), SIZE, new Map());
    // Two rasterisers, one shape: they may differ in how soft an edge is, never in what lies inside.
    const differences = alphas.map((alpha, i) => Math.abs(alpha - (drawn[i] ?? 0)));
    expect(differences.filter((difference) => difference > 127)).toEqual([]);
    expect(differences.filter((difference) => difference > 40).length).toBeLessThan(SIZE.width);
  });

  it('is made by keyboard alone', async () => {
    const { page } = running;
    const before = await shownShare('mask');
    await surface().focus();
    await page.keyboard.press('Control+a');
    await expect.poll(() => shownShare('mask'), SOON).toBe(1);
    await page.keyboard.press('Control+i');
    await expect.poll(() => shownShare('mask'), SOON).toBe(0);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Delete');
    await expect.poll(() => shownShare('mask'), SOON).toBe(0);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await expect.poll(() => shownShare('mask'), SOON).toBe(before);
    // What belongs to the text stays with the text.
    await page.getByLabel('Prompt', { exact: true }).focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('e');
    await page.keyboard.press('Control+z');
    expect(await shownShare('mask')).toBe(before);
  });

  it('zooms at the pointer, moves, and fits again', async () => {
    const { page } = running;
    const picture = page.getByAltText(/^Input picture/);
    const width = async () => (await picture.boundingBox())!.width;
    const fitted = await width();
    const box = (await surface().boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, -400);
    await expect.poll(width, SOON).toBeGreaterThan(fitted * 1.5);
    const before = (await picture.boundingBox())!.x;
    await page.mouse.down({ button: 'middle' });
    await page.mouse.move(box.x + box.width / 2 + 40, box.y + box.height / 2);
    await page.mouse.up({ button: 'middle' });
    await expect.poll(async () => (await picture.boundingBox())!.x, SOON).toBeCloseTo(before + 40, 0);
    await page.keyboard.press('1');
    await expect.poll(width, SOON).toBeCloseTo(512 / (await page.evaluate(() => devicePixelRatio)), 0);
    await page.keyboard.press('0');
    await expect.poll(width, SOON).toBeCloseTo(fitted, 0);
  });

  it('survives the app, and a job changes nothing outside it', async () => {
    const before = await shownShare('mask');
    await running.close();
    expect(running.pageErrors).toEqual([]);
    await open();
    const { page } = running;
    await expect.poll(() => shownShare('mask'), SOON).toBe(before);
    await stepsField(page).fill('2');
    await strengthSlider(page).focus();
    await page.keyboard.press('End');
    await generateButton(page).click();
    await waitForResults(page, 1);
    const result = await newestResult();
    const original = await readPixels(inRepository('models', 'starter', 'sketch.png'));
    const mask = drawMask(keptMarks(), SIZE, new Map());
    let [outside, changedOutside, changedInside] = [0, 0, 0];
    for (let y = 0; y < SIZE.height; y += 1) {
      for (let x = 0; x < SIZE.width; x += 1) {
        const isSame = rgbAt(result, x, y).join() === rgbAt(original, x, y).join();
        if (mask[y * SIZE.width + x] === 0) {
          outside += 1;
          if (!isSame) changedOutside += 1;
        } else if (!isSame) changedInside += 1;
      }
    }
    expect(outside).toBeGreaterThan(SIZE.width * 100);
    expect(changedOutside).toBe(0);
    expect(changedInside).toBeGreaterThan(2000);
  });

  it('is a picture that is dropped on its zone', async () => {
    const { page, app } = running;
    mkdirSync(path.join(home, 'brought'), { recursive: true });
    const file = await boxMask(path.join(home, 'brought', 'door.png'), { width: 256, height: 256 });
    const devtools = await app.context().newCDPSession(page);
    const data = { items: [], files: [file], dragOperationsMask: 1 };
    const send = (type: 'dragEnter' | 'dragOver' | 'drop', x: number, y: number) =>
      devtools.send('Input.dispatchDragEvent', { type, x, y, data });
    await send('dragEnter', 120, 120);
    await send('dragOver', 120, 120);
    const box = (await page.locator('[data-drop="mask"]').boundingBox())!;
    await send('dragOver', box.x + box.width / 2, box.y + box.height / 2);
    await send('drop', box.x + box.width / 2, box.y + box.height / 2);
    // Rows 76 to 153 of 256, and as many columns.
    await expect.poll(() => shownShare('mask'), SOON).toBeCloseTo((78 / 256) ** 2, 3);
    const alphas = await seen('mask');
    expect([alphas[256 * 512 + 256], alphas[10 * 512 + 10]]).toEqual([255, 0]);
    const wrong = await boxMask(path.join(home, 'brought', 'wide.png'), { width: 200, height: 100 });
    await answerDialogs(running, { open: wrong });
    await page.keyboard.press('Control+d');
    await page.getByRole('button', { name: 'Open a picture as mask…' }).click();
    await page.getByText(/200 × 100 pixels.*another shape/).waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await surface().focus();
    await page.keyboard.press('Delete');
    await expect.poll(() => shownShare('mask'), SOON).toBe(0);
  });
});

describe('colours', () => {
  it('are what the encoder gets, are picked up again, and leave the original alone', async () => {
    const { page } = running;
    await surface().focus();
    await page.keyboard.press('x');
    await tool('Brush').click();
    await page.getByRole('button', { name: 'Sky blue' }).click();
    await draw([0.4, 0.5], [0.6, 0.5]);
    expect(await shownShare('paint')).toBeGreaterThan(0.01);
    await page.getByRole('button', { name: 'Brick red' }).click();
    await tool('Pick a colour').click();
    await draw([0.5, 0.5]);
    await expect.poll(() => page.getByLabel('Another colour…').inputValue(), SOON).toBe('#6d93ad');
    await screenshot(page, 'paint-colour');
    // At strength 0 the encoder's picture comes back as it is.
    await strengthSlider(page).focus();
    await page.keyboard.press('Home');
    await generateButton(page).click();
    await waitForResults(page, 2);
    const result = await newestResult();
    const original = await readPixels(inRepository('models', 'starter', 'sketch.png'));
    expect(rgbAt(result, 256, 256)).toEqual([0x6d, 0x93, 0xad]);
    expect(rgbAt(result, 256, 40)).toEqual(rgbAt(original, 256, 40));
    await surface().focus();
    await page.keyboard.press('Control+z');
    await expect.poll(() => shownShare('paint'), SOON).toBe(0);
  });

  it('begin on an empty sketch', async () => {
    const { page } = running;
    await page.keyboard.press('Control+n');
    const dialog = page.getByRole('dialog', { name: 'New sketch' });
    await dialog.getByRole('button', { name: '256 × 256' }).click();
    await screenshot(page, 'paint-new-sketch');
    await dialog.getByRole('button', { name: 'Start drawing' }).click();
    await page.getByAltText('Input picture New sketch.png').waitFor(SOON);
    await surface().waitFor();
    await expect.poll(() => shownShare('paint'), SOON).toBe(0);
    await tool('Brush').click();
    await draw([0.2, 0.8], [0.8, 0.8]);
    await expect.poll(() => shownShare('paint'), SOON).toBeGreaterThan(0.01);
  });
});

describe('live pictures', () => {
  it('follow the hand, keep out of the results, pause when nobody looks, and stay when they are kept', async () => {
    const { page, app } = running;
    await strengthSlider(page).focus();
    await page.keyboard.press('End');
    await surface().focus();
    await page.keyboard.press('Control+l');
    const picture = page.getByAltText('Live picture', { exact: true });
    await picture.waitFor({ timeout: 60_000 });
    await page.getByText(/Live · 256 × 256 px · \d steps · seed \d+/).waitFor();
    const address = () => picture.getAttribute('src');
    const first = await address();
    await draw([0.3, 0.3], [0.7, 0.4]);
    await expect.poll(address, { timeout: 60_000 }).not.toBe(first);
    await screenshot(page, 'paint-live');
    expect(await thumbnails(page).count()).toBe(2);
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    await page.getByText('Live is paused.').waitFor({ state: 'attached', ...SOON });
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show());
    await page.getByText('Live is paused.').waitFor({ state: 'detached', ...SOON });
    const second = await address();
    await draw([0.3, 0.6], [0.7, 0.5]);
    await expect.poll(address, { timeout: 60_000 }).not.toBe(second);
    await page.getByRole('button', { name: 'Keep the live picture' }).click();
    await expect.poll(() => thumbnails(page).count(), SOON).toBe(3);
    expect(await sharp(path.join(home, 'results', newestFile())).metadata()).toMatchObject({ width: 256 });
    await page.keyboard.press('Control+l');
    await picture.waitFor({ state: 'detached' });
  });
});

/** Name of the newest result's file in the results folder. */
const newestFile = (): string => {
  const lines = readFileSync(path.join(home, 'results', 'index.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return JSON.parse(lines.at(-1) ?? '').file;
};
