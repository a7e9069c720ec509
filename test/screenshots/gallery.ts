/** The gallery: full, searched, without a find, and empty. */
import { waitUntilReady } from '../support/window-driver';
import { fillGallery } from './fill-home';
import type { Studio } from './camera';

const NAMES = ['gallery', 'gallery-search', 'gallery-nothing', 'gallery-empty'];

export async function photographGallery({ camera, home, open }: Studio): Promise<void> {
  if (!camera.wants(...NAMES)) return;
  const empty = await open();
  await waitUntilReady(empty.page);
  await empty.page.keyboard.press('Control+g');
  await empty.page.getByText('Every picture that you make is kept here.').waitFor();
  await camera.shoot(empty, 'gallery-empty', 'The gallery before the first picture');
  await empty.close();

  await fillGallery(home, 300);
  const running = await open();
  const { page } = running;
  await waitUntilReady(page);
  await page.keyboard.press('Control+g');
  const isLoaded = async (): Promise<void> => {
    await page.waitForFunction(() => {
      const pictures = [...document.querySelectorAll<HTMLImageElement>('[role="option"] img')];
      return pictures.length > 0 && pictures.every((picture) => picture.complete);
    });
  };
  await page.getByText('300 pictures', { exact: true }).waitFor();
  await camera.shoot(running, 'gallery', 'Every picture with its settings', { again: isLoaded });
  await page.getByLabel('Search', { exact: true }).fill('windmill');
  await page.waitForTimeout(500);
  await camera.shoot(running, 'gallery-search', 'Searched by words', { again: isLoaded });
  await page.getByLabel('Search', { exact: true }).fill('submarine');
  await page.getByText('No picture fits this search.').waitFor();
  await camera.shoot(running, 'gallery-nothing', 'Nothing found');
}
