/** Starts the app. Only what a window needs is loaded here; everything else comes with run.ts, once the page works on its own script. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { app, session, type BrowserWindow } from 'electron';
import { resolveAppPaths } from './app-paths';
import { deferred } from './deferred';
import { registerRequests, type Answer } from './ipc';
import { chooseLanguage } from './language';
import { applyLook } from './look';
import { registerAppScheme, serveApp, type PictureSources } from './protocol';
import { closeNetwork, hardenContents, hardenSession } from './security';
import { readStartState, type StartState } from './start-state';
import { openWindow } from './window';

/** At most so long the rest of the app waits for the page to come up. */
const PAGE_WAIT_MS = 2000;
/** A script that was handed over still takes so long, and this process's help, to get to the page. */
const ON_ITS_WAY_MS = 15;

const isDebug = process.env['UNDERPAINT_DEBUG'] === '1';

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

if (app.requestSingleInstanceLock()) {
  void app.whenReady().then(start).catch(fail);
} else {
  app.quit();
}

async function start(): Promise<void> {
  const pictures = deferred<PictureSources>();
  const answer = deferred<Answer>();
  const script = deferred<void>();
  hardenSession(session.defaultSession);
  serveApp(session.defaultSession, {
    rendererFolder: paths.rendererFolder,
    pictures: pictures.promise,
    onScript: script.resolve,
  });
  const canUseDevTools = !app.isPackaged || isDebug;
  const languageFor = (chosen: string | null): string =>
    chooseLanguage(chosen, app.getPreferredSystemLanguages());
  let window: BrowserWindow | null = null;
  const currentWindow = (): BrowserWindow | null => window;
  const open = (state: StartState): BrowserWindow => {
    const opened = openWindow({
      preloadFile: paths.preloadFile,
      state,
      language: languageFor(state.language),
      canUseDevTools,
      log,
    });
    opened.on('closed', () => {
      if (window === opened) window = null;
    });
    window = opened;
    return opened;
  };
  registerRequests(answer.promise, currentWindow, log);

  const state = readStartState(paths.settingsFile);
  applyLook(null, state);
  open(state);
  // Until then this process is asked for many small things that the window waits for; after that the page is busy with itself.
  await Promise.race([script.promise, sleep(PAGE_WAIT_MS)]);
  await sleep(ON_ITS_WAY_MS);
  const { run } = await import('./run');
  await run({
    paths,
    canUseDevTools,
    languageFor,
    currentWindow,
    open,
    onServices: (services, answering) => {
      pictures.resolve(services);
      answer.resolve(answering);
    },
    log,
  });
}

function fail(error: unknown): void {
  process.stderr.write(
    `Underpaint could not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  app.exit(1);
}
