/**
 * Puts a built graph where ONNX Runtime can open it: external data must lie in the graph's own folder and must not be a symbolic link,
 * so the checkpoint is hard-linked beside the graph; nothing is copied (graphs.md, "Rules").
 */
import { createHash, randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../../shared/errors';
import { LINK_ENDING, type BuiltGraph } from '../graphs/graph-builder';
import { homeFolder } from '../home';
import { makeFolder } from '../make-folder';

/** Graphs and hard links lie here, one folder per graph. */
const storeFolder = (): string => join(homeFolder(), 'graphs');

/**
 * Writes a graph, or finds the same one from before, and answers its path. The folder's name comes from the graph's bytes, which hold
 * architecture, provider and dtypes, and from the identity of every checkpoint file.
 * @param label what the graph belongs to, for the folder's name and messages
 */
export async function placeGraph(built: BuiltGraph, component: string, label: string): Promise<string> {
  const hash = createHash('sha256').update(built.bytes);
  for (const { path } of built.files) {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    hash.update(`${path};${dev};${ino};${size};${mtimeNs}\n`);
  }
  const key = hash.digest('hex').slice(0, 16);
  const folder = join(storeFolder(), `${plainName(label)}-${key}`);
  try {
    await makeFolder(folder);
    for (const file of built.files) await linkOnce(file.path, join(folder, file.name));
    return await writeOnce(join(folder, `${component}.onnx`), built.bytes);
  } catch (cause) {
    if (isDiskFull(cause)) throw cause;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    return placeBeside(built, component, key, cause);
  } finally {
    await forgetDeleted(folder);
  }
}

/** Another volume, or a file system without hard links: the graph goes beside the checkpoint, and files from other folders get a link there. */
async function placeBeside(
  built: BuiltGraph,
  component: string,
  key: string,
  cause: unknown,
): Promise<string> {
  const first = built.files[0]?.path ?? '';
  const folder = dirname(first);
  try {
    for (const { path, name } of built.files) {
      if (path !== join(folder, name)) await linkAgain(path, join(folder, name));
    }
    return await writeOnce(
      join(folder, `${basename(first)}.${component}.${key.slice(0, 8)}.underpaint.onnx`),
      built.bytes,
    );
  } catch (error) {
    if (isDiskFull(error)) throw error;
    throw new AppError(
      'model',
      `${basename(first)} cannot be opened in place, because ${storeFolder()} is on another disk and its own folder ${folder} cannot hold the graph and all of its weights; make that folder writable, put the model's files and LoRAs together into it, or move them to the disk of ${homeFolder()}.`,
      { cause: new AggregateError([cause, error]) },
    );
  } finally {
    for (const name of await readdir(folder)) {
      if (name.endsWith(LINK_ENDING)) await removeIfLast(join(folder, name));
    }
  }
}

/** A second name for the same bytes; another checkpoint's link cannot be there, since the folder's name holds this one's identity. */
async function linkOnce(file: string, path: string): Promise<void> {
  try {
    await link(file, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** As `linkOnce`, where the name says the file's path alone: a link to the file that was there before goes. */
async function linkAgain(file: string, path: string): Promise<void> {
  const [present, wanted] = [await stat(path).catch(() => null), await stat(file)];
  if (present?.ino === wanted.ino && present.dev === wanted.dev) return;
  await rm(path, { force: true });
  await link(file, path);
}

/** Removes a link whose file was deleted; true when it did. */
async function removeIfLast(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => null);
  if (info?.isFile() !== true || info.nlink !== 1) return false;
  await rm(path, { force: true });
  return true;
}

async function writeOnce(path: string, bytes: Buffer): Promise<string> {
  const present = await readFile(path).catch(() => null);
  if (present?.equals(bytes) === true) return path;
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return path;
}

/** A link that is the last name of its file keeps a deleted checkpoint on the disk: such folders go. */
async function forgetDeleted(current: string): Promise<void> {
  const folders = await readdir(storeFolder()).catch(() => []);
  for (const name of folders) {
    const folder = join(storeFolder(), name);
    if (folder === current) continue;
    const files = await readdir(folder).catch(() => []);
    for (const file of files) {
      if (file.endsWith('.onnx') || file.endsWith('.tmp')) continue;
      if (await removeIfLast(join(folder, file))) {
        await rm(folder, { recursive: true, force: true }).catch(() => undefined);
      }
    }
  }
}

const plainName = (label: string): string => label.replace(/[^\w.-]+/g, '_').slice(0, 40);
const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;
const isDiskFull = (error: unknown): boolean => codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
