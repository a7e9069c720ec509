// `npm run demo`: the main job on the bundled sketch with the bundled starter model, offline; writes demo-out/.
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, root, run } from './bootstrap.mjs';
import { engineEnv } from './engine-env.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt('engine');
  const args = [join(root, 'out/main/cli.cjs'), 'demo', '-o', 'demo-out', ...process.argv.slice(2)];
  return run(process.execPath, args, { env: engineEnv() });
});
