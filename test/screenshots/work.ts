/** A picture in work, and every way in which work can stop. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  answerDialogs,
  cancelButton,
  generateButton,
  stepsField,
  strengthSlider,
  waitForStep,
  waitUntilReady,
} from '../support/window-driver';
import type { Studio } from './camera';

const NAMES = ['working', 'cancelled', 'interrupted', 'failed', 'blocked', 'unchanged'];

export async function photographWork({ camera, home, open }: Studio): Promise<void> {
  if (!camera.wants(...NAMES)) return;
  const running = await open();
  const { page } = running;
  await waitUntilReady(page);
  const begin = async (): Promise<void> => {
    await stepsField(page).fill('900');
    await generateButton(page).click();
    await page.getByAltText('Preview of the picture in work').waitFor({ timeout: 120_000 });
    await waitForStep(page, 20);
  };
  await begin();
  await camera.shoot(running, 'working', 'A picture in work, with its preview');
  await cancelButton(page).click();
  await page.getByText('You cancelled a picture.').waitFor({ timeout: 60_000 });
  await camera.shoot(running, 'cancelled', 'Cancelled; it can go on');
  await page.getByRole('button', { name: 'Discard' }).click();
  await begin();
  for (const pid of running.enginePids()) process.kill(pid, 'SIGKILL');
  await page.getByRole('button', { name: 'Resume' }).waitFor({ timeout: 60_000 });
  await camera.shoot(running, 'interrupted', 'The engine died; nothing is lost');
  await page.getByRole('button', { name: 'Discard' }).click();

  const damaged = path.join(home, 'holiday.jpg');
  writeFileSync(damaged, 'this is no picture');
  await answerDialogs(running, { open: damaged });
  await page.keyboard.press('Control+o');
  await page.getByRole('alert').waitFor();
  await camera.shoot(running, 'failed', 'A picture that cannot be read, with a way out');
  await page.getByRole('button', { name: 'Dismiss' }).click();

  await stepsField(page).fill('');
  await strengthSlider(page).focus();
  await page.keyboard.press('Home');
  await camera.shoot(running, 'unchanged', 'Strength 0 gives the input back');
  await page.keyboard.press('ArrowRight');
  await page.getByText(/^No step would run/).waitFor();
  await camera.shoot(running, 'blocked', 'Generate is off, and says why');
}
