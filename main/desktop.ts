/** What the services reach on the desktop's side: the platform's dialogs and clipboard, and the page for events. */
import path from 'node:path';
import process from 'node:process';
import { clipboard, dialog, nativeImage, shell, type BrowserWindow } from 'electron';
import type { EventName, EventOf } from '../shared/contract';
import type { CurrentWindow } from './ipc';
import { copyFile, copyPicture, readClipboard } from './clipboard';
import type { Desktop } from './services/requests';
import { fill, words } from './words';

const PICTURE_EXTENSIONS = ['png', 'jpg', 'jpeg', 'webp', 'avif', 'tif', 'tiff', 'gif', 'bmp'];

/** Width of the small picture under the pointer while a result is dragged out. */
const DRAG_ICON_PX = 96;

/** Pushes an event to the page; without a window nobody needs to know. */
export function sendEvent<N extends EventName>(
  window: BrowserWindow | null,
  name: N,
  payload: EventOf<N>,
): void {
  if (window !== null && !window.isDestroyed()) window.webContents.send(name, payload);
}

/** The platform's own dialogs, in front of the window. */
export function makeDesktop(
  currentWindow: CurrentWindow,
): Omit<Desktop, 'runCommand' | 'enableCommands' | 'letWindowGo'> {
  const open = async (options: Electron.OpenDialogOptions): Promise<string | null> => {
    const window = currentWindow();
    const answer = await (window === null
      ? dialog.showOpenDialog(options)
      : dialog.showOpenDialog(window, options));
    return answer.canceled ? null : (answer.filePaths[0] ?? null);
  };
  return {
    pickPicture: () =>
      open({
        title: words().desktop.openPicture,
        properties: ['openFile'],
        filters: [
          { name: words().desktop.pictures, extensions: PICTURE_EXTENSIONS },
          { name: words().desktop.allFiles, extensions: ['*'] },
        ],
      }),
    pickFolder: () => open({ title: words().desktop.openModel, properties: ['openDirectory'] }),
    pickSavePath: async ({ name, folder, extension }) => {
      const file = `${name}.${extension}`;
      const options: Electron.SaveDialogOptions = {
        title: words().desktop.save,
        defaultPath: folder === null ? file : path.join(folder, file),
        filters: filtersFor(extension),
        properties: ['createDirectory', 'showOverwriteConfirmation'],
      };
      const window = currentWindow();
      const answer = await (window === null
        ? dialog.showSaveDialog(options)
        : dialog.showSaveDialog(window, options));
      return answer.canceled || !answer.filePath ? null : answer.filePath;
    },
    // A promise in newer Electrons.
    copyText: async (text) => {
      await clipboard.writeText(text);
    },
    versions: () => {
      const { electron, chrome, node } = process.versions;
      return { electron, chrome, node };
    },
    trashFile: (filePath) => shell.trashItem(filePath),
    revealFile: (filePath) => shell.showItemInFolder(filePath),
    dragFile: (file, iconPath) =>
      currentWindow()?.webContents.startDrag({
        file,
        icon: nativeImage.createFromPath(iconPath).resize({ width: DRAG_ICON_PX }),
      }),
    copyFile,
    copyPicture,
    readClipboard,
  };
}

/** What a save dialog offers, the wanted kind first: the ending of the chosen name decides what is written. */
function filtersFor(extension: string): Electron.FileFilter[] {
  const pictureOf = (format: string): string => fill(words().desktop.pictureOf, { format });
  const kinds =
    extension === 'csv'
      ? [
          { name: words().desktop.table, extensions: ['csv'] },
          { name: 'JSON', extensions: ['json'] },
        ]
      : [
          { name: pictureOf('PNG'), extensions: ['png'] },
          { name: pictureOf('JPEG'), extensions: ['jpg', 'jpeg'] },
          { name: pictureOf('WebP'), extensions: ['webp'] },
        ];
  const isWanted = (kind: { extensions: string[] }): boolean => kind.extensions.includes(extension);
  return [...kinds.filter(isWanted), ...kinds.filter((kind) => !isWanted(kind))];
}
