// `npm run package [-- --dir]`: packs the desktop app for this platform into dist/. With --dir: only the folder, no installer.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, root, run, say, ScriptError } from './bootstrap.mjs';
import { ensureElectron } from './electron-runtime.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt('app');
  const runtime = await ensureElectron();
  const args = process.argv.slice(2);
  if (runtime.source === 'fallback') {
    if (!args.includes('--dir')) {
      throw new ScriptError(
        `The official Electron could not be downloaded, and Electron ${runtime.version} is for development only: no installer is made with it. Connect to the internet, or add --dir to get a folder for tests.`,
      );
    }
    say(`Packing with Electron ${runtime.version}, an old one: this folder is for tests, not for people.`);
  }
  const code = await run(process.execPath, [
    'node_modules/electron-builder/cli.js',
    '--publish=never',
    `--config=${writeConfig(runtime)}`,
    ...args,
  ]);
  if (code === 0) for (const name of readdirSync(join(root, 'dist')).sort()) sayUnpackedSize(name);
  return code;
});

/** electron-builder.yml plus what depends on the runtime; a file, because the command line turns `false` into text. */
function writeConfig(runtime) {
  const config = {
    extends: './electron-builder.yml',
    electronDist: runtime.dist,
    electronVersion: runtime.version,
    // The page has an origin of its own (app://), so file:// needs no privileges. Electron has this fuse since version 29.
    ...(parseInt(runtime.version, 10) >= 29 && {
      electronFuses: { grantFileProtocolExtraPrivileges: false },
    }),
  };
  const path = join(root, '.cache/electron-builder.json');
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(path, JSON.stringify(config));
  return path;
}

function sayUnpackedSize(name) {
  const folder = join(root, 'dist', name);
  if (!/unpacked$|^mac/.test(name) || !existsSync(folder)) return;
  say(`dist/${name}: ${(sizeBytes(folder) / 1e6).toFixed(0)} MB`);
}

function sizeBytes(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + sizeBytes(join(path, name)), 0);
}
