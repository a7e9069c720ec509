/** What the main process does when one of its own commands is asked for, by menu, key or palette. */
import { shell, type BrowserWindow } from 'electron';
import type { ShellCommandId } from '../shared/commands';

export interface ShellCommandOptions {
  currentWindow: () => BrowserWindow | null;
  resultsFolder: string;
}

/** A step of zooming, in Chromium's levels: each is 1.2 times as large as the one before. */
const ZOOM_STEP = 0.5;

/** Command → what it does. */
export function makeShellCommands({
  currentWindow,
  resultsFolder,
}: ShellCommandOptions): Readonly<Record<ShellCommandId, () => void>> {
  const zoom = (change: (level: number) => number): void => {
    const contents = currentWindow()?.webContents;
    contents?.setZoomLevel(change(contents.getZoomLevel()));
  };
  return {
    // The page may not read the clipboard by itself; pasting hands it the picture in an ordinary paste event.
    paste: () => currentWindow()?.webContents.paste(),
    'show-results-folder': () => void shell.openPath(resultsFolder),
    'zoom-in': () => zoom((level) => level + ZOOM_STEP),
    'zoom-out': () => zoom((level) => level - ZOOM_STEP),
    'zoom-reset': () => zoom(() => 0),
    'full-screen': () => {
      const window = currentWindow();
      window?.setFullScreen(!window.isFullScreen());
    },
  };
}
