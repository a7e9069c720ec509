/** What a folder takes on the disk. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of the files directly in it. */
export async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const file of await readdir(folder)) {
    const info = await stat(join(folder, file));
    if (info.isFile()) sum += info.size;
  }
  return sum;
}
