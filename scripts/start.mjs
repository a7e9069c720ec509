// `npm start`: the desktop app from the sources.
import { ensureBuilt, ensureInstalled, main, run, say, ScriptError } from './bootstrap.mjs';
import { ensureElectron, prepareApp, sandboxArgs } from './electron-runtime.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt('app');
  const runtime = await ensureElectron();
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    throw new ScriptError(
      'The app needs a screen, but neither DISPLAY nor WAYLAND_DISPLAY is set: start it in a desktop session, or use the command line (npm run underpaint -- --help).',
    );
  }
  if (runtime.source === 'fallback') {
    say(`Starting with Electron ${runtime.version}, an old one that is for development only.`);
  }
  if (sandboxArgs().length > 0) {
    say(
      'Warning: Chromium can not start its sandbox for this user (root, or user namespaces are off): it is off.',
    );
  }
  const app = await prepareApp(runtime);
  const env = { ...process.env, ...app.env };
  delete env.ELECTRON_RUN_AS_NODE; // set by some editors' terminals; it would start plain Node instead of the app
  return run(app.executablePath, [...app.args, ...process.argv.slice(2)], { env });
});
