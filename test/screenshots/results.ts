/** Results: compared in every way, under the lens, saved, crowded; the window at its smallest and at its largest. */
import { answerDialogs, generateButton, waitForResults, waitUntilReady } from '../support/window-driver';
import { fillGallery } from './fill-home';
import type { Studio } from './camera';

const NAMES = [
  'done',
  'compare-slider',
  'lens',
  'result-menu',
  'save-options',
  'saved',
  'done-smallest',
  'done-largest',
];

export async function photographResults({ camera, home, open }: Studio): Promise<void> {
  if (!camera.wants(...NAMES)) return;
  await fillGallery(home, 40);
  const running = await open();
  const { page } = running;
  await waitUntilReady(page);
  await page.getByLabel('Pictures', { exact: true }).selectOption('2');
  await generateButton(page).click();
  await waitForResults(page, 42);
  await camera.shoot(running, 'done', 'Done: side by side with the input, among many results');
  await camera.shoot(running, 'done-smallest', 'The smallest window', { sizes: [[1024, 700]] });
  await camera.shoot(running, 'done-largest', 'The largest window', { sizes: [[3840, 2160]] });
  await page.getByRole('radio', { name: 'Slider' }).click();
  await camera.shoot(running, 'compare-slider', 'Compared by the slider');
  await page.getByRole('radio', { name: 'Side by side' }).click();
  await page.getByRole('button', { name: /^Lens at 100 %/ }).click();
  await camera.shoot(running, 'lens', 'The lens', {
    again: async () => {
      const box = await page.getByAltText(/^Result with seed /).boundingBox();
      if (box !== null) await page.mouse.move(box.x + box.width * 0.45, box.y + box.height * 0.55);
    },
  });
  await page.getByRole('button', { name: /^Lens at 100 %/ }).click();
  const more = page.getByRole('button', { name: 'More for this result' });
  await more.click();
  await camera.shoot(running, 'result-menu', 'What can be done with a result');
  await page.getByRole('menuitem', { name: 'How results are saved…' }).click();
  await page.getByRole('radio', { name: 'WebP' }).last().click();
  await page.getByLabel('Quality').waitFor();
  await camera.shoot(running, 'save-options', 'How results are saved');
  await page.getByRole('button', { name: 'Done' }).click();
  await answerDialogs(running, { save: `${home}/village.webp` });
  await camera.shoot(running, 'saved', 'Saved', {
    again: async () => {
      await page.keyboard.press('Control+s');
      await page.getByText('Saved as').waitFor();
    },
  });
}
