/** From the input to the file that leaves the app, in the real window: styles, history, fit, recent inputs, lens, copies, drags, saving. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../main/engine/image/read-settings';
import { launchApp, makeHome, removeHome, type RunningApp } from '../support/electron-app';
import {
  answerDialogs,
  generateButton,
  inRepository,
  promptField,
  screenshot,
  stepsField,
  thumbnails,
  waitForResults,
  waitUntilReady,
} from '../support/window-driver';

/** For what follows within moments on a quiet machine. */
const SOON = { timeout: 20_000 };

const home = makeHome();
const out = path.join(home, 'out');
const stones = path.join(home, 'stones.png');
let running: RunningApp;

beforeAll(async () => {
  mkdirSync(out, { recursive: true });
  await sharp(inRepository('models', 'starter', 'sketch.png'))
    .resize(320, 240, { fit: 'fill' })
    .joinChannel(Buffer.alloc(320 * 240, 120), { raw: { width: 320, height: 240, channels: 1 } })
    .png()
    .toFile(stones);
  running = await launchApp({ home });
  await waitUntilReady(running.page);
});

afterAll(async () => {
  expect(running.pageErrors).toEqual([]);
  await running.close();
  removeHome(home);
});

const styleButton = () => running.page.getByRole('button', { name: /^Style: / });
const moreMenu = async (entry: string): Promise<void> => {
  await running.page.getByRole('button', { name: 'More for this result' }).press('Enter');
  await running.page.getByRole('menuitem', { name: entry }).click();
};

describe('styles', () => {
  it('stand around the prompt without touching it, and own ones are made, changed and removed', async () => {
    const { page } = running;
    await promptField(page).fill('a house by a lake');
    await styleButton().press('Enter');
    await page.getByRole('radio', { name: 'Ink' }).click();
    await page.getByText('Asks for: a house by a lake, ink').waitFor(SOON);
    await page.getByRole('button', { name: 'New style…' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Storm');
    await page.getByLabel('Words; {prompt} stands for yours').fill('storm over {prompt}\n');
    await page.getByRole('button', { name: 'Save style' }).click();
    await page.getByText('Asks for: storm over a house by a lake').waitFor(SOON);
    await screenshot(page, 'styles');
    await page.getByRole('button', { name: 'Edit Storm…' }).click();
    await page.getByLabel('To keep out (optional)').fill('sun');
    await page.getByLabel('To keep out (optional)').press('Enter');
    await page.getByRole('radio', { name: 'Storm' }).waitFor(SOON);
    await page.keyboard.press('Escape');
    expect(await styleButton().textContent()).toBe('Storm');
    expect(await promptField(page).inputValue()).toBe('a house by a lake');
  });

  it('are inside the picture with what was typed, and come back with its settings', async () => {
    const { page } = running;
    await stepsField(page).fill('2');
    await generateButton(page).click();
    await waitForResults(page, 1);
    const [day = ''] = readdirSync(path.join(home, 'results')).filter((name) => name.startsWith('20'));
    const [file = ''] = readdirSync(path.join(home, 'results', day));
    const found = await readSettings(path.join(home, 'results', day, file));
    expect(found?.parameters).toMatch(/^storm over a house by a lake\nNegative prompt: sun\n/);
    expect(JSON.parse(found?.json ?? '')).toMatchObject({
      prompt: 'storm over a house by a lake',
      style: { name: 'Storm', typed: { prompt: 'a house by a lake', negativePrompt: '' } },
    });
    await styleButton().press('Enter');
    await page.getByRole('button', { name: 'Remove Storm' }).click();
    await page.getByRole('radio', { name: 'Storm' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    expect(await styleButton().textContent()).toBe('No style');
    await page.getByRole('button', { name: 'Use its settings' }).click();
    await expect.poll(() => styleButton().textContent(), SOON).toBe('Storm');
    expect(await promptField(page).inputValue()).toBe('a house by a lake');
  });
});

describe('the history of prompts', () => {
  it('is searched, taken from and cleaned by keyboard alone, and loses nothing', async () => {
    const { page } = running;
    await promptField(page).fill('not painted yet');
    const button = page.getByRole('button', { name: 'Prompts of before…' });
    await button.press('Enter');
    const entries = page.getByRole('list', { name: 'Prompts of before' }).getByRole('listitem');
    await page.getByText('a house by a lake', { exact: true }).waitFor(SOON);
    await page.keyboard.type('LAKE house');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => promptField(page).inputValue(), SOON).toBe('a house by a lake');
    await button.press('Enter');
    await expect.poll(() => entries.count(), SOON).toBe(2);
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('not painted yet');
    await page.keyboard.press('Delete');
    await expect.poll(() => entries.count(), SOON).toBe(1);
    await page.keyboard.press('Escape');
    await expect
      .poll(() => button.evaluate((element) => element === document.activeElement), SOON)
      .toBe(true);
    const kept = readFileSync(path.join(home, 'prompts.json'), 'utf8');
    expect(kept).toContain('a house by a lake');
    expect(kept).not.toContain('not painted yet');
  });
});

describe('the input', () => {
  it('is pasted as a file that another program copied, and shows where it is transparent', async () => {
    const { app, page } = running;
    await app.evaluate(
      ({ clipboard }, address) => {
        const write: unknown = Reflect.get(clipboard, 'writeBuffer');
        if (typeof write !== 'function') throw new Error('This test speaks the clipboard’s old form.');
        Reflect.apply(write, clipboard, ['text/uri-list', Buffer.from(`${address}\r\n`)]);
      },
      new URL(`file://${stones}`).href,
    );
    await page.getByRole('button', { name: 'Prompts of before…' }).focus();
    await page.keyboard.press('Control+v');
    const picture = page.getByAltText('Input picture stones.png');
    await picture.waitFor(SOON);
    const ground = await picture
      .locator('xpath=..')
      .evaluate((frame) => getComputedStyle(frame).backgroundImage);
    expect(ground).toContain('repeating-conic-gradient');
  });

  it('shows the frame that is cut, the edge that is repeated, and the pixels that the encoder gets', async () => {
    const { page } = running;
    await page.getByLabel('Size', { exact: true }).selectOption('256');
    await page.getByText('320 × 240 px · encoder gets 256 × 256').waitFor(SOON);
    await page.getByText('240 × 240', { exact: true }).waitFor(SOON);
    await screenshot(page, 'source-crop');
    await page.getByRole('radio', { name: 'Pad' }).first().click();
    const picture = page.getByAltText('Input picture stones.png').locator('xpath=..');
    const share = async (): Promise<number> => {
      const [inner, scene] = [await picture.boundingBox(), await picture.locator('xpath=..').boundingBox()];
      return Math.round((100 * inner!.height) / scene!.height);
    };
    await expect.poll(share, SOON).toBe(75);
    await page.getByRole('radio', { name: 'Stretch' }).first().click();
    await expect.poll(share, SOON).toBe(100);
    const box = await picture.boundingBox();
    expect(box!.width / box!.height).toBeCloseTo(1, 1);
    await page.getByRole('radio', { name: 'Crop' }).first().click();
    await page.getByLabel('Size', { exact: true }).selectOption('input');
    await page.getByText('240 × 240', { exact: true }).waitFor({ state: 'detached' });
  });

  it('is offered again later, until it is left out of the list', async () => {
    const { page } = running;
    await page.getByRole('button', { name: 'Recent inputs' }).press('Enter');
    const list = page.getByRole('list', { name: 'Recent inputs' });
    await expect.poll(() => list.getByRole('listitem').count(), SOON).toBe(2);
    await expect
      .poll(
        () =>
          list
            .locator('img')
            .evaluateAll((all) => all.map((one) => (one as HTMLImageElement).naturalWidth > 0)),
        SOON,
      )
      .toEqual([true, true]);
    await page.getByRole('button', { name: 'Leave stones.png out of the list' }).click();
    await expect.poll(() => list.getByRole('listitem').count(), SOON).toBe(1);
    await page.getByRole('button', { name: /^Use sketch\.png/ }).click();
    await page.getByAltText('Input picture sketch.png').waitFor(SOON);
  });
});

describe('a result', () => {
  it('lies under a lens with its input, pixel for pixel, by pointer and by arrow keys', async () => {
    const { page } = running;
    const button = page.getByRole('button', { name: /^Lens at 100 %/ });
    await button.click();
    const picture = page.getByAltText(/^Result with seed /);
    await picture.hover();
    const lens = page.getByRole('img', { name: 'Input and result at 100 %' });
    await lens.waitFor(SOON);
    const panes = await lens.locator(':scope > div').evaluateAll((all) =>
      all.map((pane) => {
        const { backgroundSize, backgroundPosition, backgroundImage } = getComputedStyle(pane);
        return { backgroundSize, backgroundPosition, kind: /media\/(\w+)/.exec(backgroundImage)?.[1] };
      }),
    );
    const natural = await picture.evaluate((image) => [
      (image as HTMLImageElement).naturalWidth,
      (image as HTMLImageElement).naturalHeight,
    ]);
    const ratio = await page.evaluate(() => devicePixelRatio);
    const backgroundSize = natural.map((side) => `${side / ratio}px`).join(' ');
    expect(panes.map(({ kind }) => kind)).toEqual(['source', 'result']);
    expect(panes.map((pane) => pane.backgroundSize)).toEqual([backgroundSize, backgroundSize]);
    expect(panes[0]!.backgroundPosition).toBe(panes[1]!.backgroundPosition);
    await screenshot(page, 'lens');
    await button.focus();
    const before = await lens.boundingBox();
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(async () => (await lens.boundingBox())!.x, SOON).toBeGreaterThan(before!.x);
    await page.keyboard.press('+');
    await page.getByRole('img', { name: 'Input and result at 200 %' }).waitFor(SOON);
    await page.keyboard.press('-');
    await button.press('Enter');
    await lens.waitFor({ state: 'detached' });
  });

  it('is saved in the wanted format under a name of the template', async () => {
    const { page } = running;
    await moreMenu('How results are saved…');
    await page.getByRole('radio', { name: 'WebP' }).last().click();
    await page.getByLabel('File name').fill('{prompt}: {strength}');
    await page.getByText('Example: a house by a lake_ 60%.webp').waitFor(SOON);
    await screenshot(page, 'export');
    await page.getByRole('button', { name: 'Done' }).click();
    await answerDialogs(running, { save: path.join(out, 'chosen') });
    await page.keyboard.press('Control+s');
    await page.getByText(`Saved as ${path.join(out, 'chosen.webp')}`).waitFor(SOON);
    await moreMenu('Save without asking');
    await expect
      .poll(() => readdirSync(out).sort(), SOON)
      .toEqual(['a house by a lake_ 60%.webp', 'chosen.webp']);
    const found = await readSettings(path.join(out, 'chosen.webp'));
    expect(found?.parameters).toMatch(/^storm over a house by a lake\n/);
  });

  it('is copied as pixels and as a file', async () => {
    const { app, page } = running;
    await moreMenu('Copy picture');
    await page.getByText('The picture is on the clipboard.').waitFor(SOON);
    const size = await app.evaluate(({ clipboard }) => {
      const read: unknown = Reflect.get(clipboard, 'readImage');
      if (typeof read !== 'function') throw new Error('This test speaks the clipboard’s old form.');
      return Reflect.apply(read, clipboard, []).getSize() as { width: number; height: number };
    });
    expect(size).toEqual({ width: 512, height: 512 });
    await moreMenu('Copy file');
    await page.getByText('The file is on the clipboard.').waitFor(SOON);
    const list = await app.evaluate(({ clipboard }) => {
      const read: unknown = Reflect.get(clipboard, 'readBuffer');
      if (typeof read !== 'function') throw new Error('This test speaks the clipboard’s old form.');
      return String(Reflect.apply(read, clipboard, ['text/uri-list']));
    });
    const file = fileURLToPath(list.trim());
    expect(path.basename(file)).toBe('a house by a lake_ 60%.png');
    expect(existsSync(file)).toBe(true);
  });

  it('is dragged out of the window as a file with a small picture', async () => {
    const { app, page } = running;
    await app.evaluate(({ webContents }) => {
      const [contents] = webContents.getAllWebContents();
      if (contents === undefined) throw new Error('No page.');
      contents.startDrag = ({ file, icon }) => {
        const isEmpty = typeof icon === 'string' || icon.isEmpty();
        Object.assign(globalThis, { dragged: { file, isEmpty } });
      };
    });
    const dragged = () =>
      app.evaluate(() => Reflect.get(globalThis, 'dragged') as { file: string; isEmpty: boolean });
    await thumbnails(page).first().dispatchEvent('dragstart');
    await expect.poll(dragged, SOON).toMatchObject({ isEmpty: false });
    expect(path.basename((await dragged()).file)).toBe('a house by a lake_ 60%.png');
  });

  it('becomes the input with its settings', async () => {
    const { page } = running;
    await promptField(page).fill('something else');
    await moreMenu('Use as input with its settings');
    await page.getByAltText(/^Input picture sketch-\d+\.png$/).waitFor(SOON);
    await expect.poll(() => promptField(page).inputValue(), SOON).toBe('a house by a lake');
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('');
  });
});
