/** Tokenizer folders of the repository, and temporary ones made from them for the layouts that others publish. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** CLIP's full vocabulary, as the bundled model ships it. */
export const STARTER = join(root, 'models/starter/tokenizer');
/** A cut-down vocabulary of 1000 ids that pads with the end token (999). */
export const TINY_SD1 = join(root, 'test/golden/models/sd1/tokenizer');
/** The same, padding with "!" (0) as OpenCLIP does. */
export const TINY_SD2 = join(root, 'test/golden/models/sd2/tokenizer');
/** Ids that transformers gave for many texts, per tokenizer. */
export const TOKENS_JSON = join(root, 'test/golden/tokens.json');

/** A copy of a tokenizer folder with files replaced (text or JSON) or removed (null); deleted after the test. */
export async function folderWith(
  source: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'underpaint-tokenizer-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(source, folder, { recursive: true });
  for (const [name, content] of Object.entries(changes)) {
    const path = join(folder, name);
    if (content === null) await rm(path);
    else await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}
