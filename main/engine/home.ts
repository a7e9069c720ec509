/** Where the engine keeps its own files: `UNDERPAINT_HOME`, else the platform's app-data folder (contract.md). */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Absolute folder; it need not exist yet. The same folder as the window's. */
export function homeFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const told = env['UNDERPAINT_HOME'];
  if (told !== undefined && told !== '') return resolve(told);
  return join(appDataFolder(env, platform), 'Underpaint');
}

function appDataFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') return env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support');
  return env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
}
