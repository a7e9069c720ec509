/** The application menu, made from the table of commands. It shows the keys; the page listens for them and knows what applies. */
import { Menu, type MenuItemConstructorOptions } from 'electron';
import {
  commandsOfMenu,
  isShellCommand,
  keysOfCommand,
  PAGE_COMMAND_IDS,
  startsGroup,
  type ChosenKeys,
  type CommandId,
  type MenuName,
  type PageCommandId,
  type ShellCommandId,
} from '../shared/commands';
import { toAccelerator } from '../shared/keys';
import { words } from './words';

export interface MenuOptions {
  platform: NodeJS.Platform;
  canUseDevTools: boolean;
  chosenKeys: ChosenKeys;
  sendCommand: (command: PageCommandId) => void;
  runCommand: (command: ShellCommandId) => void;
}

/** Puts the menu in place for the whole app. */
export function installMenu(options: MenuOptions): void {
  const isMac = options.platform === 'darwin';
  const menu = (
    name: Exclude<MenuName, 'edit'>,
    more: MenuItemConstructorOptions[] = [],
  ): MenuItemConstructorOptions => ({
    label: words.menu[name],
    ...(name === 'help' ? { role: 'help' } : {}),
    submenu: [...commandsOfMenu(name).flatMap((id) => commandItems(id, options)), ...more],
  });
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ role: 'appMenu' } as const] : []),
      menu('file', [
        { type: 'separator' },
        isMac ? { role: 'close', label: words.menu.close } : { role: 'quit', label: words.menu.quit },
      ]),
      { label: words.menu.edit, submenu: editItems() },
      menu('picture'),
      menu('view', options.canUseDevTools ? [{ type: 'separator' }, { role: 'toggleDevTools' }] : []),
      ...(isMac ? [{ role: 'windowMenu' } as const] : []),
      menu('help', [{ role: 'about', label: words.menu.about }]),
    ]),
  );
}

/** Shows in grey which commands of the page would do nothing now. */
export function enableMenuItems(enabled: readonly CommandId[]): void {
  const menu = Menu.getApplicationMenu();
  for (const id of PAGE_COMMAND_IDS) {
    const item = menu?.getMenuItemById(id);
    if (item !== null && item !== undefined) item.enabled = enabled.includes(id);
  }
}

function commandItems(id: CommandId, options: MenuOptions): MenuItemConstructorOptions[] {
  const [keys] = keysOfCommand(id, options.chosenKeys);
  const accelerator = keys === undefined ? undefined : toAccelerator(keys);
  const item: MenuItemConstructorOptions = {
    id,
    label: words.command[id],
    ...(accelerator === undefined ? {} : { accelerator }),
    registerAccelerator: false,
    click: () => (isShellCommand(id) ? options.runCommand(id) : options.sendCommand(id)),
  };
  return startsGroup(id) ? [{ type: 'separator' }, item] : [item];
}

/** What the platform does by itself in a text; its keys are its own. */
const editItems = (): MenuItemConstructorOptions[] => [
  { role: 'undo', label: words.menu.undo },
  { role: 'redo', label: words.menu.redo },
  { type: 'separator' },
  { role: 'cut', label: words.menu.cut },
  { role: 'copy', label: words.menu.copy },
  { role: 'paste', label: words.menu.pasteText },
  { role: 'selectAll', label: words.menu.selectAll },
];
