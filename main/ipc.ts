/** The channels on which the page asks, open before there is anyone to answer: who may ask, and what is refused. */
import { ipcMain, type BrowserWindow, type IpcMainInvokeEvent } from 'electron';
import { PAGE_REQUESTS, PRELOAD_REQUESTS } from '../shared/bridge';
import type { RequestName } from '../shared/contract';
import { fail, type Result } from '../shared/result';
import { isAppUrl } from './security';

/** The window at the moment; null while there is none (macOS keeps the app without one). */
export type CurrentWindow = () => BrowserWindow | null;

/** Answers one request; never rejects. */
export type Answer = (name: RequestName, payload: unknown) => Promise<Result<unknown>>;

/** Registers one channel per request of the contract; what is asked before there is an answer waits for it. */
export function registerRequests(
  answer: Promise<Answer>,
  currentWindow: CurrentWindow,
  log: (text: string) => void,
): void {
  for (const name of [...PAGE_REQUESTS, ...PRELOAD_REQUESTS]) {
    ipcMain.handle(name, async (event, payload: unknown) => {
      if (!isFromOurPage(event, currentWindow())) {
        log(`${name} was asked by a frame that may not: ${event.senderFrame?.url ?? 'gone'}`);
        return fail({ code: 'usage', message: 'This part of the window may not ask for anything.' });
      }
      return (await answer)(name, payload);
    });
  }
}

/** Only the main frame of our window, and only while it shows our page. */
function isFromOurPage(event: IpcMainInvokeEvent, window: BrowserWindow | null): boolean {
  if (window === null || window.isDestroyed() || event.sender !== window.webContents) return false;
  const frame = event.senderFrame;
  return frame !== null && frame.parent === null && isAppUrl(frame.url);
}
