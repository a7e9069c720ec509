/** What a person does in the window: press, type, choose a file in the platform's dialog, look at the picture. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright';
import type { RunningApp } from './electron-app';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Absolute path of a file in the repository. */
export const inRepository = (...parts: string[]): string => path.join(root, ...parts);

export const generateButton = (page: Page): Locator =>
  page.getByRole('group', { name: 'Generate' }).getByRole('button').first();
export const cancelButton = (page: Page): Locator =>
  page.getByRole('button', { name: 'Cancel', exact: true });
export const strengthSlider = (page: Page): Locator => page.getByRole('slider', { name: 'Strength' });
export const promptField = (page: Page): Locator => page.getByLabel('Prompt', { exact: true });
export const stepsField = (page: Page): Locator => page.getByLabel('Steps', { exact: true });
export const thumbnails = (page: Page): Locator =>
  page
    .getByRole('radiogroup', { name: 'All results, newest first' })
    .getByRole('radio', { name: /^Result / });
export const stageProgress = (page: Page, stage: 'Encode' | 'Generate' | 'Decode'): Locator =>
  page.getByRole('progressbar', { name: `${stage} progress` });

/** Presses an arrow in a radio group. Its choice moves while the key is down, so the key is held as long as a finger would. */
export const pressArrow = (page: Page, arrow: 'ArrowLeft' | 'ArrowRight'): Promise<void> =>
  page.keyboard.press(arrow, { delay: 150 });

/** Waits until the window can be used: Generate is there and has nothing against being pressed. */
export async function waitUntilReady(page: Page): Promise<void> {
  await page.locator('button[aria-disabled="false"]', { hasText: 'Generate' }).waitFor({ timeout: 60_000 });
}

/** Waits for `done`, but fails at once, with its words, when the window shows an error instead. */
async function unlessItFails(page: Page, done: Promise<unknown>): Promise<void> {
  const alert = page.getByRole('alert');
  const failed = alert.waitFor({ timeout: 0 }).then(
    async () => {
      throw new Error(`The window says: ${await alert.textContent()}`);
    },
    () => undefined, // the window closed while we waited
  );
  await Promise.race([done, failed]);
}

/** Waits until there are as many results, and the job is over. */
export async function waitForResults(page: Page, count: number): Promise<void> {
  const last = thumbnails(page).nth(count - 1);
  await unlessItFails(page, last.waitFor({ timeout: 100_000 }));
  await cancelButton(page).waitFor({ state: 'detached' });
}

/** Waits until the step counter of the running job is at least there. */
export async function waitForStep(page: Page, step: number): Promise<void> {
  const there = page.waitForFunction(
    (least) => {
      const bar = document.querySelector('[role="progressbar"][aria-label="Generate progress"]');
      const text = bar?.getAttribute('aria-valuetext') ?? '';
      return Number(/^step (\d+)/.exec(text)?.[1] ?? 0) >= least;
    },
    step,
    { timeout: 60_000, polling: 50 },
  );
  await unlessItFails(page, there);
}

/** What the platform's next dialogs answer, since no test can press their buttons: null closes them. */
export async function answerDialogs(
  { app }: RunningApp,
  answers: { open?: string | null; save?: string | null },
): Promise<void> {
  await app.evaluate(({ dialog }, { open, save }) => {
    if (open !== undefined) {
      dialog.showOpenDialog = async () => ({
        canceled: open === null,
        filePaths: open === null ? [] : [open],
      });
    }
    if (save !== undefined) {
      dialog.showSaveDialog = async () => ({ canceled: save === null, filePath: save ?? '' });
    }
  }, answers);
}

/** Puts a picture file's pixels on the clipboard; Electron's clipboard has a new form in its newer versions. */
export async function copyPicture({ app }: RunningApp, file: string): Promise<void> {
  await app.evaluate(async ({ clipboard, ClipboardItem, nativeImage }, from) => {
    const image = nativeImage.createFromPath(from);
    const writeImage: unknown = Reflect.get(clipboard, 'writeImage');
    if (typeof writeImage === 'function') {
      Reflect.apply(writeImage, clipboard, [image]);
      return;
    }
    const blob = new Blob([new Uint8Array(image.toPNG())], { type: 'image/png' });
    await clipboard.write([new ClipboardItem({ 'image/png': blob })]);
  }, file);
}

/** Average colour of a picture on the page as 0 … 255 per channel, and its size in its own pixels. */
export async function lookAt(picture: Locator): Promise<{ width: number; height: number; rgb: number[] }> {
  return picture.evaluate(async (element) => {
    if (!(element instanceof HTMLImageElement)) throw new Error('This is no picture.');
    await element.decode();
    const { naturalWidth: width, naturalHeight: height } = element;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('No canvas.');
    context.imageSmoothingQuality = 'high';
    context.drawImage(element, 0, 0, 1, 1);
    return { width, height, rgb: [...context.getImageData(0, 0, 1, 1).data].slice(0, 3) };
  });
}

/** Writes what the window shows to test-results/screens/<name>.png. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = inRepository('test-results', 'screens');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
}

/** Gives the window's content this size in pixels; its minimum does not hold. */
export const setContentSize = ({ app }: RunningApp, width: number, height: number): Promise<void> =>
  app.evaluate(
    ({ BrowserWindow }, size) => {
      const window = BrowserWindow.getAllWindows()[0];
      window?.setMinimumSize(1, 1);
      window?.setContentSize(size.width, size.height);
    },
    { width, height },
  );

/** Makes the page's area exactly this large, in pixels. */
export async function resizeWindow(running: RunningApp, width: number, height: number): Promise<void> {
  await setContentSize(running, width, height);
  await running.page.waitForFunction((size) => innerWidth === size.width && innerHeight === size.height, {
    width,
    height,
  });
}
