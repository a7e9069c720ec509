/** The whole window in other looks: high contrast, German, twice as large. */
import type { RunningApp } from '../support/electron-app';
import { generateButton, waitForResults, waitUntilReady } from '../support/window-driver';
import type { Studio } from './camera';

const NAMES = ['high-contrast', 'german', 'zoom-200'];

export async function photographLook({ camera, open }: Studio): Promise<void> {
  if (!camera.wants(...NAMES)) return;
  const running = await open();
  await waitUntilReady(running.page);
  await generateButton(running.page).click();
  await waitForResults(running.page, 1);
  await prefer(running, { theme: 'contrast' });
  await camera.shoot(running, 'high-contrast', 'High contrast');
  await prefer(running, { theme: 'system', zoom: 2 });
  await camera.shoot(running, 'zoom-200', 'At 200 %', { isZoomed: true });
  await prefer(running, { zoom: 1, language: 'de' });
  await running.page.getByRole('heading', { name: 'Ergebnisse' }).waitFor();
  await camera.shoot(running, 'german', 'In German');
}

type Preferences = Parameters<NonNullable<typeof window.underpaint>['preferencesChange']>[0];

/** Changes what the menu changes. */
async function prefer({ page }: RunningApp, change: Preferences): Promise<void> {
  await page.evaluate((wanted) => window.underpaint?.preferencesChange(wanted), change);
}
