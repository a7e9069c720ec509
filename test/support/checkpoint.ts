/** Builds and runs single components of the tiny golden models from their safetensors. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Provider } from '../../shared/placement';
import { openComponentWeights } from '../../main/engine/checkpoint/component-weights';
import { placeGraph, type PlaceOptions } from '../../main/engine/checkpoint/graph-files';
import { buildComponent } from '../../main/engine/graphs/build-component';
import { readSafetensors } from '../../main/engine/latents/safetensors';
import { SD_COMPONENTS, type Component } from '../../main/engine/model/component';
import { targetFor } from '../../main/engine/onnx/graph-target';
import { openSession } from '../../main/engine/onnx/session';
import type { Feed, FloatTensor } from '../../main/engine/onnx/tensors';
import { GOLDEN, maxDifference } from './golden';

/** Where a component lies in a diffusers folder. */
const PART: Readonly<Record<Component, string>> = {
  text_encoder: 'text_encoder',
  text_encoder_2: 'text_encoder_2',
  unet: 'unet',
  transformer: 'transformer',
  vae_encoder: 'vae',
  vae_decoder: 'vae',
};

export const readJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;

/** The folder of a component; a model that is an autoencoder alone has its files at the top. */
export function partOf(model: string, component: Component): string {
  const part = join(model, PART[component]);
  return existsSync(part) ? part : model;
}

export const readConfig = (model: string, component: Component): Record<string, unknown> =>
  readJson(join(partOf(model, component), 'config.json'));

/** Every component of Stable Diffusion 1 and 2 and of the tiny autoencoders that has a record of its own, as [record, component]. */
export const RECORDED: readonly (readonly [string, Component])[] = [
  ...['sd1', 'sd2'].flatMap((model) => SD_COMPONENTS.map((component) => [model, component] as const)),
  ...['taesd', 'taef1'].flatMap((model) =>
    (['vae_encoder', 'vae_decoder'] as const).map((component) => [model, component] as const),
  ),
];

/** As RECORDED, with Stable Diffusion XL and Flux: every component that has a record in half precision. */
export const HALF_RECORDED: typeof RECORDED = [
  ...RECORDED,
  ...(['text_encoder', 'text_encoder_2', 'unet'] as const).map((component) => ['sdxl', component] as const),
  ['refiner', 'unet'],
  ...(['text_encoder', 'text_encoder_2', 'transformer', 'vae_encoder', 'vae_decoder'] as const).map(
    (component) => ['flux-schnell', component] as const,
  ),
  ['flux-dev', 'transformer'],
];

/** The golden model that a record was made with. */
export const modelOfRecord = (record: string): string => (record === 'refiner' ? 'sdxl-refiner' : record);

/** The graph's path for a provider. */
export async function graphPath(
  model: string,
  component: Component,
  provider: Provider,
  config: Record<string, unknown> = readConfig(model, component),
  options: PlaceOptions = {},
): Promise<string> {
  const weights = await openComponentWeights(partOf(model, component));
  const built = buildComponent(component, config, weights, await targetFor(provider));
  return placeGraph(built, component, 'test', options);
}

/** What diffusers fed a component and what came out: tensor name → values. */
export async function readComponentRecord(
  model: string,
  component: Component,
): Promise<Record<string, Feed>> {
  const { tensors } = await readSafetensors(join(GOLDEN, 'components', `${model}.safetensors`));
  const record: Record<string, Feed> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const { data, shape } = tensor;
    if (!name.startsWith(`${component}.`) || !(data instanceof Float32Array || data instanceof Int32Array))
      continue;
    record[name.slice(component.length + 1)] = { data, dims: shape };
  }
  const text = tensors['text_encoder.last_hidden_state'];
  if (component === 'unet' && !('unet.encoder_hidden_states' in tensors) && text?.dtype === 'F32') {
    record['encoder_hidden_states'] = { data: text.data, dims: text.shape };
  }
  return record;
}

export interface HalfRecord {
  readonly inputs: Readonly<Record<string, Feed>>;
  /** What diffusers and transformers made of it with weights that torch had rounded. */
  readonly outputs: Readonly<Record<'F16' | 'BF16', Readonly<Record<string, Feed>>>>;
}

/** A component with its weights in half precision, computed in float32. */
export async function readHalfRecord(model: string, component: Component): Promise<HalfRecord> {
  const { tensors } = await readSafetensors(join(GOLDEN, 'components', `${model}-half.safetensors`));
  const named = (beginning: string): Record<string, Feed> =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, { data, shape }]) =>
        name.startsWith(beginning) && data instanceof Float32Array
          ? [[name.slice(beginning.length), { data, dims: shape }]]
          : [],
      ),
    );
  return {
    inputs: { ...(await readComponentRecord(model, component)), ...named(`${component}.`) },
    outputs: { F16: named(`F16.${component}.`), BF16: named(`BF16.${component}.`) },
  };
}

/** Runs a graph on a component's recorded inputs. */
export async function runOnRecord(
  path: string,
  provider: Provider,
  record: Readonly<Record<string, Feed>>,
): Promise<Record<string, FloatTensor>> {
  const session = await openSession(path, { provider });
  try {
    const feeds: Record<string, Feed> = {};
    for (const { name } of session.inputs) {
      const feed = record[name];
      if (feed === undefined) throw new Error(`nothing recorded for the input ${name}`);
      feeds[name] = feed;
    }
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** As `runOnRecord`: the largest difference over all outputs from what diffusers recorded. */
export async function differenceFromRecord(
  path: string,
  provider: Provider,
  record: Readonly<Record<string, Feed>>,
): Promise<number> {
  return largestDifference(await runOnRecord(path, provider, record), record);
}

/** Over all outputs, from what was recorded under their names. */
export const largestDifference = (
  results: Readonly<Record<string, FloatTensor>>,
  record: Readonly<Record<string, Feed>>,
): number =>
  Math.max(
    ...Object.entries(results).map(([name, { data }]) => maxDifference(data, record[name]?.data ?? [])),
  );

export const largestValue = (results: Readonly<Record<string, FloatTensor>>): number =>
  Math.max(...Object.values(results).flatMap(({ data }) => Array.from(data, Math.abs)));
