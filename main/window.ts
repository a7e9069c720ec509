/** The one window: hardened, opened where it was, reloaded when its page dies. */
import { BrowserWindow, nativeTheme, screen } from 'electron';
import { START_LOOK_ARGUMENT, type StartLook } from '../shared/bridge';
import { BACKGROUNDS } from './look';
import { APP_ORIGIN } from './services/media-urls';
import type { SettingsStore } from './services/settings-store';
import { fitBounds, MINIMUM_SIZE } from './services/window-bounds';
import type { StartState } from './start-state';

/** Moving and resizing send many events; the place is remembered once they pause. */
const REMEMBER_AFTER_MS = 400;
/** A page that dies more often than this within a minute stays dead instead of flickering. */
const MAX_RELOADS_PER_MINUTE = 3;
/** A page that does not answer is closed after this all the same. */
const LAST_WORDS_MS = 1000;

export interface WindowOptions {
  preloadFile: string;
  state: StartState;
  /** Two letters, never the system's choice. */
  language: string;
  canUseDevTools: boolean;
  log: (text: string) => void;
}

/** Opens the window and loads the page into it. */
export function openWindow(options: WindowOptions): BrowserWindow {
  const { place, theme, zoom } = options.state;
  const look: StartLook = { theme, language: options.language };
  const bounds = fitBounds(
    place,
    screen.getAllDisplays().map((display) => display.workArea),
  );
  const window = new BrowserWindow({
    width: bounds.width,
    height: bounds.height,
    ...(bounds.x === undefined || bounds.y === undefined ? {} : { x: bounds.x, y: bounds.y }),
    minWidth: MINIMUM_SIZE.width,
    minHeight: MINIMUM_SIZE.height,
    show: false,
    title: 'Underpaint',
    backgroundColor:
      BACKGROUNDS[theme === 'contrast' ? theme : nativeTheme.shouldUseDarkColors ? 'dark' : 'light'],
    webPreferences: {
      preload: options.preloadFile,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: options.canUseDevTools,
      zoomFactor: zoom,
      additionalArguments: [`${START_LOOK_ARGUMENT}${JSON.stringify(look)}`],
    },
  });
  if (place?.isMaximized === true) window.maximize();
  window.once('ready-to-show', () => window.show());
  reloadWhenPageDies(window, options.log);
  void window.loadURL(`${APP_ORIGIN}/index.html`).catch((error: unknown) => {
    options.log(`the page could not be loaded: ${String(error)}`);
  });
  return window;
}

/**
 * Holds a window that is told to close until what it still had to keep is kept, and for a second at most. `ask` tells the page; the function
 * that comes back lets the window go.
 */
export function holdForLastWords(window: BrowserWindow, ask: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isFree = false;
  const letGo = (): void => {
    if (timer === undefined || isFree) return;
    clearTimeout(timer);
    isFree = true;
    if (!window.isDestroyed()) window.close();
  };
  window.on('close', (event) => {
    if (isFree || window.webContents.isCrashed()) return;
    event.preventDefault();
    if (timer !== undefined) return;
    timer = setTimeout(letGo, LAST_WORDS_MS);
    ask();
  });
  return letGo;
}

/** Shows the window and gives it the keyboard, also when it was minimized. */
export function bringToFront(window: BrowserWindow): void {
  if (window.isDestroyed()) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/** Tells when the window can no longer be seen, and when it can again; on some systems the page itself does not learn of it. */
export function watchVisibility(window: BrowserWindow, onChange: (isShown: boolean) => void): void {
  const tell = (): void => onChange(isShown(window));
  window.on('show', tell);
  window.on('hide', tell);
  window.on('minimize', tell);
  window.on('restore', tell);
}

/** True for a window that can be seen, also behind another one. */
export const isShown = (window: BrowserWindow): boolean =>
  !window.isDestroyed() && window.isVisible() && !window.isMinimized();

/** Keeps where the window is, for the next start. */
export function rememberPlace(
  window: BrowserWindow,
  settings: SettingsStore,
  log: (text: string) => void,
): void {
  let timer: NodeJS.Timeout | undefined;
  const remember = (): void => {
    clearTimeout(timer);
    if (window.isDestroyed() || window.isMinimized()) return;
    const place = { ...window.getNormalBounds(), isMaximized: window.isMaximized() };
    settings
      .update({ window: place })
      .catch((error: unknown) => log(`the window's place was not saved: ${String(error)}`));
  };
  const rememberSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(remember, REMEMBER_AFTER_MS);
  };
  window.on('resize', rememberSoon);
  window.on('move', rememberSoon);
  window.on('close', remember);
}

function reloadWhenPageDies(window: BrowserWindow, log: (text: string) => void): void {
  let reloads: number[] = [];
  window.webContents.on('render-process-gone', (_event, details) => {
    log(`the page's process is gone: ${details.reason}`);
    if (details.reason === 'clean-exit' || window.isDestroyed()) return;
    reloads = reloads.filter((time) => Date.now() - time < 60_000);
    if (reloads.length >= MAX_RELOADS_PER_MINUTE) return;
    reloads.push(Date.now());
    window.webContents.reload();
  });
}
