/** Drawing on the input: mask, colours, a live picture, a new sketch. */
import type { Page } from 'playwright';
import { promptField, waitUntilReady } from '../support/window-driver';
import type { Studio } from './camera';

const NAMES = ['mask', 'colours', 'live', 'new-sketch'];

/** Lines through points that are given as shares of the picture's sides. */
const HOUSE = [
  [0.36, 0.62],
  [0.5, 0.46],
  [0.64, 0.62],
  [0.62, 0.8],
  [0.38, 0.8],
  [0.36, 0.62],
] as const;
const SUN = [
  [0.74, 0.16],
  [0.8, 0.2],
  [0.76, 0.25],
  [0.72, 0.2],
] as const;

export async function photographDrawing({ camera, open }: Studio): Promise<void> {
  if (!camera.wants(...NAMES)) return;
  const running = await open();
  const { page } = running;
  await waitUntilReady(page);
  await promptField(page).fill('a red house by a lake in the mountains, sunset, watercolour');
  await page.getByRole('button', { name: /^Draw on the input/ }).press('Enter');
  await draw(page, HOUSE);
  await camera.shoot(running, 'mask', 'The mask is drawn');
  await page.keyboard.press('x');
  await draw(page, SUN);
  await camera.shoot(running, 'colours', 'Colours over the input');
  await page.keyboard.press('Control+l');
  await page.getByAltText('Live picture', { exact: true }).waitFor({ timeout: 120_000 });
  await camera.shoot(running, 'live', 'A live picture follows the hand');
  await page.keyboard.press('Control+l');
  await page.keyboard.press('Control+n');
  await page.getByRole('dialog', { name: 'New sketch' }).waitFor();
  await camera.shoot(running, 'new-sketch', 'An empty picture to draw on');
}

async function draw(page: Page, points: readonly (readonly [number, number])[]): Promise<void> {
  const box = await page.getByAltText(/^Input picture/).boundingBox();
  if (box === null) throw new Error('There is no input picture to draw on.');
  for (const [i, [x, y]] of points.entries()) {
    await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 6 });
    if (i === 0) await page.mouse.down();
  }
  await page.mouse.up();
}
