/** Model folders as other publishers lay them out, made on the spot from the tiny models: built graphs with other inputs, outputs and data files. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Component } from '../../main/engine/model/component';
import { graphPath, readConfig } from './checkpoint';
import { OnnxEdit } from './onnx-edit';

export interface Published {
  /** Whole folder of the model with safetensors. */
  readonly source: string;
  readonly components: readonly Component[];
  /** What is done to a part's graph. */
  readonly edit: (component: Component, graph: OnnxEdit) => OnnxEdit;
  /** Names of the files with a part's weights, beside the graph; several: the tensors are spread over them. */
  readonly data?: readonly string[];
  /** Name of a part's graph; default `model.onnx`. */
  readonly graphName?: string;
  /** Folder of the denoiser, where it is not named after it. */
  readonly denoiserFolder?: string;
  /** Default true. */
  readonly hasConfigs?: boolean;
}

/** Writes the folder and answers its path. */
export async function publish(folder: string, published: Published): Promise<string> {
  const { source, components, edit, data = ['model.onnx_data'], graphName = 'model.onnx' } = published;
  for (const entry of await readdir(source)) {
    if (/^(tokenizer|scheduler)/.test(entry))
      await cp(join(source, entry), join(folder, entry), { recursive: true });
  }
  for (const component of components) {
    const isDenoiser = component === 'unet' || component === 'transformer';
    const target = join(folder, isDenoiser ? (published.denoiserFolder ?? component) : component);
    const config = readConfig(source, component);
    const isXlText =
      component.startsWith('text') && components.includes('text_encoder_2') && components.includes('unet');
    const graph = await graphPath(source, component, 'cpu', {
      ...config,
      ...(isXlText ? { output_hidden_states: true } : {}),
    });
    await mkdir(target, { recursive: true });
    const weights = (await readdir(dirname(graph))).filter((file) => file.endsWith('.safetensors'));
    const [only = '', second] = weights;
    if (second !== undefined) throw new Error(`${component} has several files`);
    for (const file of data) await cp(join(dirname(graph), only), join(target, file));
    const edited = edit(component, new OnnxEdit(await readFile(graph)));
    edited.moveData((index) => data[index % data.length] ?? '');
    await writeFile(join(target, graphName), edited.finish());
    if (published.hasConfigs ?? true) await writeFile(join(target, 'config.json'), JSON.stringify(config));
  }
  return folder;
}

/** Removes a part's folder. */
export const without = (folder: string, part: string): Promise<void> =>
  rm(join(folder, part), { recursive: true });
