/** The application menu with its keys; its own commands are sent to the page, which knows whether they apply. */
import { Menu, shell, type BrowserWindow, type MenuItemConstructorOptions } from 'electron';
import type { EventOf } from '../shared/contract';

export interface MenuOptions {
  platform: NodeJS.Platform;
  canUseDevTools: boolean;
  resultsFolder: string;
  currentWindow: () => BrowserWindow | null;
  sendCommand: (command: EventOf<'command'>) => void;
}

/** Puts the menu in place for the whole app. */
export function installMenu(options: MenuOptions): void {
  const { platform, sendCommand } = options;
  const isMac = platform === 'darwin';
  const command = (
    label: string,
    accelerator: string,
    name: EventOf<'command'>,
  ): MenuItemConstructorOptions => ({ label, accelerator, id: name, click: () => sendCommand(name) });

  const file: MenuItemConstructorOptions = {
    label: '&File',
    submenu: [
      command('Open Picture…', 'CmdOrCtrl+O', 'open'),
      {
        label: 'Paste Picture',
        id: 'paste',
        accelerator: 'CmdOrCtrl+Shift+V',
        // The page may not read the clipboard by itself; pasting hands it the picture in an ordinary paste event.
        click: () => options.currentWindow()?.webContents.paste(),
      },
      command('Save Result…', 'CmdOrCtrl+S', 'save'),
      { type: 'separator' },
      { label: 'Show Results Folder', click: () => void shell.openPath(options.resultsFolder) },
      { type: 'separator' },
      isMac ? { role: 'close' } : { role: 'quit' },
    ],
  };
  const picture: MenuItemConstructorOptions = {
    label: '&Picture',
    submenu: [command('Generate', 'CmdOrCtrl+Enter', 'generate'), command('Cancel', 'CmdOrCtrl+.', 'cancel')],
  };
  const view: MenuItemConstructorOptions = {
    label: '&View',
    submenu: [
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { type: 'separator' },
      { role: 'togglefullscreen' },
      ...(options.canUseDevTools ? [{ role: 'toggleDevTools' } as const] : []),
    ],
  };
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ role: 'appMenu' } as const] : []),
      file,
      { role: 'editMenu' },
      picture,
      view,
      ...(isMac ? [{ role: 'windowMenu' } as const] : []),
      { role: 'help', submenu: [{ role: 'about', label: 'About Underpaint' }] },
    ]),
  );
}
