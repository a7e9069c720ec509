// Makes a fresh checkout ready: installs the packages when they are missing or old, builds out/ when a source has changed.
// Plain .mjs without dependencies, because it runs before they are there. Everything it says goes to stderr.
import './node-version.mjs';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

/** The repository's root folder. */
export const root = resolve(fileURLToPath(import.meta.url), '../..');

/** What each part is built from. `engine`: the plain Node programs; `app`: everything. */
const PART_SOURCES = {
  engine: [
    'main/engine',
    'main/placement',
    'main/hardware',
    'shared',
    'scripts/build-programs.mjs',
    'package.json',
  ],
  app: [
    'main',
    'shared',
    'renderer',
    'scripts/build-programs.mjs',
    'electron.vite.config.ts',
    'package.json',
  ],
};
const PART_OUTPUTS = {
  engine: ['out/main/engine.cjs', 'out/main/cli.cjs'],
  app: [
    'out/main/engine.cjs',
    'out/main/cli.cjs',
    'out/main/index.cjs',
    'out/preload/preload.cjs',
    'out/renderer/index.html',
  ],
};

/** A failure that is told in one plain sentence, without a stack trace. */
export class ScriptError extends Error {}

/** Writes one line to stderr: stdout belongs to the command that runs afterwards. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs the body of a script; a failure becomes one sentence (the stack with UNDERPAINT_DEBUG=1) and exit code 1. */
export async function main(body) {
  try {
    const code = await body();
    process.exitCode = code ?? process.exitCode ?? 0;
  } catch (error) {
    const isPlain = error instanceof ScriptError && process.env.UNDERPAINT_DEBUG !== '1';
    say(isPlain ? error.message : String(error?.stack ?? error));
    process.exitCode = 1;
  }
}

/** Runs a program to its end and answers its exit code (128 + number for a signal). SIGINT and SIGTERM reach it once. */
export function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    // Ctrl+C in a terminal goes to the whole group, so the child has had it already.
    const isShared = (signal) => signal === 'SIGINT' && (process.stdin.isTTY || process.stderr.isTTY);
    const passOn = (signal) => isShared(signal) || child.kill(signal);
    process.on('SIGINT', passOn).on('SIGTERM', passOn);
    const settle = () => process.off('SIGINT', passOn).off('SIGTERM', passOn);
    child.on('error', (error) => {
      settle();
      fail(error);
    });
    child.on('exit', (code, signal) => {
      settle();
      done(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** Runs a program quietly; answers { code, output } with stdout and stderr together. */
export function runQuiet(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const parts = [];
    child.stdout.on('data', (part) => parts.push(part));
    child.stderr.on('data', (part) => parts.push(part));
    child.on('error', fail);
    child.on('close', (code) => done({ code: code ?? 1, output: Buffer.concat(parts).toString('utf8') }));
  });
}

/** How to start npm: [command, leading arguments, spawn options]. */
export function npmCommand() {
  const npmScript = process.env.npm_execpath;
  if (npmScript && /npm-cli\.[cm]?js$/.test(npmScript)) return [process.execPath, [npmScript], {}];
  return process.platform === 'win32' ? ['npm.cmd', [], { shell: true }] : ['npm', [], {}];
}

/** Installs the packages of package-lock.json when node_modules does not hold exactly them. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  await withLock(
    join(root, '.cache/install.lock'),
    async () => {
      if (isInstalled()) return;
      say('Installing packages from the registry (once, a minute or so) ...');
      await install();
    },
    () => say('Waiting for another Underpaint command that is installing packages ...'),
  );
}

async function install() {
  const [command, lead, options] = npmCommand();
  const args = [...lead, 'ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  let result = await runQuiet(command, args, { env, ...options });
  if (result.code !== 0) result = await runQuiet(command, args, { env, ...options }); // one retry: registries hiccup
  if (result.code !== 0) {
    throw new ScriptError(
      `The packages could not be installed, because npm failed (below); check the connection to the package registry and try again.\n${result.output.trim()}`,
    );
  }
}

/** True when node_modules holds every package of package-lock.json in its version (optional ones may be absent). */
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const present = readPackages('node_modules/.package-lock.json');
  if (!wanted)
    throw new ScriptError('package-lock.json is missing or unreadable: check the repository out again.');
  if (!present) return false;
  return Object.entries(wanted).every(([path, wantedPackage]) => {
    if (path === '') return true;
    const presentPackage = present[path];
    if (!presentPackage) return wantedPackage.optional === true;
    return presentPackage.version === wantedPackage.version;
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Builds out/ when a source of `part` ('engine' or 'app') has changed since the last build. */
export async function ensureBuilt(part = 'app') {
  if (isBuilt(part)) return;
  await withLock(join(root, '.cache/build.lock'), async () => {
    if (isBuilt(part)) return;
    const before = { engine: fingerprint('engine'), app: fingerprint('app') };
    const script =
      part === 'engine'
        ? ['scripts/build-programs.mjs']
        : ['node_modules/electron-vite/bin/electron-vite.js', 'build'];
    const env = { ...process.env, NODE_ENV: 'production' };
    const result = await runQuiet(process.execPath, script, { env });
    const missing = PART_OUTPUTS[part].filter((path) => !existsSync(join(root, path)));
    if (result.code !== 0 || missing.length > 0) {
      throw new ScriptError(
        `The build failed${missing.length > 0 ? `, ${missing.join(', ')} missing` : ''}:\n${result.output.trim()}`,
      );
    }
    mkdirSync(join(root, 'out'), { recursive: true });
    for (const built of part === 'engine' ? ['engine'] : ['engine', 'app']) {
      writeFileSync(stampPath(built), before[built]);
    }
  });
}

function isBuilt(part) {
  if (!PART_OUTPUTS[part].every((path) => existsSync(join(root, path)))) return false;
  return existsSync(stampPath(part)) && readFileSync(stampPath(part), 'utf8') === fingerprint(part);
}

function stampPath(part) {
  return join(root, `out/.${part}-sources`);
}

/** A hash over path, size and time of every source file: changes when one is edited, added or removed. */
function fingerprint(part) {
  const hash = createHash('sha256');
  const add = (path) => {
    const stats = statSync(join(root, path), { throwIfNoEntry: false });
    if (!stats) return;
    if (stats.isDirectory()) for (const name of readdirSync(join(root, path)).sort()) add(`${path}/${name}`);
    else hash.update(`${path}\0${stats.size}\0${stats.mtimeMs}\n`);
  };
  for (const path of [...PART_SOURCES[part], 'package-lock.json']) add(path);
  return hash.digest('hex');
}
