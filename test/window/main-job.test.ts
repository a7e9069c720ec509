/** The main job in the real window with the real engine: by mouse, by keyboard, cancelled, failing, killed, after a restart. */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { launchApp, makeHome, removeHome, waitFor, type RunningApp } from '../support/electron-app';
import {
  answerDialogs,
  copyPicture,
  cancelButton,
  generateButton,
  inRepository,
  lookAt,
  promptField,
  stageProgress,
  stepsField,
  strengthSlider,
  thumbnails,
  waitForResults,
  waitForStep,
  waitUntilReady,
} from '../support/window-driver';

const TINY_MODEL = inRepository('test', 'golden', 'models', 'sd1-onnx');
const SMALL_PICTURE = inRepository('test', 'golden', 'input-96x64.png');

const homes: string[] = [];
const apps: RunningApp[] = [];

/** A fresh installation that is removed after the test. */
function freshHome(): string {
  const home = makeHome();
  homes.push(home);
  return home;
}

async function open(home: string): Promise<RunningApp> {
  const running = await launchApp({ home });
  apps.push(running);
  await running.page.getByRole('group', { name: 'Generate' }).waitFor({ timeout: 60_000 });
  return running;
}

async function close(running: RunningApp): Promise<void> {
  apps.splice(apps.indexOf(running), 1);
  await running.close();
}

/** Makes the job long enough to be stopped in its middle. */
async function makeLong(running: RunningApp, steps: number): Promise<void> {
  await stepsField(running.page).fill(String(steps));
  await stepsField(running.page).press('Tab');
}

afterEach(async () => {
  for (const running of apps.splice(0)) {
    expect(running.pageErrors).toEqual([]);
    await running.close();
  }
  for (const home of homes.splice(0)) removeHome(home);
});

describe('the main job', () => {
  it('works by mouse on the first start: press Generate, get a picture, compare, save, use it', async () => {
    const running = await open(freshHome());
    const { page } = running;
    await waitUntilReady(page);
    await expect(promptField(page).inputValue()).resolves.not.toBe('');
    const strip = page.getByRole('region', { name: 'Stages' });
    await expect
      .poll(() => strip.getByText(/^about \S+ \S+, .+ (MB|GB)$/).count(), { timeout: 30_000 })
      .toBe(3);
    await strengthSlider(page).focus();
    await page.keyboard.press('ArrowLeft');
    await generateButton(page).click();
    await page.getByAltText('Preview of the picture in work').waitFor();
    await waitForResults(page, 1);
    for (const stage of ['Encode', 'Generate', 'Decode'] as const) {
      expect(await stageProgress(page, stage).getAttribute('aria-valuetext')).toBe('done');
    }
    await expect.poll(() => strip.getByText(/took \S+ \S+/).count(), { timeout: 30_000 }).toBe(3);
    const input = await lookAt(page.getByAltText('The picture it was made from'));
    const result = page.getByAltText(/^Result with seed/);
    expect(await lookAt(result)).toMatchObject({ width: input.width, height: input.height });

    await page.getByRole('radio', { name: 'Slider' }).click();
    const divider = page.getByRole('region', { name: 'Results' }).getByRole('slider');
    await divider.focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => divider.getAttribute('aria-valuenow')).not.toBe('50');
    const flip = await page.getByRole('button', { name: 'Hold to see the input' }).boundingBox();
    await page.mouse.move(flip!.x + flip!.width / 2, flip!.y + flip!.height / 2);
    await page.mouse.down();
    await result.waitFor({ state: 'detached' });
    await page.mouse.up();
    await result.waitFor();

    const target = path.join(running.home, 'saved.png');
    await answerDialogs(running, { save: target });
    await page.getByRole('button', { name: 'Save…' }).click();
    await page.getByText(`Saved as ${target}`).waitFor();
    expect(readFileSync(target).subarray(1, 4).toString()).toBe('PNG');

    await page.getByRole('button', { name: 'Use as input' }).click();
    await expect.poll(() => page.getByAltText('Input picture sketch.png').count()).toBe(0);
    await generateButton(page).click();
    await waitForResults(page, 2);
  });

  it('works by keyboard alone, and every stop of Tab can be seen', async () => {
    const running = await open(freshHome());
    const { page } = running;
    await waitUntilReady(page);
    const target = path.join(running.home, 'by-keyboard.png');
    await answerDialogs(running, { open: SMALL_PICTURE, save: target });

    const tabTo = async (name: string): Promise<void> => {
      for (let stop = 0; stop < 40; stop += 1) {
        await page.keyboard.press('Tab');
        const focus = await page.evaluate(() => {
          const element = document.activeElement;
          if (!(element instanceof HTMLElement)) return { name: '', outline: '' };
          const label = element.getAttribute('aria-label') ?? element.textContent ?? '';
          const labels = 'labels' in element && element.labels instanceof NodeList ? element.labels : [];
          const style = getComputedStyle(element);
          return {
            name: labels[0]?.textContent ?? label,
            outline: element === document.body ? 'page' : `${style.outlineStyle} ${style.outlineWidth}`,
          };
        });
        expect(focus.outline, `focus on ${focus.name}`).toMatch(/^(page|(solid|auto) [1-9])/);
        if (focus.name === name) return;
      }
      throw new Error(`Tab never came to ${name}.`);
    };

    await tabTo('Open…');
    await page.keyboard.press('Enter');
    await page.getByAltText('Input picture input-96x64.png').waitFor();
    await tabTo('Prompt');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('a blue house');
    await page.keyboard.press('Control+ArrowUp');
    await expect(promptField(page).inputValue()).resolves.toBe('a blue (house:1.1)');
    await tabTo('Strength');
    await page.keyboard.press('Home');
    await page.getByText('The input comes back unchanged').waitFor();
    await page.keyboard.press('PageUp');
    await page.keyboard.press('End');
    await page.getByText(/^(\d+) × 100 % = \1 steps run$/).waitFor();
    await tabTo('Keep one seed');
    await page.keyboard.press('Space');
    await tabTo('Generate');
    await page.keyboard.press('Enter');
    await waitForResults(page, 1);
    await page.keyboard.press('Control+s');
    await page.getByText(`Saved as ${target}`).waitFor();
    expect(existsSync(target)).toBe(true);
    await page.keyboard.press('Control+Enter');
    await waitForResults(page, 2);
    const seeds = await thumbnails(page).evaluateAll((all) =>
      all.map((one) => /seed (\d+)/.exec(one.getAttribute('aria-label') ?? '')?.[1]),
    );
    expect(seeds[0]).toBe(seeds[1]);
  });

  it('gives the input back at strength 0 and says why it cannot start when no step would run', async () => {
    const running = await open(freshHome());
    const { page } = running;
    await waitUntilReady(page);
    await strengthSlider(page).focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const reason = page.getByText(/^No step would run\. Raise the strength to \d+ %/);
    await reason.waitFor();
    expect(await generateButton(page).getAttribute('aria-describedby')).toBe(await reason.getAttribute('id'));
    await generateButton(page).click({ force: true });
    expect(await cancelButton(page).count()).toBe(0);

    await strengthSlider(page).focus();
    await page.keyboard.press('Home');
    await page.getByRole('button', { name: 'Give the input back' }).click();
    await waitForResults(page, 1);
    const input = await lookAt(page.getByAltText('The picture it was made from'));
    const result = await lookAt(page.getByAltText(/^Result with seed/));
    result.rgb.forEach((value, channel) => expect(Math.abs(value - input.rgb[channel]!)).toBeLessThan(3));
  });

  it('can be cancelled by Escape and goes on where it stopped', async () => {
    const running = await open(freshHome());
    const { page } = running;
    await waitUntilReady(page);
    await makeLong(running, 60);
    await page.keyboard.press('Control+Enter');
    await waitForStep(page, 2);
    await page.keyboard.press('Escape');
    await page.getByText('You cancelled a picture.').waitFor({ timeout: 30_000 });
    expect(await thumbnails(page).count()).toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await waitForStep(page, 3);
    await cancelButton(page).click();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByText('Discarded.').waitFor();
    await waitUntilReady(page);
  });

  it('takes a picture from the clipboard and from the menu', async () => {
    const running = await open(freshHome());
    const { app, page } = running;
    await waitUntilReady(page);
    await copyPicture(running, SMALL_PICTURE);
    await app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.getMenuItemById('paste')?.click());
    await page.getByText('96 × 64 px').waitFor();
    await expect(lookAt(page.getByAltText(/^Input picture/))).resolves.toMatchObject({
      width: 96,
      height: 64,
    });
    await answerDialogs(running, { open: inRepository('test', 'golden', 'input-64x64.png') });
    await app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.getMenuItemById('open')?.click());
    await page.getByText(/^64 × 64 px/).waitFor();
  });

  it('takes a picture that is dropped on the window', async () => {
    const running = await open(freshHome());
    const { app, page } = running;
    await waitUntilReady(page);
    const devtools = await app.context().newCDPSession(page);
    const data = { items: [], files: [SMALL_PICTURE], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver'] as const) {
      await devtools.send('Input.dispatchDragEvent', { type, x: 120, y: 120, data });
    }
    await page.getByText('Paint from this picture').waitFor();
    await devtools.send('Input.dispatchDragEvent', { type: 'drop', x: 120, y: 120, data });
    const picture = page.getByAltText('Input picture input-96x64.png');
    await picture.waitFor();
    await expect(lookAt(picture)).resolves.toMatchObject({ width: 96, height: 64 });
  });
});

describe('when something goes wrong', () => {
  it('says what is wrong with a damaged picture, and the way out leads to a good one', async () => {
    const running = await open(freshHome());
    const { page } = running;
    await waitUntilReady(page);
    const damaged = path.join(running.home, 'damaged.png');
    writeFileSync(damaged, readFileSync(SMALL_PICTURE).subarray(0, 60));
    await answerDialogs(running, { open: damaged });
    await page.keyboard.press('Control+o');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    await expect(alert.textContent()).resolves.toContain('damaged.png');
    await page.getByAltText('Input picture sketch.png').waitFor();
    await answerDialogs(running, { open: SMALL_PICTURE });
    await alert.getByRole('button', { name: 'Choose another picture' }).click();
    await page.getByAltText('Input picture input-96x64.png').waitFor();
    await alert.waitFor({ state: 'detached' });
  });

  it('explains a folder that is no model and opens one that is', async () => {
    const running = await open(freshHome());
    const { page } = running;
    await waitUntilReady(page);
    const empty = path.join(running.home, 'empty-folder');
    mkdirSync(empty);
    await answerDialogs(running, { open: empty });
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('button', { name: 'Open model folder…' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    await expect(alert.textContent()).resolves.toContain('empty-folder');
    expect(await page.getByRole('dialog', { name: 'More settings' }).count()).toBe(0); // it would hide the words
    await answerDialogs(running, { open: TINY_MODEL });
    await alert.getByRole('button', { name: 'Open model folder…' }).click();
    await page.getByText('sd1-onnx is chosen.').waitFor();
    expect(await alert.count()).toBe(0);
    await answerDialogs(running, { open: SMALL_PICTURE });
    await page.keyboard.press('Control+o');
    await page.getByText('96 × 64 px').waitFor();
    await page.keyboard.press('Control+Enter');
    await waitForResults(page, 1);
  });

  it('names a model that is gone after a restart, and the starter model brings it back to work', async () => {
    const home = freshHome();
    const folder = path.join(home, 'my-model');
    cpSync(TINY_MODEL, folder, { recursive: true });
    const first = await open(home);
    await waitUntilReady(first.page);
    await answerDialogs(first, { open: folder });
    await first.page.getByRole('button', { name: 'More' }).click();
    await first.page.getByRole('button', { name: 'Open model folder…' }).click();
    await first.page.getByText('my-model is chosen.').waitFor();
    await close(first);
    rmSync(folder, { recursive: true });

    const { page } = await open(home);
    await page.getByText(/^The model .*my-model is not there any more\./).waitFor();
    expect(await generateButton(page).getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByLabel('Model', { exact: true }).selectOption({ index: 0 });
    await waitUntilReady(page);
  });

  it('outlives its engine: the window stays, Resume finishes the picture', async () => {
    const running = await open(freshHome());
    const { page } = running;
    await waitUntilReady(page);
    await makeLong(running, 24);
    await generateButton(page).click();
    await waitForStep(page, 3);
    const engines = running.enginePids();
    expect(engines.length).toBeGreaterThan(0);
    for (const pid of engines) process.kill(pid, 'SIGKILL');
    const resume = page.getByRole('button', { name: 'Resume' });
    await resume.waitFor({ timeout: 30_000 });
    await promptField(page).fill('the window is alive');
    await resume.click();
    await waitForResults(page, 1);
    expect(running.enginePids().some((pid) => !engines.includes(pid))).toBe(true);
  });
});

describe('a restart', () => {
  it('brings everything back: words, settings, picture, results', async () => {
    const home = freshHome();
    const picture = path.join(home, 'my picture.png');
    copyFileSync(SMALL_PICTURE, picture);
    const first = await open(home);
    await waitUntilReady(first.page);
    await answerDialogs(first, { open: picture });
    await first.page.keyboard.press('Control+o');
    await first.page.getByAltText('Input picture my picture.png').waitFor();
    await promptField(first.page).fill('remember me');
    await stepsField(first.page).fill('5');
    await first.page.getByLabel('Size').selectOption('256');
    await first.page.getByLabel('Seed', { exact: true }).fill('77');
    await generateButton(first.page).click();
    await waitForResults(first.page, 1);
    // The last change comes just before the window closes: it must not be lost either.
    await first.page.getByLabel('Negative prompt').fill('fog');
    await close(first);

    const { page } = await open(home);
    await page.getByAltText('Input picture my picture.png').waitFor();
    await expect(promptField(page).inputValue()).resolves.toBe('remember me');
    await expect(stepsField(page).inputValue()).resolves.toBe('5');
    await expect(page.getByLabel('Size').inputValue()).resolves.toBe('256');
    await expect(page.getByLabel('Seed', { exact: true }).inputValue()).resolves.toBe('77');
    await expect(page.getByLabel('Negative prompt').inputValue()).resolves.toBe('fog');
    await waitForResults(page, 1);
    await expect(lookAt(page.getByAltText('Result with seed 77'))).resolves.toMatchObject({
      width: 96,
      height: 64,
    });
  });

  it('goes on by itself with what was in work when the app was closed', async () => {
    const home = freshHome();
    const first = await open(home);
    await waitUntilReady(first.page);
    await makeLong(first, 30);
    await generateButton(first.page).click();
    await waitForStep(first.page, 2);
    await close(first);
    await waitFor('its engines end with it', () => first.enginePids().length === 0);

    const { page } = await open(home);
    await page.getByText(/^This job goes on where it was interrupted: [1-9]\d* steps were kept\.$/).waitFor();
    await waitForResults(page, 1);
  });
});
