/** The weights of one part of a diffusers folder: one file, a variant of it, or several shards with an index. */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import { readSafetensorsHeader, type SafetensorsHeader } from './safetensors-file';
import type { Weight, WeightSource } from './weights';

/** Names that diffusers and transformers give their files, the most exact first. */
const STEMS = ['diffusion_pytorch_model', 'model'] as const;
const VARIANTS = ['', '.fp16', '.bf16', '.non_ema'] as const;

const INDEX_LIMIT_BYTES = 50_000_000;
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

export interface CheckpointWeights extends WeightSource {
  readonly headers: readonly SafetensorsHeader[];
}

/** True when a folder's file list holds safetensors weights. */
export const holdsSafetensors = (files: readonly string[]): boolean =>
  files.some((file) => file.endsWith('.safetensors') || isIndex(file));

/** Finds and reads the headers of a component's weights; throws `AppError('model')`. */
export async function openComponentWeights(folder: string): Promise<CheckpointWeights> {
  const files = await readdir(folder);
  const label = basename(folder);
  for (const variant of VARIANTS) {
    for (const stem of STEMS) {
      const single = `${stem}${variant}.safetensors`;
      if (files.includes(single))
        return fromHeaders(label, [await readSafetensorsHeader(join(folder, single))]);
      // diffusers puts the variant at the end, transformers before ".safetensors".
      const indexes = [
        `${stem}.safetensors.index${variant}.json`,
        `${stem}${variant}.safetensors.index.json`,
      ];
      const index = indexes.find((name) => files.includes(name));
      if (index !== undefined) return openShards(folder, index);
    }
  }
  const [only, ...more] = files.filter((file) => file.endsWith('.safetensors'));
  if (only !== undefined && more.length === 0) {
    return fromHeaders(label, [await readSafetensorsHeader(join(folder, only))]);
  }
  throw new AppError(
    'model',
    `${label} has no weights with a name that is known here (such as ${STEMS[0]}.safetensors); download the whole model folder again.`,
  );
}

const isIndex = (file: string): boolean => /\.safetensors\.index(\.\w+)?\.json$/.test(file);

async function openShards(folder: string, index: string): Promise<CheckpointWeights> {
  const label = basename(folder);
  const map = await readIndex(join(folder, index));
  const headers = new Map<string, SafetensorsHeader>();
  for (const shard of new Set(Object.values(map))) {
    if (basename(shard) !== shard || !existsSync(join(folder, shard))) {
      throw new AppError(
        'model',
        `The part ${basename(shard)} of ${label} is missing; download the whole model folder again.`,
      );
    }
    headers.set(shard, await readSafetensorsHeader(join(folder, shard)));
  }
  for (const [tensor, shard] of Object.entries(map)) {
    const header = headers.get(shard);
    if (header?.weights.has(tensor) !== true && header?.others.has(tensor) !== true) {
      throw new AppError(
        'model',
        `${shard} does not hold "${tensor.slice(0, 100)}", which ${index} promises; download the whole model folder again.`,
      );
    }
  }
  return fromHeaders(label, [...headers.values()]);
}

async function readIndex(path: string): Promise<Record<string, string>> {
  try {
    if ((await stat(path)).size > INDEX_LIMIT_BYTES) throw new Error('too large');
    return indexSchema.parse(JSON.parse(await readFile(path, 'utf8'))).weight_map;
  } catch (cause) {
    throw new AppError('model', `${basename(path)} is not a list of weights; download the model again.`, {
      cause,
    });
  }
}

/** Weights by their names in the files. */
export function fromHeaders(label: string, headers: readonly SafetensorsHeader[]): CheckpointWeights {
  const all = new Map<string, Weight>(headers.flatMap((header) => [...header.weights]));
  return { label, headers, find: (name) => all.get(name) };
}
