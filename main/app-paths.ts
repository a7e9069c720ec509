/** Where everything lies: the person's files, the engine, the starter model. Pure, so that every platform can be checked anywhere. */
import path from 'node:path';

/** What the answer depends on; the shell fills it from Electron. */
export interface PathSources {
  env: Readonly<Record<string, string | undefined>>;
  /** Electron's `appData` folder: Roaming, Application Support or ~/.config. */
  appDataFolder: string;
  isPackaged: boolean;
  /** The folder or asar file that holds our package.json. */
  appPath: string;
  /** `process.resourcesPath`. */
  resourcesPath: string;
  platform: NodeJS.Platform;
  fileExists: (filePath: string) => boolean;
}

export interface AppPaths {
  /** Root of everything that belongs to the person. */
  home: string;
  settingsFile: string;
  /** Tokens of endpoints, encrypted by the system's key store. */
  tokensFile: string;
  sourcesFolder: string;
  jobsFolder: string;
  resultsFolder: string;
  thumbnailsFolder: string;
  /** Copies of results that were dragged or copied out. */
  exportsFolder: string;
  /** Styles and the history of prompts. */
  promptsFile: string;
  /** Pictures of live mode, gone with the next start. */
  liveFolder: string;
  /** Chromium's own data (caches, local storage). */
  shellFolder: string;
  starterFolder: string;
  rendererFolder: string;
  preloadFile: string;
  engineFile: string;
  /** Null in development: there the engine runs on the developer's own Node. */
  bundledNodeFile: string | null;
}

/**
 * Resolves every folder and file once, at start. In development `UNDERPAINT_APP_ROOT` may name the checkout,
 * because the runtime then runs a copy of the built app that has no packages and no models beside it.
 */
export function resolveAppPaths(from: PathSources): AppPaths {
  const home = path.resolve(from.env['UNDERPAINT_HOME'] || path.join(from.appDataFolder, 'Underpaint'));
  const root = from.isPackaged ? from.appPath : from.env['UNDERPAINT_APP_ROOT'] || from.appPath;
  const nodeName = from.platform === 'win32' ? 'node.exe' : 'node';
  return {
    home,
    settingsFile: path.join(home, 'settings.json'),
    tokensFile: path.join(home, 'tokens.json'),
    sourcesFolder: path.join(home, 'sources'),
    jobsFolder: path.join(home, 'jobs'),
    resultsFolder: path.join(home, 'results'),
    thumbnailsFolder: path.join(home, 'thumbnails'),
    exportsFolder: path.join(home, 'exports'),
    promptsFile: path.join(home, 'prompts.json'),
    liveFolder: path.join(home, 'live'),
    shellFolder: path.join(home, 'shell'),
    starterFolder: from.isPackaged
      ? path.join(from.resourcesPath, 'models', 'starter')
      : path.join(root, 'models', 'starter'),
    rendererFolder: path.join(from.appPath, 'out', 'renderer'),
    preloadFile: path.join(from.appPath, 'out', 'preload', 'preload.cjs'),
    engineFile: engineFile(root, from.fileExists),
    bundledNodeFile: from.isPackaged ? path.join(from.resourcesPath, 'engine-node', nodeName) : null,
  };
}

/** Plain Node cannot read an asar archive, so a packaged engine lies beside it, unpacked. */
function engineFile(root: string, fileExists: (filePath: string) => boolean): string {
  const inApp = path.join(root, 'out', 'main', 'engine.cjs');
  const besideAsar = inApp.replace(/\.asar(?=[\\/])/, '.asar.unpacked');
  return besideAsar !== inApp && fileExists(besideAsar) ? besideAsar : inApp;
}
