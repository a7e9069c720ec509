/** Removes what a killed app left half done: temporary files and folders beside what they were to become. */
import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** Names that only our own atomic writes and imports have. */
const TEMPORARY = /^\..+\.tmp$|^\.import-[0-9a-f]{16}$|\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** The folders in which something is written through a temporary one, with how deep their content lies. */
export interface SweptFolders {
  home: string;
  sourcesFolder: string;
  jobsFolder: string;
  resultsFolder: string;
  thumbnailsFolder: string;
}

/** Looks through the app's own folders and removes what was begun before `before` (milliseconds since 1970); answers how many. */
export async function sweepTemporaries(
  { home, sourcesFolder, jobsFolder, resultsFolder, thumbnailsFolder }: SweptFolders,
  before: number,
  log: (text: string) => void,
): Promise<number> {
  const places: [folder: string, depth: number][] = [
    [home, 0],
    [sourcesFolder, 1],
    // A job's folder, and its journal.
    [jobsFolder, 2],
    [resultsFolder, 1],
    [thumbnailsFolder, 0],
    [path.join(home, 'graphs'), 1],
  ];
  let count = 0;
  for (const [folder, depth] of places) count += await sweep(folder, depth, before, log);
  return count;
}

async function sweep(
  folder: string,
  depth: number,
  before: number,
  log: (text: string) => void,
): Promise<number> {
  let count = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const entryPath = path.join(folder, entry.name);
    if (TEMPORARY.test(entry.name)) {
      try {
        if ((await lstat(entryPath)).mtimeMs >= before) continue;
        await rm(entryPath, { recursive: true, force: true });
        count += 1;
      } catch (error) {
        log(`${entry.name} could not be removed: ${String(error)}`);
      }
    } else if (depth > 0 && entry.isDirectory()) {
      count += await sweep(entryPath, depth - 1, before, log);
    }
  }
  return count;
}
