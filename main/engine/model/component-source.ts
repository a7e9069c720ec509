/** Finds one component in a diffusers folder: an ONNX graph (optimum's layout) or safetensors weights (the original layout). */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import { holdsSafetensors, openComponentWeights } from '../checkpoint/component-weights';
import { elementCount, type Weight, type WeightDtype } from '../checkpoint/weights';
import type { Component } from './component';
import { folderBytes } from '../folder-bytes';
import { readGraphOutline } from '../onnx/read-graph';
import { builtGraph, onnxFile, type GraphSource } from './graph-source';

const jsonObjectSchema = z.record(z.string(), z.unknown());
export type JsonObject = Readonly<z.infer<typeof jsonObjectSchema>>;

export interface ComponentSource {
  readonly graph: GraphSource;
  /** The component's config.json; empty where a publisher left it out. */
  readonly config: JsonObject;
  /** Bytes on the disk that belong to the component, external data included. */
  readonly sizeBytes: number;
  readonly format: 'onnx' | 'safetensors';
  /** Values by the type they are stored in; null for ONNX, whose weights are not looked into. */
  readonly parameters: ParameterCounts | null;
}

export type ParameterCounts = Readonly<Partial<Record<WeightDtype, number>>>;

/** Both halves of the autoencoder lie in one folder of the original layout. */
const CHECKPOINT_FOLDER: Readonly<Record<Component, string>> = {
  text_encoder: 'text_encoder',
  text_encoder_2: 'text_encoder_2',
  unet: 'unet',
  transformer: 'transformer',
  vae_encoder: 'vae',
  vae_decoder: 'vae',
};
/** Which tensors of a folder belong to the component. */
const OWN_TENSORS: Readonly<Partial<Record<Component, RegExp>>> = {
  vae_encoder: /^(encoder|quant_conv)\./,
  vae_decoder: /^(decoder|post_quant_conv)\./,
};

/**
 * Throws `AppError('model')` with what is missing.
 * @param options settings that are added to the component's own config; its folder, where it is not named after the component
 */
export async function findComponent(
  model: string,
  component: Component,
  options: { readonly settings?: JsonObject; readonly folder?: string } = {},
): Promise<ComponentSource> {
  const { settings = {}, folder: name = component } = options;
  const exported = join(model, name);
  const files = await listOrNull(exported);
  const graph = files === null ? undefined : onnxNameOf(files);
  if (graph !== undefined) {
    return {
      graph: onnxFile(join(exported, graph)),
      config: {
        ...(component === 'unet' ? unetSettings(join(exported, graph)) : {}),
        ...(await readConfig(join(exported, 'config.json'))),
        ...settings,
      },
      sizeBytes: await folderBytes(exported),
      format: 'onnx',
      parameters: null,
    };
  }
  const folder = name === component ? join(model, CHECKPOINT_FOLDER[component]) : exported;
  const weightFiles = await listOrNull(folder);
  if (weightFiles !== null && holdsSafetensors(weightFiles))
    return openCheckpoint(model, component, folder, settings);
  throw missingGraph(model, component, files ?? weightFiles);
}

/** What the graph itself tells of a UNet whose publisher left its config out (pipelines.md 4.3). */
function unetSettings(path: string): JsonObject {
  const inputs = readGraphOutline(path)?.inputs ?? [];
  const dimension = (name: string, axis: number): number | null =>
    inputs.find((input) => input.name === name)?.dims[axis] ?? null;
  const found = {
    in_channels: dimension('sample', 1),
    cross_attention_dim: dimension('encoder_hidden_states', 2),
    time_cond_proj_dim: dimension('timestep_cond', 1),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null));
}

/** `model.onnx`, or the only `.onnx` file. */
function onnxNameOf(files: readonly string[]): string | undefined {
  const graphs = files.filter((file) => file.endsWith('.onnx') && !file.endsWith('.underpaint.onnx'));
  return graphs.includes('model.onnx') ? 'model.onnx' : graphs.length === 1 ? graphs[0] : undefined;
}

/** A component's config.json and safetensors weights in one folder; throws `AppError('model')`. */
export async function openCheckpoint(
  model: string,
  component: Component,
  folder: string,
  settings: JsonObject = {},
): Promise<ComponentSource> {
  const own = await readConfig(join(folder, 'config.json'));
  if (Object.keys(own).length === 0) {
    throw new AppError(
      'model',
      `The model ${basename(model)} has no ${basename(folder)}/config.json, without which its weights cannot be read; download the whole model folder again.`,
    );
  }
  const config = { ...own, ...settings };
  const weights = await openComponentWeights(folder);
  const ownTensors = OWN_TENSORS[component] ?? /^/;
  const tensors = weights.headers.flatMap((header) => [...header.weights.values()]);
  return {
    graph: builtGraph(component, config, weights, basename(model)),
    config,
    ...describeWeights(tensors.filter(({ name }) => ownTensors.test(name))),
  };
}

/** What a list of tensors comes to. */
export function describeWeights(
  weights: readonly Weight[],
): Pick<ComponentSource, 'sizeBytes' | 'format' | 'parameters'> {
  const parameters: Partial<Record<WeightDtype, number>> = {};
  let sizeBytes = 0;
  for (const { dtype, shape, length } of weights) {
    parameters[dtype] = (parameters[dtype] ?? 0) + elementCount(shape);
    sizeBytes += length;
  }
  return { sizeBytes, format: 'safetensors', parameters };
}

function missingGraph(model: string, component: Component, files: readonly string[] | null): AppError {
  const name = basename(model);
  if (files === null && component === 'vae_encoder') {
    return new AppError(
      'model',
      `The model ${name} has no vae_encoder, so it can make pictures but cannot change one; use an export that includes vae_encoder.`,
    );
  }
  if (files === null) return missingPart(model, component);
  if (files.some((file) => /\.(bin|ckpt|pt|pth)$/.test(file))) {
    return new AppError(
      'model',
      `${name}/${component} holds only pickled weights (.bin), which can run programs and are not opened; download the safetensors version of this model.`,
    );
  }
  return new AppError(
    'model',
    `The model ${name} has no ${component}/model.onnx and no safetensors weights for it; download the whole model folder again.`,
  );
}

/** The refusal of a folder without a part that every model has. */
export const missingPart = (model: string, part: string): AppError =>
  new AppError(
    'model',
    `The model folder ${basename(model)} has no "${part}" part; download the whole model again, or choose a folder in the diffusers layout.`,
  );

const listOrNull = (folder: string): Promise<string[] | null> => readdir(folder).catch(() => null);

/** Throws `AppError('model')` when the file is missing or cannot be read. */
export async function readModelText(path: string): Promise<string> {
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

/** A JSON object; empty when there is no such file. Throws `AppError('model')`. */
export async function readConfig(path: string): Promise<JsonObject> {
  if (!existsSync(path)) return {};
  try {
    return jsonObjectSchema.parse(JSON.parse(await readModelText(path)));
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
