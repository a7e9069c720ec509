/** What the main process does when one of its own commands is asked for, by menu, key or palette. */
import { shell, type BrowserWindow } from 'electron';
import type { ShellCommandId } from '../shared/commands';
import { ZOOM_STEPS } from '../shared/look';
import type { PreferencesDesk } from './services/preferences';

export interface ShellCommandOptions {
  currentWindow: () => BrowserWindow | null;
  preferences: () => PreferencesDesk;
  resultsFolder: string;
  log: (text: string) => void;
}

/** Command → what it does. */
export function makeShellCommands({
  currentWindow,
  preferences,
  resultsFolder,
  log,
}: ShellCommandOptions): Readonly<Record<ShellCommandId, () => void>> {
  const zoomTo = (zoom: number | undefined): void => {
    if (zoom === undefined) return;
    preferences()
      .change({ zoom })
      .catch((error: unknown) => log(`the zoom was not saved: ${String(error)}`));
  };
  return {
    // The page may not read the clipboard by itself; pasting hands it the picture in an ordinary paste event.
    paste: () => currentWindow()?.webContents.paste(),
    'show-results-folder': () => void shell.openPath(resultsFolder),
    'zoom-in': () => zoomTo(ZOOM_STEPS.find((step) => step > preferences().current.zoom)),
    'zoom-out': () => zoomTo([...ZOOM_STEPS].reverse().find((step) => step < preferences().current.zoom)),
    'zoom-reset': () => zoomTo(1),
    'full-screen': () => {
      const window = currentWindow();
      window?.setFullScreen(!window.isFullScreen());
    },
  };
}
