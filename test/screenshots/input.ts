/** The input: zones while a picture is dragged, fits, transparency, recent ones; the prompt's styles and history. */
import path from 'node:path';
import { answerDialogs, promptField, waitUntilReady } from '../support/window-driver';
import { makePictures } from './fill-home';
import type { Studio } from './camera';

const NAMES = [
  'drop-zones',
  'source-crop',
  'source-pad',
  'source-alpha',
  'recent-inputs',
  'styles',
  'style-form',
  'history',
];

export async function photographInput({ camera, home, open }: Studio): Promise<void> {
  if (!camera.wants(...NAMES)) return;
  const { wide, glass } = await makePictures(path.join(home, 'brought'));
  const running = await open();
  const { page } = running;
  await waitUntilReady(page);
  const bring = async (file: string): Promise<void> => {
    await answerDialogs(running, { open: file });
    await page.keyboard.press('Control+o');
    await page.getByAltText(`Input picture ${path.basename(file)}`).waitFor();
  };

  const devtools = await running.app.context().newCDPSession(page);
  const data = { items: [], files: [wide], dragOperationsMask: 1 };
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    devtools.send('Input.dispatchDragEvent', { type, x: 160, y: 160, data });
  await drag('dragEnter');
  await camera.shoot(running, 'drop-zones', 'A picture is dragged over the window', {
    again: async () => void (await drag('dragOver')),
  });
  await drag('drop');
  await page.getByAltText('Input picture coast.png').waitFor();
  await page.getByLabel('Size', { exact: true }).selectOption('256');
  await page.getByText('encoder gets 256 × 256').waitFor();
  await camera.shoot(running, 'source-crop', 'What is cut away, and what the encoder gets');
  await page.getByRole('radio', { name: 'Pad' }).first().click();
  await page.getByText('encoder gets 256 × 256').waitFor();
  await camera.shoot(running, 'source-pad', 'What is filled');
  await page.getByRole('radio', { name: 'Crop' }).first().click();
  await page.getByLabel('Size', { exact: true }).selectOption('input');
  await bring(glass);
  await camera.shoot(running, 'source-alpha', 'Transparency shows');
  await page.getByRole('button', { name: 'Recent inputs' }).click();
  await page.getByRole('list', { name: 'Recent inputs' }).getByRole('listitem').nth(2).waitFor();
  await camera.shoot(running, 'recent-inputs', 'Recent inputs');
  await page.keyboard.press('Escape');

  await promptField(page).fill('a red house by a lake in the mountains');
  await page.getByRole('button', { name: /^Style: / }).click();
  await page.getByRole('radio', { name: 'Watercolour' }).click();
  await camera.shoot(running, 'styles', 'Styles around the prompt');
  await page.getByRole('button', { name: 'New style…' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Storm at sea');
  await camera.shoot(running, 'style-form', 'A style of one’s own');
  await page.keyboard.press('Escape');

  for (const prompt of [
    'a red house by a lake in the mountains, snow',
    'an old windmill in a forest, storm',
    'a harbour at dusk, long shadows, two boats coming in, watercolour on rough paper',
    'a white lighthouse on a cliff',
  ]) {
    await page.evaluate(
      (text) => window.underpaint?.promptsRemember({ prompt: text, negativePrompt: '' }),
      prompt,
    );
  }
  await page.getByRole('button', { name: 'Prompts of before…' }).click();
  await page.getByText('a white lighthouse on a cliff').waitFor();
  await camera.shoot(running, 'history', 'Prompts of before');
}
