/** Makes a folder and the folders above it, one by one. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes `path` if it is not there. Node's own recursive mkdir never ends where a file system answers ENOENT for a folder whose parent
 * exists (such as /proc), so every level is made by itself and its error is thrown as it is.
 */
export async function makeFolder(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found?.isDirectory() === true) return;
  const parent = dirname(path);
  if (found === null && parent !== path) await makeFolder(parent);
  try {
    await mkdir(path);
  } catch (error) {
    // Somebody else has made it meanwhile.
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(path)).isDirectory();
    if (!isThere) throw error;
  }
}
