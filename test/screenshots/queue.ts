/** Many jobs: the crowded queue, and pictures that belong together. */
import {
  generateButton,
  promptField,
  stepsField,
  waitForStep,
  waitUntilReady,
} from '../support/window-driver';
import type { Studio } from './camera';

const NAMES = ['strength-strip', 'variations', 'queue', 'queue-paused'];
const WAITING = [
  'a harbour in the fog',
  'a windmill in the hills, ink',
  'a red house in the snow',
  'the sea at night',
];

export async function photographQueue({ camera, open }: Studio): Promise<void> {
  if (!camera.wants(...NAMES)) return;
  const running = await open();
  const { page } = running;
  await waitUntilReady(page);
  await promptField(page).fill('a red house by a lake in the mountains, snow, day, flat');
  await page.keyboard.press('Control+Shift+Enter');
  const strip = page.getByRole('radiogroup', { name: 'The same at other strengths' });
  await strip.locator('[role="radio"]:not([disabled])').nth(4).waitFor({ timeout: 120_000 });
  await strip.getByRole('radio', { name: '60 %' }).click();
  await camera.shoot(running, 'strength-strip', 'Five strengths from one encode');

  const button = page.getByRole('button', { name: 'Variations' });
  await camera.shoot(running, 'variations', 'Ways to make several', {
    again: async () => {
      if ((await button.getAttribute('aria-expanded')) !== 'true') await button.click();
    },
  });
  await page.keyboard.press('Escape');

  await stepsField(page).fill('900');
  await generateButton(page).click();
  await waitForStep(page, 5);
  for (const [i, prompt] of WAITING.entries()) {
    await promptField(page).fill(prompt);
    await generateButton(page).click();
    await page.getByRole('button', { name: `Queue (${i + 2})` }).waitFor();
  }
  const queue = page.getByRole('button', { name: /^(Queue|Paused) \(\d+\)$/ });
  const again = async (): Promise<void> => {
    if ((await queue.getAttribute('aria-expanded')) !== 'true') await queue.click();
  };
  await camera.shoot(running, 'queue', 'A crowded queue', { again });
  await page.getByRole('button', { name: 'Finish this one' }).click();
  await camera.shoot(running, 'queue-paused', 'Only this one is finished', { again });
}
