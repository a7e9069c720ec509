/** What holds for the whole window: the first start, languages, palette, keys, look, size, help, and that all of it is remembered. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchApp, makeHome, removeHome, waitFor, type RunningApp } from '../support/electron-app';
import {
  generateButton,
  promptField,
  resizeWindow,
  screenshot,
  waitUntilReady,
} from '../support/window-driver';

const home = makeHome();
let running: RunningApp;
let page: Page;

const open = async (env: Record<string, string> = {}): Promise<void> => {
  running = await launchApp({ home, env });
  ({ page } = running);
  await page.locator('#main-button[aria-disabled="false"]').waitFor({ timeout: 100_000 });
};

/** Label and accelerator of a menu item; a title of the menu bar by its place. */
const menuItem = (
  id: string,
): Promise<{ label: string; accelerator: string | null; checked: boolean } | null> =>
  running.app.evaluate(({ Menu }, itemId) => {
    const item = Menu.getApplicationMenu()?.getMenuItemById(itemId);
    if (item === null || item === undefined) return null;
    return { label: item.label, accelerator: item.accelerator ?? null, checked: item.checked };
  }, id);
const clickMenu = (id: string): Promise<void> =>
  running.app.evaluate(({ Menu }, itemId) => Menu.getApplicationMenu()?.getMenuItemById(itemId)?.click(), id);

const dialog = (name: string) => page.getByRole('dialog', { name, exact: true });
const searchField = () => page.getByRole('combobox', { name: 'What would you like to do?' });
const focusedId = () => page.evaluate(() => document.activeElement?.id ?? '');
const settings = () => JSON.parse(readFileSync(path.join(home, 'settings.json'), 'utf8'));

/** Opens the palette by its keys, writes words and presses Enter. */
async function command(words: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await searchField().fill(words);
  await page.keyboard.press('Enter');
}

/** Goes round a dialog with Tab: every stop lies inside, in reading order, until the first comes again. */
async function expectTabOrder(name: string): Promise<void> {
  await dialog(name).waitFor();
  const stops: number[] = [];
  let last = -1;
  for (let press = 0; press < 90; press++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const focused = document.activeElement;
      const around = focused?.closest('[role="dialog"], dialog');
      if (focused === null || focused === document.body) return -1; // between the last and the first
      if (around === null || around === undefined) return -2;
      return [...around.querySelectorAll('*')].indexOf(focused);
    });
    expect(stop, `${name}: the focus left the dialog`).not.toBe(-2);
    // Some controls, such as dates, have several stops inside.
    if (stop === last) continue;
    last = stop;
    if (stop === stops[0]) break;
    if (stop !== -1) stops.push(stop);
  }
  expect(stops.length, `${name} has things to reach`).toBeGreaterThan(1);
  const start = stops.indexOf(Math.min(...stops));
  const round = [...stops.slice(start), ...stops.slice(0, start)];
  expect(round, `${name} is walked through in order`).toEqual([...stops].sort((a, b) => a - b));
}

/** A German system; which variable counts depends on the version of Electron. */
const GERMAN = { LANGUAGE: 'de', LC_ALL: 'de_DE.UTF-8' };

beforeAll(() => open(GERMAN));

afterAll(async () => {
  await running.close();
  removeHome(home);
});

describe('the first start', () => {
  it('greets in the language of the system, in three steps that can be skipped', async () => {
    const welcome = page.getByRole('region', { name: 'Willkommen' });
    await welcome.getByText('Schritt 1 von 3').waitFor();
    await screenshot(page, 'welcome-de');
    await welcome.getByRole('button', { name: 'Weiter' }).click();
    await welcome.getByRole('button', { name: 'Weiter' }).click();
    await welcome.getByRole('heading', { name: 'Die Skizze ausprobieren' }).waitFor();
    await welcome.getByRole('button', { name: 'Skizze malen' }).waitFor();
    await welcome.getByRole('button', { name: 'Überspringen' }).click();
    await welcome.waitFor({ state: 'detached' });
    expect(await focusedId()).toBe('main-button');
    await waitFor('it is remembered', () => settings().hasSeenWelcome === true);
  });

  it('speaks German in menu and window, and another language from the menu', async () => {
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
    expect(await menuItem('open')).toMatchObject({ label: 'Bild öffnen …', accelerator: 'CmdOrCtrl+O' });
    expect(await menuItem('language-system')).toMatchObject({ checked: true });
    await page.getByText('Strg + Eingabe').waitFor();
    await clickMenu('language-en');
    await page.getByText('Ctrl + Enter').waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
    expect(await menuItem('open')).toMatchObject({ label: 'Open picture…' });
    expect(await menuItem('language-en')).toMatchObject({ checked: true });
    await waitUntilReady(page);
  });
});

describe('the command palette', () => {
  it('finds by words, is walked through by arrows, does it on Enter, and gives the focus back', async () => {
    await promptField(page).focus();
    await page.keyboard.press('Control+Shift+P');
    const list = page.getByRole('listbox', { name: 'Commands' });
    await list.getByRole('option', { name: /^Open picture….*Ctrl \+ O/ }).waitFor();
    await screenshot(page, 'palette');
    await page.keyboard.type('theme');
    await page.keyboard.press('ArrowDown');
    await list.getByRole('option', { name: 'Theme: Dark', selected: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('html[data-theme="dark"]').waitFor();
    expect(await list.count()).toBe(0);
    expect(await promptField(page).evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await menuItem('theme-dark')).toMatchObject({ checked: true });
  });

  it('shows what cannot be done now as such, and does not do it', async () => {
    await page.keyboard.press('Control+k');
    await searchField().fill('save result');
    const save = page.getByRole('option', { name: /^Save result…/ });
    expect(await save.getAttribute('aria-disabled')).toBe('true');
    await page.keyboard.press('Enter');
    expect(await save.count()).toBe(1);
    await searchField().fill('nothing is called so');
    await page.getByText('No command is called that.').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });
});

describe('keys', () => {
  it('are found, changed with a word about conflicts, and follow into menu and window', async () => {
    await command('keys');
    await dialog('Keys').waitFor();
    await page.getByLabel('Find', { exact: true }).fill('gallery');
    const row = page.getByRole('listitem').filter({ hasText: 'Gallery…' });
    await row.getByRole('button', { name: 'Change the keys of: Gallery…' }).click();
    await page.keyboard.press('Control+s');
    await page.getByText('Ctrl + S belongs to “Save result…”, which would lose it.').waitFor();
    await page.keyboard.press('Control+c');
    await page.getByText(/^Ctrl \+ C edits text/).waitFor();
    await screenshot(page, 'keys');
    await page.keyboard.press('Control+Shift+L');
    await row.getByText('Ctrl + Shift + L').waitFor();
    expect(await menuItem('gallery')).toMatchObject({ accelerator: 'CmdOrCtrl+Shift+L' });
    await page.getByLabel('Find', { exact: true }).fill('');
    await page.getByRole('button', { name: 'Find by pressing keys' }).click();
    await page.keyboard.press('Control+s');
    await page.getByRole('button', { name: 'With Ctrl + S' }).waitFor();
    expect(await dialog('Keys').getByRole('listitem').allTextContents()).toEqual([
      expect.stringMatching(/^Save result…Ctrl \+ S/),
    ]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.keyboard.press('Control+g');
    expect(await dialog('Gallery').count()).toBe(0);
    await page.keyboard.press('Control+Shift+L');
    await dialog('Gallery').waitFor();
    await page.keyboard.press('Escape');
  });
});

describe('every dialog', () => {
  it.each([
    ['Preferences', 'preferences'],
    ['Keys', 'keys…'],
    ['Help', 'help'],
    ['Gallery', 'gallery'],
  ])('%s keeps the focus inside, in order, and gives it back', async (name, words) => {
    await promptField(page).focus();
    await command(words);
    // All of the commands would only make it long.
    if (name === 'Keys') await page.getByLabel('Find', { exact: true }).fill('zoom');
    await expectTabOrder(name);
    await page.keyboard.press('Escape');
    await dialog(name).waitFor({ state: 'detached' });
    expect(await promptField(page).evaluate((field) => field === document.activeElement)).toBe(true);
  });

  it('of the endpoints, too', async () => {
    const button = page.getByRole('button', { name: 'Endpoints…' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Close' }).waitFor();
    await expectTabOrder('Endpoints and what was sent');
    await page.keyboard.press('Escape');
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  });
});

describe('help', () => {
  it('is there offline, and copies diagnostics without what is private', async () => {
    await promptField(page).fill('my aunt Zenobia by the lake');
    await page.keyboard.press('F1');
    await dialog('Help').getByText('The memory runs out').waitFor();
    await screenshot(page, 'help');
    await dialog('Help').getByText('The main ideas').click();
    await waitFor('what is folded is remembered', () => settings().view['help.ideas'] === false);
    await dialog('Help').getByRole('button', { name: 'Copy diagnostics' }).click();
    await page.getByText('Copied: versions, hardware and settings.').waitFor({ timeout: 30_000 });
    const text = await running.app.evaluate(({ clipboard }) => clipboard.readText());
    expect(text).toMatch(/^Underpaint: \d/);
    expect(text).toMatch(/^electron: \d/m);
    expect(text).toContain('family sd1');
    for (const word of ['Zenobia', home]) expect(text).not.toContain(word);
  });
});

describe('look and size', () => {
  it('grows by key and menu up to twice its size, with no control cut off at the side', async () => {
    await page.keyboard.press('Control+=');
    await page.keyboard.press('Control+=');
    const zoom = () =>
      running.app.evaluate(({ BrowserWindow }) => {
        const factor = BrowserWindow.getAllWindows()[0]?.webContents.getZoomFactor() ?? 0;
        return Math.round(factor * 100) / 100;
      });
    await waitFor('it is larger', async () => (await zoom()) === 1.25);
    await clickMenu('zoom-reset');
    await waitFor('it is as it was', async () => (await zoom()) === 1);
    await resizeWindow(running, 1280, 800);
    for (let step = 0; step < 5; step++) await clickMenu('zoom-in');
    await waitFor('it is twice as large', async () => (await zoom()) === 2);
    await page.waitForFunction(() => innerWidth <= 640);
    await screenshot(page, 'zoom-200');
    const found = await page.evaluate(() => {
      const controls = [...document.querySelectorAll('button, input, select, textarea, [role="slider"]')];
      const seen = controls.filter((control) => control.checkVisibility());
      const cutOff = seen.filter((control) => {
        control.scrollIntoView({ block: 'nearest' });
        const { left, right, top, bottom } = control.getBoundingClientRect();
        return left < 0 || right > innerWidth + 0.5 || top < -2 || bottom > innerHeight + 2;
      });
      const overflow = document.documentElement.scrollWidth - innerWidth;
      return {
        count: seen.length,
        cutOff: cutOff.map((control) => control.outerHTML.slice(0, 120)),
        overflow,
      };
    });
    expect(found.count).toBeGreaterThan(15);
    expect(found).toMatchObject({ cutOff: [], overflow: 0 });
    await clickMenu('zoom-reset');
  });

  it('is of high contrast when the person or the system wants it', async () => {
    const colours = () =>
      page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        return [backgroundColor, color];
      });
    await clickMenu('theme-contrast');
    await page.locator('html[data-theme="contrast"]').waitFor();
    expect(await colours()).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    await screenshot(page, 'contrast');
    await clickMenu('theme-system');
    await page.locator('html:not([data-theme])').waitFor();
    await page.emulateMedia({ colorScheme: 'light', contrast: 'more' });
    expect(await colours()).toEqual(['rgb(255, 255, 255)', 'rgb(0, 0, 0)']);
    await page.emulateMedia({ colorScheme: null, contrast: null });
  });

  it('moves nothing when the person wants that', async () => {
    await command('preferences');
    await page.getByLabel('Move nothing').check();
    await page.locator('html[data-less-motion]').waitFor();
    const duration = await page
      .getByRole('button', { name: 'Close', exact: true })
      .evaluate((button) => getComputedStyle(button).transitionDuration);
    expect(duration).toBe('0s');
    await screenshot(page, 'preferences');
    await page.keyboard.press('Escape');
  });
});

describe('a restart', () => {
  it('remembers language, look, size and keys, greets no more, and brings a lost window back', async () => {
    await clickMenu('theme-light');
    await clickMenu('zoom-in');
    await waitFor('all of it is on disk', () => settings().zoom === 1.1 && settings().theme === 'light');
    await running.close();
    expect(running.pageErrors).toEqual([]);
    const file = path.join(home, 'settings.json');
    const place = { x: 30_000, y: -9000, width: 1100, height: 720, isMaximized: false };
    writeFileSync(file, JSON.stringify({ ...settings(), window: place }));
    await open(GERMAN);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('light');
    expect(await page.locator('html[data-less-motion]').count()).toBe(1);
    expect(await page.getByRole('region', { name: 'Welcome' }).count()).toBe(0);
    expect(await menuItem('gallery')).toMatchObject({ accelerator: 'CmdOrCtrl+Shift+L' });
    const seen = await running.app.evaluate(({ BrowserWindow, screen }) => {
      const window = BrowserWindow.getAllWindows()[0];
      const area = screen.getPrimaryDisplay().workArea;
      const { x = 0, y = 0, width = 0 } = window?.getBounds() ?? {};
      const isThere =
        x >= area.x - width && x < area.x + area.width && y >= area.y && y < area.y + area.height;
      return { isThere, width, zoom: Math.round((window?.webContents.getZoomFactor() ?? 0) * 100) };
    });
    expect(seen).toMatchObject({ isThere: true, zoom: 110 });
    await generateButton(page).waitFor();
  });
});
