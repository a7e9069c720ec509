/** What the app is besides its window: the services, the menu, and what happens when windows close. */
import { mkdir } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { app, type BrowserWindow } from 'electron';
import type { RequestName } from '../shared/contract';
import { toErrorBody } from '../shared/errors';
import { fail } from '../shared/result';
import type { Preferences } from '../shared/settings';
import { announceEnd } from './announce-end';
import type { AppPaths } from './app-paths';
import { deferred } from './deferred';
import { makeDesktop, sendEvent } from './desktop';
import type { Answer, CurrentWindow } from './ipc';
import { systemKeyStore } from './key-store';
import { applyLook } from './look';
import { makeMenu } from './menu';
import type { PictureSources } from './protocol';
import { makeServices, type Services } from './services/make-services';
import { answerRequest } from './services/request-door';
import { makeShellCommands } from './shell-commands';
import { startStateOf, type StartState } from './start-state';
import { makeStayAwake } from './stay-awake';
import { bringToFront, holdForLastWords, isShown, rememberPlace, watchVisibility } from './window';
import { setWords } from './words';

/** At most so long the app waits for its last words on disk when it closes. */
const CLOSE_WAIT_MS = 3000;
/** At most so long the menu waits until the page has its form. */
const FORM_WAIT_MS = 1000;

/** What the page asks while it comes up; all of it can be answered before the results are opened. */
const WITHOUT_RESULTS: ReadonlySet<RequestName> = new Set<RequestName>([
  'app.state',
  'painting.read',
  'command.enable',
  'draft.save',
  'painting.save',
  'window.close',
]);

export interface RunOptions {
  paths: AppPaths;
  canUseDevTools: boolean;
  /** The language, two letters, for a choice; null: the system's. */
  languageFor: (chosen: string | null) => string;
  /** The first one is open already, its page on its way. */
  currentWindow: CurrentWindow;
  /** Opens another one, when that has been closed. */
  open: (state: StartState) => BrowserWindow;
  /** Takes where pictures come from, and who answers the page. */
  onServices: (pictures: PictureSources, answer: Answer) => void;
  log: (text: string) => void;
}

/** Runs the app until it quits; answers when it is up. */
export async function run(options: RunOptions): Promise<void> {
  const { paths, currentWindow, log } = options;
  const shellCommands = makeShellCommands({
    currentWindow,
    preferences: () => services.preferences,
    resultsFolder: paths.resultsFolder,
    log,
  });
  const menu = makeMenu({
    platform: process.platform,
    canUseDevTools: options.canUseDevTools,
    sendCommand: (command) => sendEvent(currentWindow(), 'command', command),
    runCommand: (command) => shellCommands[command](),
    changePreferences: (change) => {
      services.preferences
        .change(change)
        .catch((error: unknown) => log(`the preferences were not saved: ${String(error)}`));
    },
  });
  const applyPreferences = (preferences: Preferences, language: string): void => {
    setWords(language);
    applyLook(currentWindow(), preferences);
    menu.show(preferences);
  };
  const services: Services = makeServices({
    paths,
    env: process.env,
    platform: process.platform,
    ownExecutable: process.execPath,
    version: app.getVersion(),
    desktop: {
      ...makeDesktop(currentWindow),
      runCommand: (id) => shellCommands[id](),
      enableCommands: menu.enable,
      letWindowGo: () => letGo(),
    },
    keyStore: systemKeyStore,
    log,
    languageFor: options.languageFor,
    applyPreferences,
    isWindowVisible: () => {
      const window = currentWindow();
      return window !== null && isShown(window);
    },
    send: (name, payload) => sendEvent(currentWindow(), name, payload),
    announceEnd: (pictures, stopped) => {
      const window = currentWindow();
      if (window !== null) announceEnd(window, pictures, stopped);
    },
    keepAwake: makeStayAwake(),
    showProgress: (fraction) => {
      const window = currentWindow();
      if (window !== null && !window.isDestroyed()) window.setProgressBar(fraction ?? -1);
    },
  });
  let letGo = (): void => undefined;
  let isQuitting = false;
  const accompany = (opened: BrowserWindow): void => {
    letGo = holdForLastWords(opened, () => sendEvent(opened, 'window.closing', {}));
    // A window that is held stops the whole app from quitting.
    opened.on('closed', () => isQuitting && app.quit());
    rememberPlace(opened, services.settings, log);
    // Chromium has a memory of its own for the zoom; what counts is the person's choice.
    opened.webContents.on('did-finish-load', () => applyLook(opened, services.preferences.current));
    watchVisibility(opened, (isNowShown) => {
      if (!isNowShown) services.live.stop();
      sendEvent(opened, 'window.shown', { isShown: isNowShown });
    });
  };
  const show = (): void => {
    const window = currentWindow();
    if (window === null) accompany(options.open(startStateOf(services.settings.current)));
    else bringToFront(window);
  };
  app.on('before-quit', () => (isQuitting = true));
  app.on('second-instance', show);
  app.on('activate', () => {
    if (currentWindow() === null) show();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  let isClosed = false;
  app.on('will-quit', (event) => {
    if (isClosed) return;
    event.preventDefault();
    const enough = sleep(CLOSE_WAIT_MS);
    // Everything is on disk and every window is gone: nothing may hold the end up any more.
    void Promise.race([services.close(), enough]).finally(() => {
      isClosed = true;
      app.exit();
    });
  });

  await mkdir(paths.home, { recursive: true });
  await services.settings.load();
  // Not before: what a window remembers is written over what has been read.
  const first = currentWindow();
  if (first !== null) accompany(first);
  services.warmUp();
  await services.load();
  // The form first, then the menu; results are opened when the page asks for the first thing that needs them.
  const formIsTold = deferred<void>();
  let results: Promise<void> | null = null;
  const openResults = async (): Promise<void> => {
    results ??= services.loadResults();
    await results.catch((error: unknown) => {
      results = null; // what is in the way may be gone the next time
      throw error;
    });
  };
  options.onServices(services, async (name, payload) => {
    try {
      if (!WITHOUT_RESULTS.has(name)) await openResults();
    } catch (error) {
      log(`the results could not be opened: ${String(error)}`);
      return fail(toErrorBody(error));
    }
    const answer = await answerRequest(services.handlers, name, payload, log);
    if (name === 'app.state') setImmediate(formIsTold.resolve);
    return answer;
  });
  await Promise.race([formIsTold.promise, sleep(FORM_WAIT_MS)]);
  applyPreferences(services.preferences.current, services.preferences.language);
}
