// `npm run screenshots [-- <state>...]`: photographs every state of the window, dark and light, small and large, into screenshots/, with
// an index.html to look through them. A real window with the real engine; with names of states, only those.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { ensureBuilt, ensureInstalled, main, root, say } from './bootstrap.mjs';
import { ensureSystemPackages } from './test-setup.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureSystemPackages();
  await ensureBuilt('app');
  const wanted = process.argv.slice(2);
  const folder = join(root, 'screenshots');
  if (wanted.length === 0) rmSync(folder, { recursive: true, force: true });
  const { module } = await runnerImport(join(root, 'test/screenshots/take.ts'));
  const count = await module.takeScreenshots({ folder, wanted, say });
  say(`${count} pictures in screenshots/; open screenshots/index.html to look through them.`);
});
