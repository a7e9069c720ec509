/** Starts the app. Boot order only: paths, lock, walls, services, window; every step lives in its own file. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import process from 'node:process';
import { app, session, type BrowserWindow } from 'electron';
import type { Preferences } from '../shared/settings';
import { resolveAppPaths } from './app-paths';
import { makeDesktop, registerRequests, sendEvent } from './ipc';
import { systemKeyStore } from './key-store';
import { applyLook } from './look';
import { makeMenu } from './menu';
import { registerAppScheme, serveApp } from './protocol';
import { closeNetwork, hardenContents, hardenSession } from './security';
import { makeServices, type Services } from './services/make-services';
import { makeShellCommands } from './shell-commands';
import { makeStayAwake } from './stay-awake';
import { announceEnd, bringToFront, isShown, openWindow, watchVisibility } from './window';
import { languageFor, setWords } from './words';

const isDebug = process.env['UNDERPAINT_DEBUG'] === '1';
const canUseDevTools = !app.isPackaged || isDebug;
/** At most so long the app waits for its last words on disk when it closes. */
const CLOSE_WAIT_MS = 3000;

const log = (text: string): void => {
  if (isDebug) process.stderr.write(`${text.trimEnd()}\n`);
};

const paths = resolveAppPaths({
  env: process.env,
  appDataFolder: app.getPath('appData'),
  isPackaged: app.isPackaged,
  appPath: app.getAppPath(),
  resourcesPath: process.resourcesPath,
  platform: process.platform,
  fileExists: existsSync,
});

app.setName('Underpaint');
app.setPath('userData', paths.shellFolder);
registerAppScheme();
closeNetwork();
app.on('web-contents-created', (_event, contents) => hardenContents(contents));

let window: BrowserWindow | null = null;

if (app.requestSingleInstanceLock()) {
  void app.whenReady().then(start).catch(fail);
} else {
  app.quit();
}

async function start(): Promise<void> {
  await mkdir(paths.home, { recursive: true });
  const currentWindow = (): BrowserWindow | null => window;
  const shellCommands = makeShellCommands({
    currentWindow,
    preferences: () => services.preferences,
    resultsFolder: paths.resultsFolder,
    log,
  });
  const menu = makeMenu({
    platform: process.platform,
    canUseDevTools,
    sendCommand: (command) => sendEvent(window, 'command', command),
    runCommand: (command) => shellCommands[command](),
    changePreferences: (change) => {
      services.preferences
        .change(change)
        .catch((error: unknown) => log(`the preferences were not saved: ${String(error)}`));
    },
  });
  const applyPreferences = (preferences: Preferences, language: string): void => {
    setWords(language);
    applyLook(window, preferences);
    menu.show(preferences);
  };
  const services: Services = await makeServices({
    paths,
    env: process.env,
    platform: process.platform,
    ownExecutable: process.execPath,
    version: app.getVersion(),
    desktop: {
      ...makeDesktop(currentWindow),
      runCommand: (id) => shellCommands[id](),
      enableCommands: menu.enable,
    },
    keyStore: systemKeyStore,
    log,
    languageFor: (chosen) => languageFor(chosen, app.getPreferredSystemLanguages()),
    applyPreferences,
    isWindowVisible: () => window !== null && isShown(window),
    send: (name, payload) => sendEvent(window, name, payload),
    announceEnd: (pictures, stopped) => {
      if (window !== null) announceEnd(window, pictures, stopped);
    },
    keepAwake: makeStayAwake(),
    showProgress: (fraction) => {
      if (window !== null && !window.isDestroyed()) window.setProgressBar(fraction ?? -1);
    },
  });

  hardenSession(session.defaultSession);
  serveApp(session.defaultSession, paths.rendererFolder, services);
  // What the window's first colour depends on; menu and words follow while it opens.
  applyLook(null, services.preferences.current);

  const open = (): void => {
    const opened = openWindow({
      preloadFile: paths.preloadFile,
      settings: services.settings,
      preferences: services.preferences,
      canUseDevTools,
      log,
    });
    watchVisibility(opened, (isNowShown) => {
      if (!isNowShown) services.live.stop();
      sendEvent(opened, 'window.shown', { isShown: isNowShown });
    });
    opened.on('closed', () => {
      if (window === opened) window = null;
    });
    window = opened;
  };
  open();
  applyPreferences(services.preferences.current, services.preferences.language);
  // While the page comes up in its own process; its requests wait for it.
  const loaded = services.load();
  registerRequests(services.handlers, loaded, currentWindow, log);
  services.warmUp();

  app.on('second-instance', () => {
    if (window === null) open();
    else bringToFront(window);
  });
  app.on('activate', () => {
    if (window === null) open();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });

  let isClosed = false;
  app.on('will-quit', (event) => {
    if (isClosed) return;
    event.preventDefault();
    const enough = new Promise((done) => setTimeout(done, CLOSE_WAIT_MS));
    // Everything is on disk and every window is gone: nothing may hold the end up any more.
    void Promise.race([services.close(), enough]).finally(() => {
      isClosed = true;
      app.exit();
    });
  });
  await loaded;
}

function fail(error: unknown): void {
  process.stderr.write(
    `Underpaint could not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  app.exit(1);
}
