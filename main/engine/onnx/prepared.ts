/**
 * Prepared copies: a graph as ONNX Runtime holds it on this CPU (weights in float32, convolutions in its blocked layout), written to disk with
 * consent and mapped at the next start instead of being made again (onnxruntime.md 1.4; graphs.md, "Opening"). One copy is as large as its
 * float32 weights. Packed matrices are not saved: ONNX Runtime 1.30 packs them again before it looks for saved ones.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../../shared/errors';
import { folderBytes } from '../folder-bytes';
import { sessionOptions, type OptimizationLevel } from './options';
import { ort } from './runtime';
import type { Session } from './session';
import { explainSessionError } from './session-errors';
import type { SessionOpener } from './providers';
import type { Provider } from '../../../shared/placement';

/** Smaller tensors stay inside the graph, where they are read in one go. */
const MIN_EXTERNAL_BYTES = 16 * 1024;

/** Packing depends on the runtime's version and on what the processor can do. */
function processorKey(): string {
  const told = [ort.env.versions.node, platform(), arch(), cpus()[0]?.model];
  return `cpu-${createHash('sha256').update(told.join(';')).digest('hex').slice(0, 8)}`;
}

/** Beside the graph, whose own name says which checkpoint it is of. */
const folderOf = (graph: string): string => `${graph.replace(/\.onnx$/, '')}.${processorKey()}`;
const fileIn = (folder: string, graph: string): string => join(folder, basename(graph));

/** Writes the prepared copy of a graph and answers its size; throws `AppError('model' | 'out-of-memory')`, and nothing half-written stays. */
export async function prepareGraph(graph: string): Promise<number> {
  const folder = folderOf(graph);
  const temporary = `${folder}.${randomUUID()}.tmp`;
  try {
    await mkdir(temporary);
    await writeOptimised(graph, fileIn(temporary, graph));
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return folderBytes(folder);
}

async function writeOptimised(graph: string, path: string): Promise<void> {
  const { extra, ...options } = sessionOptions('cpu', 'all');
  try {
    const session = await ort.InferenceSession.create(graph, {
      ...options,
      optimizedModelFilePath: path,
      extra: {
        session: {
          ...(extra?.['session'] as object),
          optimized_model_external_initializers_file_name: `${basename(path)}_data`,
          optimized_model_external_initializers_min_size_in_bytes: String(MIN_EXTERNAL_BYTES),
        },
      },
    });
    await session.release();
  } catch (error) {
    throw explainSessionError(error, graph, 'cpu');
  }
}

/** Bytes of a graph's prepared copy for this processor; null without one. */
export async function preparedBytes(graph: string): Promise<number | null> {
  const folder = folderOf(graph);
  return (await exists(fileIn(folder, graph))) ? folderBytes(folder) : null;
}

/** Deletes a graph's prepared copies, those for other processors and versions too; answers the bytes that became free. */
export async function forgetPrepared(graph: string): Promise<number> {
  const start = `${basename(graph).replace(/\.onnx$/, '')}.cpu-`;
  let bytes = 0;
  for (const name of await readdir(dirname(graph))) {
    if (!name.startsWith(start)) continue;
    const folder = join(dirname(graph), name);
    bytes += await folderBytes(folder);
    await rm(folder, { recursive: true, force: true });
  }
  return bytes;
}

/** Opens a graph, by its prepared copy where there is one; a copy that does not open is deleted and the graph itself is opened. */
export async function openByPrepared(
  graph: string,
  how: { readonly provider: Provider; readonly optimization: OptimizationLevel },
  open: SessionOpener,
): Promise<Session> {
  const copy = fileIn(folderOf(graph), graph);
  if (how.provider === 'cpu' && how.optimization === 'all' && (await exists(copy))) {
    try {
      return await open(copy, how);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'model') throw error;
      await forgetPrepared(graph);
    }
  }
  return open(graph, how);
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => null)) !== null;
