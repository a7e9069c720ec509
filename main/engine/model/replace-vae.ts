/** Another autoencoder in place of a model's own (`--vae`): an AutoencoderKL or a tiny one, as a folder or as a file. */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../../../shared/errors';
import { recogniseTaesd, recogniseVae, taesdSide } from '../checkpoint/recognise-vae';
import { readSafetensorsHeader } from '../checkpoint/safetensors-file';
import { AUTOENCODER_SIDES, type AutoencoderSide } from '../checkpoint/taesd-keys';
import type { Weight, WeightSource } from '../checkpoint/weights';
import type { Component } from './component';
import {
  describeWeights,
  findComponent,
  openCheckpoint,
  readConfig,
  type ComponentSource,
  type JsonObject,
} from './component-source';
import { builtGraph } from './graph-source';
import { collect, hashFiles, type ModelFolder } from './model-folder-parts';

type Sides = Readonly<Record<AutoencoderSide, ComponentSource>>;

const COMPONENT_OF = { encoder: 'vae_encoder', decoder: 'vae_decoder' } as const satisfies Record<
  AutoencoderSide,
  Component
>;

/**
 * The model with the autoencoder at `path`: a diffusers folder (the autoencoder's own, or a whole model's), an exported one, a folder with the two
 * files of a TAESD, or a file. Throws `AppError('model')` for what is none, or has other latents than the model.
 * @param latentChannels of the model's family
 */
export async function replaceVae(
  folder: ModelFolder,
  path: string,
  latentChannels: number,
): Promise<ModelFolder> {
  const vae = resolve(path);
  const sides = await readVae(vae);
  for (const side of AUTOENCODER_SIDES) {
    const channels = sides[side].config['latent_channels'];
    if (typeof channels !== 'number' || channels === latentChannels) continue;
    throw new AppError(
      'model',
      `${basename(vae)} works on latents of ${channels} channels but ${folder.name} on ${latentChannels}; choose an autoencoder that was made for this kind of model.`,
    );
  }
  const sources = new Map(folder.parts);
  for (const side of AUTOENCODER_SIDES) sources.set(COMPONENT_OF[side], sides[side]);
  const files = AUTOENCODER_SIDES.flatMap((side) => sides[side].graph.files);
  const hash = await hashFiles(files, { configs: AUTOENCODER_SIDES.map((side) => sides[side].config) });
  return {
    ...folder,
    ...collect(sources),
    revision: createHash('sha256').update(`${folder.revision} ${hash}`).digest('hex').slice(0, 12),
    vae: basename(vae),
  };
}

async function readVae(path: string): Promise<Sides> {
  const entries = await listFolder(path);
  if (entries === null) return readFile(path);
  const inModel = entries.includes('vae') || entries.includes('vae_encoder');
  const find = (side: AutoencoderSide): Promise<ComponentSource> =>
    inModel
      ? findComponent(path, COMPONENT_OF[side])
      : openCheckpoint(dirname(path), COMPONENT_OF[side], path);
  const kind = (await readConfig(join(path, 'config.json')))['_class_name'];
  if (!inModel && typeof kind === 'string' && !kind.startsWith('Autoencoder')) {
    throw new AppError(
      'model',
      `${basename(path)} holds a ${kind} and no autoencoder; choose a vae folder or a VAE file.`,
    );
  }
  if (inModel || entries.includes('config.json')) {
    return { encoder: await find('encoder'), decoder: await find('decoder') };
  }
  const files = entries.filter((entry) => entry.endsWith('.safetensors'));
  const [first] = files;
  if (first === undefined || files.length > 2) throw notOne(basename(path));
  return readFile(join(path, first));
}

/** The names in a folder; null for a file. */
async function listFolder(path: string): Promise<string[] | null> {
  try {
    return (await stat(path)).isDirectory() ? await readdir(path) : null;
  } catch (cause) {
    throw new AppError('model', `There is no autoencoder at ${path}; check the path, or leave --vae out.`, {
      cause,
    });
  }
}

async function readFile(path: string): Promise<Sides> {
  const label = basename(path);
  const header = await readSafetensorsHeader(path);
  const side = taesdSide(header);
  if (side !== null) {
    const other = await readSafetensorsHeader(await siblingOf(path, side));
    const headers =
      side === 'encoder' ? { encoder: header, decoder: other } : { encoder: other, decoder: header };
    return sidesOf(
      recogniseTaesd(headers, label),
      label,
      [...headers.encoder.weights.values()],
      [...headers.decoder.weights.values()],
    );
  }
  const { config, weights } = recogniseVae(header, label);
  // The file of a diffusers folder has its config beside it, which knows what no shape tells.
  const beside = await readConfig(join(dirname(path), 'config.json'));
  const isOwn = beside['_class_name'] === config['_class_name'];
  const of = (pattern: RegExp): Weight[] =>
    [...header.weights.values()].filter(({ name }) => pattern.test(name));
  return sidesOf(
    { config: { ...config, ...(isOwn ? beside : {}) }, weights },
    label,
    of(/(^|\.)(encoder|quant_conv)\./),
    of(/(^|\.)(decoder|post_quant_conv)\./),
  );
}

function sidesOf(
  { config, weights }: { config: JsonObject; weights: WeightSource },
  label: string,
  encoder: readonly Weight[],
  decoder: readonly Weight[],
): Sides {
  const source = (side: AutoencoderSide, own: readonly Weight[]): ComponentSource => ({
    config,
    ...describeWeights(own),
    graph: builtGraph(COMPONENT_OF[side], config, weights, label),
  });
  return { encoder: source('encoder', encoder), decoder: source('decoder', decoder) };
}

/** `taesd_decoder.safetensors` for `taesd_encoder.safetensors`, and the other way round. */
async function siblingOf(path: string, side: AutoencoderSide): Promise<string> {
  const other = side === 'encoder' ? 'decoder' : 'encoder';
  const name = basename(path).replace(side, other);
  const sibling = join(dirname(path), name);
  const isThere = await stat(sibling).then(
    (info) => info.isFile(),
    () => false,
  );
  if (isThere && name !== basename(path)) return sibling;
  throw new AppError(
    'model',
    `${basename(path)} is only the ${side} of a tiny autoencoder, and its ${other} does not lie beside it under the same name; put both files, such as taesd_encoder.safetensors and taesd_decoder.safetensors, into one folder.`,
  );
}

const notOne = (name: string): AppError =>
  new AppError(
    'model',
    `${name} is no autoencoder's folder (it has neither config.json nor one set of .safetensors weights); choose a vae folder or a VAE file.`,
  );
