#!/usr/bin/env node
// The `underpaint` command in a checkout: makes it ready, then hands everything to the built command line. stdout is the command's.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, root, run } from './bootstrap.mjs';
import { engineEnv } from './engine-env.mjs';

/** npm starts scripts in the root; paths on the command line are relative to where the person is. */
function callerFolder() {
  const folder = process.env.npm_lifecycle_event === 'underpaint' ? process.env.INIT_CWD : undefined;
  return folder && existsSync(folder) ? folder : process.cwd();
}

await main(async () => {
  await ensureInstalled();
  await ensureBuilt('engine');
  const args = [join(root, 'out/main/cli.cjs'), ...process.argv.slice(2)];
  return run(process.execPath, args, { cwd: callerFolder(), env: engineEnv() });
});
