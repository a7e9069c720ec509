/** The first start, and a window without a picture. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { waitUntilReady } from '../support/window-driver';
import type { Studio } from './camera';

export async function photographStart({ camera, home, open }: Studio): Promise<void> {
  if (!camera.wants('welcome', 'welcome-try', 'ready', 'empty')) return;
  const first = await open();
  await waitUntilReady(first.page);
  await first.page.getByText('encoder gets').waitFor();
  await camera.shoot(first, 'welcome', 'The first start: what this is');
  await first.page.getByRole('button', { name: 'Next' }).click();
  await first.page.getByRole('button', { name: 'Next' }).click();
  await camera.shoot(first, 'welcome-try', 'The first start: try the sketch');
  await first.page.getByRole('button', { name: 'Skip' }).click();
  await camera.shoot(first, 'ready', 'Ready: the sketch and a prompt are there');
  await first.close();
  writeFileSync(
    path.join(home, 'settings.json'),
    JSON.stringify({ version: 1, draft: { settings: { prompt: '' } } }),
  );
  const empty = await open();
  await empty.page.getByText('Drop a picture here').waitFor();
  await camera.shoot(empty, 'empty', 'Nothing there yet');
}
