/** Where the 8-bit variant of a model's denoiser lies: a graph, its weights, and what is known of its quality, in one folder that needs the checkpoint no more. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import { identityOf, plainName } from '../checkpoint/graph-files';
import { CPU_TARGET } from '../graphs/graph-builder';
import { homeFolder } from '../home';
import { onnxFile, type ExtensibleGraph, type GraphSource } from '../model/graph-source';
import { partOf, type ModelFolder } from '../model/model-folder-parts';
import { parseJson } from '../parse-json';

export const GRAPH_FILE = 'denoiser.onnx';
const QUALITY_FILE = 'quality.json';

/** How near the pictures come to the float32 ones of the same model. */
export const qualitySchema = z.object({
  /** Peak signal-to-noise ratio in dB over RGB, one per picture that was tried; null: identical. */
  psnr: z.array(z.number().nullable()),
  sizeBytes: z.number(),
});
export type Int8Quality = z.infer<typeof qualitySchema>;

/** The lowest of the tried pictures, in dB; infinite when all were identical. */
export const lowestPsnr = ({ psnr }: Int8Quality): number =>
  Math.min(...psnr.map((value) => value ?? Infinity));

/** The graph that the variant is made of; throws `AppError('model')` where it cannot be. */
export function denoiserOf(folder: ModelFolder): ExtensibleGraph {
  const { extensible } = partOf(folder, folder.denoiser).graph;
  if (extensible !== null) return extensible;
  throw new AppError(
    'model',
    `${folder.name} is an ONNX export, and only safetensors checkpoints have an int8 variant; use the checkpoint that it was made from.`,
  );
}

/** The folder that belongs to this version of this checkpoint; it need not exist. */
export async function int8FolderOf(folder: ModelFolder): Promise<string> {
  const key = await identityOf(denoiserOf(folder).build(CPU_TARGET));
  return join(homeFolder(), 'int8', `${plainName(folder.name)}-${key}`);
}

/** Null: not made yet. */
export async function readQuality(int8Folder: string): Promise<Int8Quality | null> {
  const text = await readFile(join(int8Folder, QUALITY_FILE), 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = qualitySchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}

export const qualityPath = (int8Folder: string): string => join(int8Folder, QUALITY_FILE);

/** The model with its denoiser in 8 bits on the CPU (graphics cards keep their own); throws `AppError('model')` when the variant was not made. */
export async function int8Variant(folder: ModelFolder): Promise<ModelFolder> {
  const int8Folder = await int8FolderOf(folder);
  if ((await readQuality(int8Folder)) === null) {
    throw new AppError(
      'model',
      `${folder.name} has no int8 variant on this machine yet; make it with "underpaint models quantize", or choose float32.`,
    );
  }
  return withDenoiserOnCpu(folder, onnxFile(join(int8Folder, GRAPH_FILE)));
}

/** Another graph for the denoiser on the CPU. */
export function withDenoiserOnCpu(folder: ModelFolder, graph: GraphSource): ModelFolder {
  const part = partOf(folder, folder.denoiser);
  const own: GraphSource = {
    ...graph,
    pathFor: (provider) => (provider === 'cpu' ? graph : part.graph).pathFor(provider),
  };
  const parts = new Map(folder.parts).set(folder.denoiser, { ...part, graph: own });
  return { ...folder, parts };
}

/** Deletes the variant; answers the bytes that became free. */
export async function forgetInt8(folder: ModelFolder): Promise<number> {
  const int8Folder = await int8FolderOf(folder);
  const quality = await readQuality(int8Folder);
  await rm(int8Folder, { recursive: true, force: true });
  return quality?.sizeBytes ?? 0;
}
