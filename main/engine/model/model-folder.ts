/** Reads a model without opening a session: a diffusers folder with ONNX graphs or safetensors weights, or a single-file checkpoint. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AppError } from '../../../shared/errors';
import { isFluxFile } from '../checkpoint/recognise-flux';
import { readSafetensorsHeader } from '../checkpoint/safetensors-file';
import { parseSchedulerConfig } from '../schedulers/scheduler-config';
import { TEXT_ENCODERS, tokenizerOf, type Component, type TextEncoder } from './component';
import {
  findComponent,
  missingPart,
  readConfig,
  readModelText,
  type ComponentSource,
  type JsonObject,
} from './component-source';
import { findDenoiser, type FoundDenoiser } from './find-denoiser';
import { collect, hashFiles, type ModelFolder, type TokenizerSource } from './model-folder-parts';
import { readSingleFile } from './single-file';
import { readStarterCard } from './starter-card';

/** Reads and checks a folder or file; throws `AppError('model')` with what is missing. */
export async function readModelFolder(model: string): Promise<ModelFolder> {
  const path = resolve(model);
  const entries = await listFolder(path);
  if (entries === null) return readSingleFile(path);
  const denoiser = await findDenoiser(path, entries);
  const checkpoint = denoiser === null ? await onlyCheckpoint(path, entries) : null;
  if (checkpoint !== null) return readSingleFile(checkpoint);
  if (denoiser === null) throw explainForeignFolder(path, entries);

  const index = await readConfig(join(path, 'model_index.json'));
  const components = componentsOf(entries, index, denoiser);
  const isXl = components.includes('unet') && components.includes('text_encoder_2');
  const sources = new Map<Component, ComponentSource>();
  for (const component of components) {
    const isText = TEXT_ENCODERS.some((encoder) => encoder === component);
    const settings = isXl && isText ? { output_hidden_states: true } : {};
    const folder = component === denoiser.component ? denoiser.folder : component;
    sources.set(component, await findComponent(path, component, { settings, folder }));
  }
  const collected = collect(sources);
  assertTextEncoders(path, collected);
  const tokenizers: Partial<Record<TextEncoder, TokenizerSource>> = {};
  for (const encoder of TEXT_ENCODERS) {
    if (!sources.has(encoder)) continue;
    const folder = tokenizerOf(encoder);
    if (!entries.includes(folder)) throw missingPart(path, folder);
    tokenizers[encoder] = { folder: join(path, folder) };
  }
  if (!entries.includes('scheduler')) throw missingPart(path, 'scheduler');
  const schedulerConfig = parseSchedulerConfig(
    await readModelText(join(path, 'scheduler', 'scheduler_config.json')),
  );

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

/**
 * The parts that a folder promises by its entries or its model_index.json. One text encoder, two, or the second alone (SDXL's refiner) are
 * kinds of models; an encoder whose tokenizer is there is promised too. Flux has both.
 */
function componentsOf(
  entries: readonly string[],
  index: JsonObject,
  { component }: FoundDenoiser,
): Component[] {
  const isPromised = (part: string): boolean => {
    const named = index[part];
    return entries.includes(part) || (Array.isArray(named) && typeof named[0] === 'string');
  };
  const named = TEXT_ENCODERS.filter((encoder) => isPromised(encoder) || isPromised(tokenizerOf(encoder)));
  const some: readonly TextEncoder[] = named.length > 0 ? named : ['text_encoder'];
  return [...(component === 'transformer' ? TEXT_ENCODERS : some), component, 'vae_encoder', 'vae_decoder'];
}

/** A UNet with SDXL's added conditioning has a second text encoder, and a first one unless the second is as wide as the UNet wants. */
function assertTextEncoders(path: string, { parts, configs }: Pick<ModelFolder, 'parts' | 'configs'>): void {
  if (configs.unet['addition_embed_type'] !== 'text_time') return;
  if (!parts.has('text_encoder_2')) throw missingPart(path, 'text_encoder_2');
  const wanted = configs.unet['cross_attention_dim'];
  if (!parts.has('text_encoder') && wanted !== configs.text_encoder_2['hidden_size']) {
    throw missingPart(path, 'text_encoder');
  }
}

/** The only checkpoint in a folder: the only file, or the only one with a Flux transformer, whose other parts lie beside it. */
async function onlyCheckpoint(path: string, entries: readonly string[]): Promise<string | null> {
  const files = entries.filter((entry) => entry.endsWith('.safetensors')).map((entry) => join(path, entry));
  const [only] = files;
  if (files.length <= 1) return only ?? null;
  const flux: string[] = [];
  for (const file of files) {
    const header = await readSafetensorsHeader(file).catch((error: unknown) => {
      if (error instanceof AppError) return null; // a broken neighbour is no reason to refuse the others
      throw error;
    });
    if (header !== null && isFluxFile(header)) flux.push(file);
  }
  return flux.length === 1 ? (flux[0] ?? null) : null;
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
function explainForeignFolder(path: string, entries: readonly string[]): AppError {
  const name = basename(path);
  const [checkpoint] = entries.filter((entry) => entry.endsWith('.safetensors'));
  if (checkpoint !== undefined) {
    return new AppError(
      'model',
      `${name} is a folder of several single-file checkpoints; choose one of them, such as ${join(path, checkpoint)}.`,
    );
  }
  if (entries.includes('transformer.opt')) {
    return new AppError(
      'model',
      `${name} was made for NVIDIA's TensorRT, and its bfloat16 and 8-bit graphs cannot be run here; use a FLUX.1 folder or file with safetensors.`,
    );
  }
  return missingPart(path, 'unet');
}
