/** The application menu, made from the table of commands. It shows the keys; the page listens for them and knows what applies. */
import { Menu, type MenuItemConstructorOptions } from 'electron';
import {
  commandsOfMenu,
  isShellCommand,
  keysOfCommand,
  PAGE_COMMAND_IDS,
  startsGroup,
  type CommandId,
  type MenuName,
  type PageCommandId,
  type ShellCommandId,
} from '../shared/commands';
import { toAccelerator } from '../shared/keys';
import { THEMES } from '../shared/look';
import type { Preferences } from '../shared/settings';
import { languageNames, words } from './words';

export interface MenuOptions {
  platform: NodeJS.Platform;
  canUseDevTools: boolean;
  sendCommand: (command: PageCommandId) => void;
  runCommand: (command: ShellCommandId) => void;
  changePreferences: (change: Partial<Preferences>) => void;
}

export interface AppMenu {
  /** Puts the menu in place for the whole app, in the language in use. */
  show: (preferences: Preferences) => void;
  /** Shows in grey which commands of the page would do nothing now. */
  enable: (ids: readonly CommandId[]) => void;
}

/** The menu of the app; nothing is shown before `show`. */
export function makeMenu(options: MenuOptions): AppMenu {
  let enabled: readonly CommandId[] = PAGE_COMMAND_IDS;
  const mark = (): void => {
    const menu = Menu.getApplicationMenu();
    for (const id of PAGE_COMMAND_IDS) {
      const item = menu?.getMenuItemById(id);
      if (item !== null && item !== undefined) item.enabled = enabled.includes(id);
    }
  };
  return {
    show: (preferences) => {
      Menu.setApplicationMenu(Menu.buildFromTemplate(template(options, preferences)));
      mark();
    },
    enable: (ids) => {
      enabled = ids;
      mark();
    },
  };
}

function template(options: MenuOptions, preferences: Preferences): MenuItemConstructorOptions[] {
  const isMac = options.platform === 'darwin';
  const say = words().menu;
  const menu = (
    name: Exclude<MenuName, 'edit'>,
    more: MenuItemConstructorOptions[] = [],
  ): MenuItemConstructorOptions => ({
    label: `&${say[name]}`,
    ...(name === 'help' ? { role: 'help' } : {}),
    submenu: [...commandsOfMenu(name).flatMap((id) => commandItems(id, options, preferences)), ...more],
  });
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    menu('file', [
      { type: 'separator' },
      isMac ? { role: 'close', label: say.close } : { role: 'quit', label: say.quit },
    ]),
    { label: `&${say.edit}`, submenu: editItems() },
    menu('picture'),
    menu('view', [
      { type: 'separator' },
      themeItems(options, preferences),
      languageItems(options, preferences),
      ...(options.canUseDevTools ? ([{ type: 'separator' }, { role: 'toggleDevTools' }] as const) : []),
    ]),
    ...(isMac ? [{ role: 'windowMenu' } as const] : []),
    menu('help', [{ role: 'about', label: say.about }]),
  ];
}

function commandItems(
  id: CommandId,
  options: MenuOptions,
  preferences: Preferences,
): MenuItemConstructorOptions[] {
  const [keys] = keysOfCommand(id, preferences.keys);
  const accelerator = keys === undefined ? undefined : toAccelerator(keys);
  const item: MenuItemConstructorOptions = {
    id,
    label: words().command[id],
    ...(accelerator === undefined ? {} : { accelerator }),
    registerAccelerator: false,
    click: () => (isShellCommand(id) ? options.runCommand(id) : options.sendCommand(id)),
  };
  return startsGroup(id) ? [{ type: 'separator' }, item] : [item];
}

/** What the platform does by itself in a text; its keys are its own. */
function editItems(): MenuItemConstructorOptions[] {
  const say = words().menu;
  return [
    { role: 'undo', label: say.undo },
    { role: 'redo', label: say.redo },
    { type: 'separator' },
    { role: 'cut', label: say.cut },
    { role: 'copy', label: say.copy },
    { role: 'paste', label: say.pasteText },
    { role: 'selectAll', label: say.selectAll },
  ];
}

const themeItems = (options: MenuOptions, { theme }: Preferences): MenuItemConstructorOptions => ({
  label: words().preferences.theme,
  submenu: THEMES.map((name) => ({
    id: `theme-${name}`,
    type: 'radio',
    label: words().preferences[`theme-${name}`],
    checked: name === theme,
    click: () => options.changePreferences({ theme: name }),
  })),
});

const languageItems = (options: MenuOptions, preferences: Preferences): MenuItemConstructorOptions => ({
  label: words().preferences.language,
  submenu: [[null, words().preferences.languageSystem] as const, ...languageNames()].map(([code, label]) => ({
    id: `language-${code ?? 'system'}`,
    type: 'radio',
    label,
    checked: code === preferences.language,
    click: () => options.changePreferences({ language: code }),
  })),
});
