/** The planner's history on disk: `placement-history.json` of the app's folder, replaced as a whole. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  historySchema,
  NO_HISTORY,
  remember,
  type History,
  type HistoryEntry,
} from '../../placement/history';
import { homeFolder } from '../home';
import { writeAtomically } from '../image/write';
import { makeFolder } from '../make-folder';
import { parseJson } from '../parse-json';

export const historyPath = (): string => join(homeFolder(), 'placement-history.json');

/** What earlier jobs have shown; nothing when there is no file, or none that can be read: it is only experience. */
export async function readHistory(path = historyPath()): Promise<History> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return historySchema.safeParse(parseJson(text)).data ?? NO_HISTORY;
}

/** One process writes one entry after the other. */
let lastWrite: Promise<unknown> = Promise.resolve();

/** Adds an entry to what is on disk now, and replaces the file atomically. */
export function addToHistory(entry: HistoryEntry, path = historyPath()): Promise<void> {
  const write = lastWrite.then(async () => {
    await makeFolder(join(path, '..'));
    const history = remember(await readHistory(path), entry);
    await writeAtomically(path, Buffer.from(JSON.stringify(history)), { isDurable: false });
  });
  lastWrite = write.catch(() => undefined);
  return write;
}
