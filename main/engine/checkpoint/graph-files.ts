/**
 * Puts a built graph where ONNX Runtime can open it: external data must lie in the graph's own folder and must not be a symbolic link,
 * so the checkpoint is hard-linked beside the graph (graphs.md, "Rules"). Where links cannot be made, as for the bundled model of an app
 * that lies on another or a read-only disk, a small checkpoint is copied; for a large one the graph goes beside the checkpoint.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../../shared/errors';
import { LINK_ENDING, type BuiltGraph } from '../graphs/graph-builder';
import { homeFolder } from '../home';
import { makeFolder } from '../make-folder';
import { partPath } from '../onnx/parts';

/** Graphs and hard links lie here, one folder per graph. */
const storeFolder = (): string => join(homeFolder(), 'graphs');

/** A component's weights up to this size may be copied. */
const COPY_LIMIT_BYTES = 256 * 2 ** 20;

/** Folders of copies begin with this: no link in them tells whether their checkpoint is still there. */
const COPY = 'copy-';

/** Graphs with this many parameters lie there in parts too (`openByParts`): half a gigabyte in float32. */
const PARTS_FROM_PARAMETERS = 2 ** 27;

/** What tests replace: how a second name for a file is made, up to which size in bytes weights are copied instead, and which graphs get parts. */
export interface PlaceOptions {
  readonly link?: (file: string, path: string) => Promise<void>;
  readonly copyLimitBytes?: number;
  readonly partsFromParameters?: number;
}

/**
 * Writes a graph, or finds the same one from before, and answers its path. The folder's name comes from the graph's bytes, which hold
 * architecture, provider and dtypes, and from the identity of every checkpoint file.
 * @param label what the graph belongs to, for the folder's name and messages
 */
export async function placeGraph(
  whole: BuiltGraph,
  component: string,
  label: string,
  options: PlaceOptions = {},
): Promise<string> {
  const {
    link: linkFile = link,
    copyLimitBytes = COPY_LIMIT_BYTES,
    partsFromParameters = PARTS_FROM_PARAMETERS,
  } = options;
  const built = whole.parameters < partsFromParameters ? { ...whole, parts: [] } : whole;
  const key = await identityOf(built);
  const folder = join(storeFolder(), `${plainName(label)}-${key}`);
  try {
    await makeFolder(folder);
    for (const { path, name } of built.files) await linkOnce(linkFile, path, join(folder, name));
    return await writeGraph(join(folder, `${component}.onnx`), built);
  } catch (cause) {
    if (isDiskFull(cause)) throw cause;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    return (
      (await placeCopy(built, component, label, copyLimitBytes)) ??
      (await placeBeside(built, component, key, cause))
    );
  } finally {
    await forgetDeleted(folder);
  }
}

/** Hex digits over a graph's bytes and the identity of every file behind it: a changed file is another graph. */
export async function identityOf(built: BuiltGraph): Promise<string> {
  const hash = createHash('sha256').update(built.bytes);
  for (const { path } of built.files) {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    hash.update(`${path};${dev};${ino};${size};${mtimeNs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * The graph beside a copy of a small checkpoint; null when the checkpoint is larger than the limit or the app's folder cannot be written.
 * The folder's name comes from the contents, since a disk image that is mounted anew has other paths and numbers at every start. A copy
 * for the same label and component with other contents, as after an update of the app, is removed.
 */
async function placeCopy(
  built: BuiltGraph,
  component: string,
  label: string,
  limitBytes: number,
): Promise<string | null> {
  const hash = createHash('sha256').update(built.bytes);
  let bytes = 0;
  for (const { path } of built.files) bytes += (await stat(path)).size;
  if (bytes > limitBytes) return null;
  for (const { path } of built.files) {
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
  }
  const prefix = `${COPY}${plainName(label)}-${component}-`;
  const name = `${prefix}${hash.digest('hex').slice(0, 16)}`;
  const folder = join(storeFolder(), name);
  try {
    await makeFolder(folder);
  } catch {
    return null; // the caller goes on with the graph beside the checkpoint, and says so if that fails too
  }
  for (const { path, name: own } of built.files) await copyOnce(path, join(folder, own));
  for (const other of await readdir(storeFolder())) {
    if (other.startsWith(prefix) && other !== name) {
      await rm(join(storeFolder(), other), { recursive: true, force: true }).catch(() => undefined);
    }
  }
  return writeGraph(join(folder, `${component}.onnx`), built);
}

/** A large checkpoint on another volume, or on a file system without hard links: the graph goes beside it, and files from other folders get a link there. */
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
    return await writeGraph(
      join(folder, `${basename(first)}.${component}.${key.slice(0, 8)}.underpaint.onnx`),
      built,
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
async function linkOnce(
  linkFile: (file: string, path: string) => Promise<void>,
  file: string,
  path: string,
): Promise<void> {
  try {
    await linkFile(file, path);
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

/** A whole copy under its own name, or none. */
async function copyOnce(file: string, path: string): Promise<void> {
  const present = await stat(path).catch(() => null);
  if (present?.size === (await stat(file)).size) return;
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await copyFile(file, temporary);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The graph, after its parts; the first part last, since it stands for all of them. */
async function writeGraph(path: string, { bytes, parts }: BuiltGraph): Promise<string> {
  for (const [i, part] of [...parts.entries()].toReversed()) await writeOnce(partPath(path, i + 1), part);
  return writeOnce(path, bytes);
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
    if (folder === current || name.startsWith(COPY)) continue;
    const files = await readdir(folder).catch(() => []);
    for (const file of files) {
      if (file.endsWith('.onnx') || file.endsWith('.tmp')) continue;
      if (await removeIfLast(join(folder, file))) {
        await rm(folder, { recursive: true, force: true }).catch(() => undefined);
      }
    }
  }
}

export const plainName = (label: string): string => label.replace(/[^\w.-]+/g, '_').slice(0, 40);
const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;
const isDiskFull = (error: unknown): boolean => codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
