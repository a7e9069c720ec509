/** Everyone can use it: axe finds nothing in any state, dark and light; large targets; nothing cut off; less motion on request. */
import { AxeBuilder } from '@axe-core/playwright';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchApp, makeHome, removeHome, type RunningApp } from '../support/electron-app';
import {
  answerDialogs,
  generateButton,
  pressArrow,
  resizeWindow,
  screenshot,
  stepsField,
  thumbnails,
  waitForResults,
  waitForStep,
  waitUntilReady,
} from '../support/window-driver';

const LOOKS = [
  { name: 'dark', media: { colorScheme: 'dark', contrast: 'no-preference' } },
  { name: 'light', media: { colorScheme: 'light', contrast: 'no-preference' } },
  { name: 'contrast', media: { colorScheme: 'dark', contrast: 'more' } },
] as const;
const SIZES = [
  [900, 600],
  [1100, 720],
  [1920, 1080],
  [3840, 2160],
] as const;

const home = makeHome();
let running: RunningApp;

beforeAll(async () => {
  running = await launchApp({ home });
  await running.page.getByRole('group', { name: 'Generate' }).waitFor({ timeout: 60_000 });
  await waitUntilReady(running.page);
});

afterAll(async () => {
  await running.close();
  removeHome(home);
});

/** Photographs the window as it is and answers with everything that axe has against it, in every theme. */
async function inspect(name: string): Promise<string[]> {
  const { page } = running;
  await page.mouse.move(0, 0);
  const found: string[] = [];
  for (const look of LOOKS) {
    await page.emulateMedia(look.media);
    await screenshot(page, `${name}-${look.name}`);
    // Electron opens no second page for axe to finish in, so everything is done inside this one.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    // Only colours differ from the looks before.
    if (look.name === 'contrast') axe.withRules(['color-contrast']);
    const { violations, passes } = await axe.analyze();
    if (passes.length < (look.name === 'contrast' ? 1 : 10))
      found.push(`${look.name}: axe saw next to nothing`);
    for (const { id, nodes } of violations) {
      found.push(`${look.name}, ${id}: ${nodes.map((node) => node.html).join(' ')}`);
    }
  }
  await page.emulateMedia({ contrast: 'no-preference' });
  return found;
}

/** Every control that can be seen: its name, and where it lies. */
const controls = () =>
  running.page.evaluate(() =>
    [...document.querySelectorAll('button, input, select, textarea, [role="slider"], [role="radio"]')]
      .filter((element) => element.checkVisibility())
      .map((element) => {
        const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
        const name = element.getAttribute('aria-label') ?? element.textContent ?? '';
        const isScrolled = element.closest('[role="radiogroup"][aria-orientation="vertical"]') !== null;
        return { name: name || element.id, left, top, right, bottom, width, height, isScrolled };
      }),
  );

describe('the window in every state', () => {
  it('is clean when it greets, and before the first picture', async () => {
    const { page } = running;
    await page.getByRole('region', { name: 'Welcome' }).waitFor();
    expect(await inspect('welcome')).toEqual([]);
    await page.getByRole('button', { name: 'Skip' }).click();
    await page.getByText('Your pictures appear here').waitFor();
    expect(await inspect('empty')).toEqual([]);
  });

  it('is clean with palette, keys, preferences and help', async () => {
    const { page } = running;
    const open = async (words: string): Promise<void> => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'What would you like to do?' }).fill(words);
      await page.keyboard.press('Enter');
    };
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'What would you like to do?' }).fill('e');
    expect(await inspect('palette')).toEqual([]);
    await page.keyboard.press('Escape');
    await open('keys');
    await page.getByRole('button', { name: 'Change the keys of: Generate' }).click();
    await page.keyboard.press('Control+s');
    await page.getByRole('button', { name: 'Take it anyway' }).waitFor();
    expect(await inspect('keys')).toEqual([]);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    for (const [words, title] of [
      ['preferences', 'Preferences'],
      ['help', 'Help'],
    ] as const) {
      await open(words);
      await page.getByRole('dialog', { name: title }).waitFor();
      expect(await inspect(title.toLowerCase())).toEqual([]);
      await page.keyboard.press('Escape');
    }
  });

  it('is clean while it works', async () => {
    const { page } = running;
    await stepsField(page).fill('400');
    await generateButton(page).click();
    await page.getByAltText('Preview of the picture in work').waitFor({ timeout: 60_000 });
    await waitForStep(page, 2);
    expect(await inspect('working')).toEqual([]);
    await generateButton(page).click();
    await page.getByRole('button', { name: 'Queue (2)' }).click();
    await page.getByRole('button', { name: /^Move up: / }).waitFor();
    expect(await inspect('queue')).toEqual([]);
    await page.getByRole('button', { name: 'Cancel all' }).click();
    await page.getByText('You cancelled a picture.').waitFor({ timeout: 30_000 });
    expect(await inspect('cancelled')).toEqual([]);
    await page.getByRole('button', { name: 'Discard' }).click();
  });

  it('is clean with results, side by side and under the slider', async () => {
    const { page } = running;
    await stepsField(page).fill('');
    await stepsField(page).press('Tab');
    await page.getByLabel('Pictures', { exact: true }).selectOption('2');
    await generateButton(page).click();
    await waitForResults(page, 2);
    expect(await inspect('done')).toEqual([]);
    await page.getByRole('radio', { name: 'Slider' }).click();
    expect(await inspect('done-slider')).toEqual([]);
    await page.getByRole('radio', { name: 'Side by side' }).click();
    await page.getByRole('button', { name: 'Gallery…' }).click();
    await page.getByText('2 pictures', { exact: true }).waitFor();
    await page.getByRole('listbox').getByRole('option').nth(1).waitFor();
    expect(await inspect('gallery')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Variations' }).click();
    await page.getByLabel('Pictures', { exact: true }).last().fill('2');
    expect(await inspect('variations')).toEqual([]);
    await page.getByRole('button', { name: '2 neighbouring seeds' }).click();
    await waitForResults(page, 4);
    await page.getByRole('radiogroup', { name: 'The same with other seeds' }).waitFor();
    expect(await inspect('group')).toEqual([]);
    await thumbnails(page).nth(1).click();
    await page.getByRole('button', { name: 'Keep one seed' }).click();
    await page.getByLabel('Pictures', { exact: true }).selectOption('1');
  });

  it('is clean with styles, prompts of before, recent inputs, the lens and the way of saving', async () => {
    const { page } = running;
    await page.getByRole('button', { name: /^Style: / }).click();
    await page.getByRole('radio', { name: 'Ink' }).waitFor();
    expect(await inspect('styles')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Prompts of before…' }).click();
    await page.getByRole('list', { name: 'Prompts of before' }).waitFor();
    expect(await inspect('history')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Recent inputs' }).click();
    await page.getByRole('list', { name: 'Recent inputs' }).waitFor();
    expect(await inspect('recent-inputs')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'More for this result' }).click();
    await page.getByRole('menuitem', { name: 'How results are saved…' }).click();
    await page.getByLabel('File name').waitFor();
    expect(await inspect('save-options')).toEqual([]);
    await page.getByRole('button', { name: 'Done' }).click();
    const lens = page.getByRole('button', { name: /^Lens at 100 %/ });
    await lens.click();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('img', { name: 'Input and result at 100 %' }).waitFor();
    expect(await inspect('lens')).toEqual([]);
    await lens.click();
  });

  it('is clean with the folded settings and a custom size open', async () => {
    const { page } = running;
    await page.getByLabel('Size', { exact: true }).selectOption('custom');
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('dialog', { name: 'More settings' }).waitFor();
    expect(await inspect('more')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByLabel('Size', { exact: true }).selectOption('input');
  });

  it('is clean while the mask and colours are drawn, with a live picture, and before a new sketch', async () => {
    const { page } = running;
    await page.getByRole('button', { name: /^Draw on the input/ }).press('Enter');
    await page.getByRole('application', { name: 'Drawing surface' }).focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+i');
    expect(await inspect('paint-mask-tools')).toEqual([]);
    await page.keyboard.press('x');
    await page.keyboard.press('Control+l');
    await page.getByAltText('Live picture', { exact: true }).waitFor({ timeout: 60_000 });
    expect(await inspect('paint-colour-live')).toEqual([]);
    await page.keyboard.press('Control+l');
    await page.keyboard.press('x');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Control+d');
    await page.keyboard.press('Control+n');
    await page.getByRole('dialog', { name: 'New sketch' }).waitFor();
    expect(await inspect('new-sketch')).toEqual([]);
    await page.keyboard.press('Escape');
  });

  it('is clean with the endpoints, one of them being edited, and the ledger, all by keyboard', async () => {
    const { page } = running;
    await page.getByRole('button', { name: 'Endpoints…' }).focus();
    await page.keyboard.press('Enter');
    await page
      .getByRole('button', { name: /^Test https:.* for Decode$/ })
      .first()
      .waitFor();
    expect(await inspect('endpoints')).toEqual([]);
    await page.getByRole('button', { name: 'Add an endpoint to Decode' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Address').fill('http://127.0.0.1:9');
    expect(await inspect('endpoint-form')).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Test http://127.0.0.1:9 for Decode' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText(/does not accept connections/).waitFor();
    await page.getByRole('radio', { name: 'Endpoints' }).focus();
    await pressArrow(page, 'ArrowRight');
    await page.getByRole('cell', { name: 'nothing of yours' }).first().waitFor();
    expect(await inspect('ledger')).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
    const focused = await page.evaluate(() => document.activeElement?.textContent);
    expect(focused).toBe('Endpoints…');
  });

  it('is clean with the question before anything is sent, and offline', async () => {
    const { page } = running;
    await page.getByLabel('Decode: where it runs').selectOption('remote');
    await generateButton(page).click();
    await page.getByRole('alertdialog').waitFor();
    expect(await inspect('consent')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Offline' }).click();
    await page.getByText(/offline is switched on; switch it off/).waitFor();
    expect(await inspect('offline')).toEqual([]);
    await page.getByRole('button', { name: 'Offline' }).click();
    await page.getByLabel('Decode: where it runs').selectOption('auto');
  });

  it('is clean when a picture cannot be read', async () => {
    const { page } = running;
    const damaged = path.join(home, 'holiday.jpg');
    writeFileSync(damaged, 'this is no picture');
    await answerDialogs(running, { open: damaged });
    await page.keyboard.press('Control+o');
    await page.getByRole('alert').waitFor();
    expect(await inspect('failed')).toEqual([]);
    await page.getByRole('button', { name: 'Dismiss' }).click();
  });

  it('is clean when Generate is off', async () => {
    const { page } = running;
    const slider = page.getByRole('slider', { name: 'Strength' });
    await slider.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.getByText(/^No step would run/).waitFor();
    expect(await inspect('blocked')).toEqual([]);
    await page.keyboard.press('End');
  });

  it('is clean after the engine died', async () => {
    const { page } = running;
    await stepsField(page).fill('400');
    await generateButton(page).click();
    await waitForStep(page, 2);
    for (const pid of running.enginePids()) process.kill(pid, 'SIGKILL');
    await page.getByRole('button', { name: 'Resume' }).waitFor({ timeout: 30_000 });
    expect(await inspect('interrupted')).toEqual([]);
    await page.getByRole('button', { name: 'Discard' }).click();
    await stepsField(page).fill('');
    await stepsField(page).press('Tab');
  });
});

describe('targets, sizes, motion', () => {
  it.each(SIZES)('has everything in reach at %i × %i', async (width, height) => {
    await resizeWindow(running, width, height);
    await running.page.waitForTimeout(100);
    await screenshot(running.page, `size-${width}x${height}`);
    const all = await controls();
    expect(all.length).toBeGreaterThan(20);
    const cutOff = all.filter(
      ({ left, top, right, bottom, isScrolled }) =>
        !isScrolled && (left < 0 || top < 0 || right > width + 0.5 || bottom > height + 0.5),
    );
    expect(cutOff).toEqual([]);
    const small = all.filter((one) => one.width < 31.5 || one.height < 31.5);
    expect(small).toEqual([]);
    const overflow = await running.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBe(0);
  });

  it('gives the strength slider the most room of all controls', async () => {
    await resizeWindow(running, 1100, 720);
    const track = await running.page
      .getByRole('slider', { name: 'Strength' })
      .locator('xpath=../..')
      .boundingBox();
    expect(track!.width).toBeGreaterThan(450);
    expect(track!.height).toBeGreaterThanOrEqual(40);
  });

  it('moves nothing when less motion is wanted', async () => {
    const { page } = running;
    const moving = () =>
      page.evaluate(
        () =>
          [...document.querySelectorAll('*')].filter((element) => {
            const style = getComputedStyle(element);
            return style.animationName !== 'none' || !/^0s(, 0s)*$/.test(style.transitionDuration);
          }).length,
      );
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await moving()).toBeGreaterThan(0);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await moving()).toBe(0);
  });

  it('follows the colour scheme of the system', async () => {
    const { page } = running;
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await ground();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await ground()).not.toBe(dark);
    expect(running.pageErrors).toEqual([]);
  });
});
