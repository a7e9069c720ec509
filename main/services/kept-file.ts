/** Reads the app's own JSON files, which a crash of the disk or another version may have left in any state. */
import { readFile, rename } from 'node:fs/promises';
import type { z } from 'zod';

/**
 * What a file holds; null when there is none. One that makes no sense is renamed to `<name>.corrupt-<time>`, so that nothing of it is
 * lost, and is null as well. Rejects when it is there and cannot be read.
 * @param what names it in the log: "the prompts"
 */
export async function readKept<T>(
  filePath: string,
  schema: z.ZodType<T>,
  what: string,
  log: (text: string) => void,
): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(filePath, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const aside = `${filePath}.corrupt-${Date.now()}`;
    log(`the file of ${what} makes no sense and is put aside as ${aside}: ${String(error)}`);
    await rename(filePath, aside);
    return null;
  }
}
