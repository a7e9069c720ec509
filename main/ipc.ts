/** The channels between the page and the services: who may ask, which dialogs open, where events go. */
import path from 'node:path';
import process from 'node:process';
import {
  clipboard,
  dialog,
  ipcMain,
  nativeImage,
  shell,
  type BrowserWindow,
  type IpcMainInvokeEvent,
} from 'electron';
import { REQUESTS, type EventName, type EventOf, type RequestName } from '../shared/contract';
import { fail } from '../shared/result';
import { copyFile, copyPicture, readClipboard } from './clipboard';
import { isAppUrl } from './security';
import { answerRequest } from './services/request-door';
import type { Desktop, RequestHandlers } from './services/requests';
import { fill, words } from './words';

const PICTURE_EXTENSIONS = ['png', 'jpg', 'jpeg', 'webp', 'avif', 'tif', 'tiff', 'gif', 'bmp'];

/** Width of the small picture under the pointer while a result is dragged out. */
const DRAG_ICON_PX = 96;

/** The window at the moment; null while there is none (macOS keeps the app without one). */
export type CurrentWindow = () => BrowserWindow | null;

/** Registers one channel per request of the contract; what is asked before `ready` waits for it. */
export function registerRequests(
  handlers: RequestHandlers,
  ready: Promise<void>,
  currentWindow: CurrentWindow,
  log: (text: string) => void,
): void {
  const names = Object.keys(REQUESTS).filter((name): name is RequestName => name in REQUESTS);
  for (const name of names) {
    ipcMain.handle(name, async (event, payload: unknown) => {
      if (!isFromOurPage(event, currentWindow())) {
        log(`${name} was asked by a frame that may not: ${event.senderFrame?.url ?? 'gone'}`);
        return fail({ code: 'usage', message: 'This part of the window may not ask for anything.' });
      }
      await ready;
      return answerRequest(handlers, name, payload, log);
    });
  }
}

/** Only the main frame of our window, and only while it shows our page. */
function isFromOurPage(event: IpcMainInvokeEvent, window: BrowserWindow | null): boolean {
  if (window === null || window.isDestroyed() || event.sender !== window.webContents) return false;
  const frame = event.senderFrame;
  return frame !== null && frame.parent === null && isAppUrl(frame.url);
}

/** Pushes an event to the page; without a window nobody needs to know. */
export function sendEvent<N extends EventName>(
  window: BrowserWindow | null,
  name: N,
  payload: EventOf<N>,
): void {
  if (window !== null && !window.isDestroyed()) window.webContents.send(name, payload);
}

/** The platform's own dialogs, in front of the window. */
export function makeDesktop(currentWindow: CurrentWindow): Omit<Desktop, 'runCommand' | 'enableCommands'> {
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
