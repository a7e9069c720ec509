/** Reads a model folder in the diffusers ONNX layout (contract.md, "Model folder") without opening a session. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import { parseSchedulerConfig, type SchedulerConfig } from '../schedulers/scheduler-config';
import { readStarterCard, type StarterCard } from './starter-card';

export const COMPONENTS = ['text_encoder', 'unet', 'vae_encoder', 'vae_decoder'] as const;
export type Component = (typeof COMPONENTS)[number];

const jsonObjectSchema = z.record(z.string(), z.unknown());
export type JsonObject = Readonly<z.infer<typeof jsonObjectSchema>>;

/** What is known of a model before any of its graphs is opened. */
export interface ModelFolder {
  readonly path: string;
  readonly id: string;
  readonly name: string;
  /** Component → absolute path of its ONNX graph. */
  readonly graphs: Readonly<Record<Component, string>>;
  /** Component → its config.json; empty where a publisher left it out. */
  readonly configs: Readonly<Record<Component, JsonObject>>;
  readonly tokenizerFolder: string;
  readonly schedulerConfig: SchedulerConfig;
  /** Bytes of all files of each component, external data included. */
  readonly componentBytes: Readonly<Record<Component, number>>;
  readonly sizeBytes: number;
  readonly revision: string;
  /** Recommendations that come with the bundled starter model. */
  readonly card: StarterCard | null;
}

/** Reads and checks a folder; throws `AppError('model')` with what is missing. */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const path = resolve(folder);
  const entries = await listFolder(path);
  if (!entries.includes('unet')) await explainForeignFolder(path, entries);
  if (entries.includes('text_encoder_2') || entries.includes('tokenizer_2')) {
    throw new AppError(
      'model',
      `${basename(path)} is a Stable Diffusion XL or Flux model, which this version cannot run; choose a Stable Diffusion 1 or 2 model.`,
    );
  }

  const graphs = {} as Record<Component, string>;
  const configs = {} as Record<Component, JsonObject>;
  const componentBytes = {} as Record<Component, number>;
  for (const component of COMPONENTS) {
    graphs[component] = await findGraph(path, component);
    configs[component] = await readConfig(join(path, component, 'config.json'));
    componentBytes[component] = await folderBytes(join(path, component));
  }

  const tokenizerFolder = join(path, 'tokenizer');
  if (!entries.includes('tokenizer')) throw missing(path, 'tokenizer');
  if (!entries.includes('scheduler')) throw missing(path, 'scheduler');
  const schedulerConfig = parseSchedulerConfig(
    await readText(join(path, 'scheduler', 'scheduler_config.json')),
  );

  const card = await readStarterCard(path);
  return {
    path,
    id: card?.id ?? basename(path),
    name: card?.name ?? basename(path),
    graphs,
    configs,
    tokenizerFolder,
    schedulerConfig,
    componentBytes,
    sizeBytes: COMPONENTS.reduce((sum, component) => sum + componentBytes[component], 0),
    revision: await hashModel(Object.values(graphs), { configs, schedulerConfig }),
    card,
  };
}

async function listFolder(path: string): Promise<string[]> {
  try {
    const info = await stat(path);
    if (!info.isDirectory()) {
      throw new AppError(
        'model',
        `${basename(path)} is a file, not a model folder; this version opens folders in the diffusers ONNX layout.`,
      );
    }
    return await readdir(path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new AppError(
        'model',
        `There is no model at ${path}; check the folder's name, or leave --model out to use the bundled model.`,
        { cause: error },
      );
    }
    throw new AppError('model', `The model folder ${path} cannot be read; check its permissions.`, {
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
  if (entries.some((entry) => entry.endsWith('.safetensors'))) {
    throw new AppError(
      'model',
      `${name} holds .safetensors weights, which this version cannot open; use a folder with ONNX weights.`,
    );
  }
  throw missing(path, 'unet');
}

const missing = (path: string, part: string): AppError =>
  new AppError(
    'model',
    `The model folder ${basename(path)} has no "${part}" part; download the whole model again, or choose a folder in the diffusers ONNX layout.`,
  );

/** `model.onnx`, or the only `.onnx` file in the component's folder. */
async function findGraph(path: string, component: Component): Promise<string> {
  const folder = join(path, component);
  let files: string[];
  try {
    files = await readdir(folder);
  } catch (error) {
    if (component === 'vae_encoder') {
      throw new AppError(
        'model',
        `The model ${basename(path)} has no vae_encoder, so it can make pictures but cannot change one; use an export that includes vae_encoder.`,
        { cause: error },
      );
    }
    throw new AppError('model', missing(path, component).message, { cause: error });
  }
  const graphs = files.filter((file) => file.endsWith('.onnx'));
  const graph = graphs.includes('model.onnx') ? 'model.onnx' : graphs.length === 1 ? graphs[0] : undefined;
  if (graph === undefined) {
    const hasSafetensors = files.some((file) => file.endsWith('.safetensors'));
    throw new AppError(
      'model',
      hasSafetensors
        ? `${basename(path)}/${component} holds .safetensors weights, which this version cannot open; use a folder with ONNX weights.`
        : `The model ${basename(path)} has no ${component}/model.onnx; download the whole model folder again.`,
    );
  }
  return join(folder, graph);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new AppError(
      'model',
      `The model's ${describe(path)} is missing or cannot be read; download the model again.`,
      { cause: error },
    );
  }
}

/** A component's config.json; old publishers leave it out. */
async function readConfig(path: string): Promise<JsonObject> {
  if (!existsSync(path)) return {};
  try {
    return jsonObjectSchema.parse(JSON.parse(await readText(path)));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'model',
      `The model's ${describe(path)} does not hold settings; download the model again.`,
      { cause: error },
    );
  }
}

const describe = (path: string): string => path.split(/[\\/]/).slice(-2).join('/');

async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const file of await readdir(folder)) {
    const info = await stat(join(folder, file));
    if (info.isFile()) sum += info.size;
  }
  return sum;
}

const HASHED_BYTES = 65_536;

/** First 12 hex digits of SHA-256 over the settings, and each graph's size and its first and last 64 KiB: cheap, and different for every version. */
async function hashModel(paths: readonly string[], settings: object): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const path of paths) {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      hash.update(`${size};`);
      const head = Buffer.alloc(Math.min(HASHED_BYTES, size));
      await handle.read(head, 0, head.length, 0);
      hash.update(head);
      await handle.read(head, 0, head.length, size - head.length);
      hash.update(head);
    } finally {
      await handle.close();
    }
  }
  return hash.digest('hex').slice(0, 12);
}
