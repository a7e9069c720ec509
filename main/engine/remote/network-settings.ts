/** Reads `network.json` of the app's folder: endpoints, what is allowed, the offline switch. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors';
import { networkSettingsSchema, type NetworkSettings } from '../../../shared/network';
import { homeFolder } from '../home';
import { writeAtomically } from '../image/write';
import { makeFolder } from '../make-folder';

export const networkSettingsPath = (): string => join(homeFolder(), 'network.json');

/** The settings; defaults when there is no file. A file that is not valid is an error, never ignored: it may say "offline". */
export async function readNetworkSettings(path = networkSettingsPath()): Promise<NetworkSettings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return networkSettingsSchema.parse({});
    throw unreadable(path, 'it cannot be opened', error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, 'it is not JSON', error);
  }
  const parsed = networkSettingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(
    path,
    `"${issue?.path.join('.') ?? '?'}" is not usable: ${issue?.message ?? '?'}`,
    parsed.error,
  );
}

/** Replaces the file, whole or not at all. */
export async function writeNetworkSettings(
  settings: NetworkSettings,
  path = networkSettingsPath(),
): Promise<void> {
  await makeFolder(homeFolder());
  await writeAtomically(path, Buffer.from(`${JSON.stringify(settings, null, 2)}\n`));
}

const unreadable = (path: string, why: string, cause: unknown): AppError =>
  new AppError(
    'usage',
    `The settings in ${path} cannot be used, because ${why}; correct or delete the file.`,
    { cause },
  );
