/** Reads a model without opening a session: a diffusers folder with ONNX graphs or safetensors weights, or a single-file checkpoint. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AppError } from '../../../shared/errors';
import { parseSchedulerConfig } from '../schedulers/scheduler-config';
import { TEXT_ENCODERS, type Component, type TextEncoder } from './component';
import {
  findComponent,
  missingPart,
  readConfig,
  readModelText,
  type ComponentSource,
} from './component-source';
import { collect, hashFiles, type ModelFolder, type TokenizerSource } from './model-folder-parts';
import { readSingleFile } from './single-file';
import { readStarterCard } from './starter-card';

/** Reads and checks a folder or file; throws `AppError('model')` with what is missing. */
export async function readModelFolder(model: string): Promise<ModelFolder> {
  const path = resolve(model);
  const entries = await listFolder(path);
  if (entries === null) return readSingleFile(path);
  const checkpoints = entries.filter((entry) => entry.endsWith('.safetensors'));
  const [only] = checkpoints;
  if (!entries.includes('unet') && checkpoints.length === 1 && only !== undefined) {
    return readSingleFile(join(path, only));
  }
  if (!entries.includes('unet')) await explainForeignFolder(path, entries);
  if (entries.includes('text_encoder_2') || entries.includes('tokenizer_2')) {
    throw new AppError(
      'model',
      `${basename(path)} is a Stable Diffusion XL or Flux model, which this version cannot run; choose a Stable Diffusion 1 or 2 model.`,
    );
  }

  const sources = new Map<Component, ComponentSource>();
  for (const component of componentsOf(entries)) {
    sources.set(component, await findComponent(path, component));
  }
  const collected = collect(sources);
  const tokenizers: Partial<Record<TextEncoder, TokenizerSource>> = {};
  for (const encoder of TEXT_ENCODERS) {
    if (!sources.has(encoder)) continue;
    const folder = encoder.replace('text_encoder', 'tokenizer');
    if (!entries.includes(folder)) throw missingPart(path, folder);
    tokenizers[encoder] = { folder: join(path, folder) };
  }
  if (!entries.includes('scheduler')) throw missingPart(path, 'scheduler');
  const schedulerConfig = parseSchedulerConfig(
    await readModelText(join(path, 'scheduler', 'scheduler_config.json')),
  );
  const index = await readConfig(join(path, 'model_index.json'));

  const card = await readStarterCard(path);
  return {
    path,
    id: card?.id ?? basename(path),
    name: card?.name ?? basename(path),
    ...collected,
    index,
    tokenizers,
    schedulerConfig,
    revision: await hashFiles(
      [...sources.values()].flatMap(({ graph }) => graph.files),
      { configs: collected.configs, schedulerConfig, index },
    ),
    card,
  };
}

/** The parts that a folder promises by its entries; a missing second text encoder or a missing first one beside it is a kind of model. */
function componentsOf(entries: readonly string[]): Component[] {
  const named = TEXT_ENCODERS.filter((encoder) => entries.includes(encoder));
  const textEncoders: readonly TextEncoder[] = named.length > 0 ? named : ['text_encoder'];
  return [...textEncoders, entries.includes('unet') ? 'unet' : 'transformer', 'vae_encoder', 'vae_decoder'];
}

/** The names in a folder; null for a file. */
async function listFolder(path: string): Promise<string[] | null> {
  try {
    return (await stat(path)).isDirectory() ? await readdir(path) : null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new AppError(
        'model',
        `There is no model at ${path}; check the name, or leave --model out to use the bundled model.`,
        { cause: error },
      );
    }
    throw new AppError('model', `The model ${path} cannot be read; check its permissions.`, {
      cause: error,
    });
  }
}

/** Says what a folder without a `unet` is, as well as can be told. */
async function explainForeignFolder(path: string, entries: readonly string[]): Promise<never> {
  const name = basename(path);
  if (entries.includes('transformer')) {
    throw new AppError(
      'model',
      `${name} is a transformer model such as Flux, which this version cannot run; choose a Stable Diffusion 1 or 2 model.`,
    );
  }
  const [checkpoint] = entries.filter((entry) => entry.endsWith('.safetensors'));
  if (checkpoint !== undefined) {
    throw new AppError(
      'model',
      `${name} is a folder of several single-file checkpoints; choose one of them, such as ${join(path, checkpoint)}.`,
    );
  }
  throw missingPart(path, 'unet');
}
