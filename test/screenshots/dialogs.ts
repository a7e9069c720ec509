/** The palette, keys, preferences and help; settings that are folded away, endpoints, what was sent, the question before it, offline. */
import { generateButton, waitUntilReady } from '../support/window-driver';
import type { Studio } from './camera';

const NAMES = [
  'palette',
  'keys',
  'preferences',
  'help',
  'more-settings',
  'endpoints',
  'endpoint-form',
  'ledger',
  'consent',
  'offline',
];

export async function photographDialogs({ camera, open }: Studio): Promise<void> {
  if (!camera.wants(...NAMES)) return;
  const running = await open();
  const { page } = running;
  await waitUntilReady(page);
  await page.keyboard.press('Control+k');
  await page.getByRole('listbox').waitFor();
  await camera.shoot(running, 'palette', 'Every command');
  await page.getByRole('dialog').getByRole('combobox').fill('keys');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await camera.shoot(running, 'keys', 'Every key, to be changed');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+,');
  await page.getByRole('dialog').waitFor();
  await camera.shoot(running, 'preferences', 'Preferences');
  await page.keyboard.press('Escape');
  await page.keyboard.press('F1');
  await page.getByRole('dialog').waitFor();
  await camera.shoot(running, 'help', 'Help, offline');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('dialog', { name: 'More settings' }).waitFor();
  await camera.shoot(running, 'more-settings', 'The settings that are folded away');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Endpoints…' }).click();
  await page
    .getByRole('button', { name: /^Test https:.* for Decode$/ })
    .first()
    .waitFor();
  await camera.shoot(running, 'endpoints', 'Endpoints, and what each may get');
  await page.getByRole('button', { name: 'Add an endpoint to Decode' }).click();
  await page.getByLabel('Address').fill('http://127.0.0.1:9');
  await camera.shoot(running, 'endpoint-form', 'An endpoint of one’s own');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Test http://127.0.0.1:9 for Decode' }).click();
  await page.getByText(/does not accept connections/).waitFor();
  await page.getByRole('radio', { name: 'Ledger' }).click();
  await page.getByRole('cell', { name: 'nothing of yours' }).first().waitFor();
  await camera.shoot(running, 'ledger', 'Everything that was ever sent');
  await page.keyboard.press('Escape');

  await page.getByLabel('Decode: where it runs').selectOption('remote');
  await generateButton(page).click();
  await page.getByRole('alertdialog').waitFor();
  await camera.shoot(running, 'consent', 'The question before anything is sent');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Offline' }).click();
  await page.getByText(/offline is switched on; switch it off/).waitFor();
  await camera.shoot(running, 'offline', 'Offline, with a stage that cannot run that way');
}
