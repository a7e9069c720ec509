/** Under which names LoRAs know the layers of a model: diffusers' own, the original code's (SGM, LDM), and those of older diffusers. */
import { LDM_UNET, ldmUnetNames } from '../checkpoint/ldm-keys';
import type { GraphLayer } from '../graphs/graph-builder';
import type { Component } from '../model/component';
import type { JsonObject } from '../model/component-source';
import { flatten } from './lora-names';

/** Name of a layer with underscores → the layers that it means. */
export type LoraTargets = ReadonlyMap<string, readonly GraphLayer[]>;

/** Names that older diffusers gave to a text encoder's and a UNet's projections. */
const OLDER_NAMES: readonly (readonly [RegExp, string])[] = [
  [/\.([qkv])_proj$/, '.to_$1'],
  [/\.out_proj$/, '.to_out'],
  [/\.to_out\.0$/, '.to_out'],
];

/** All names of a component's layers. */
export function loraTargets(
  component: Component,
  config: JsonObject,
  layers: readonly GraphLayer[],
): LoraTargets {
  const targets = new Map<string, readonly GraphLayer[]>();
  const original = component === 'unet' ? originalUnetName(config) : null;
  for (const layer of layers) {
    const names = [layer.name, ...OLDER_NAMES.map(([pattern, to]) => layer.name.replace(pattern, to))];
    if (original !== null) names.push(original(layer.name));
    for (const name of new Set(names.map((each) => normalLayerName(flatten(each))))) {
      targets.set(name, [layer]);
    }
  }
  return targets;
}

/** transformers 5 has no "text_model." in its names; files from before have. */
export const normalLayerName = (name: string): string => name.replace(/^text_model_/, '');

/** diffusers' name of a UNet's layer → its name in the original code. */
function originalUnetName(config: JsonObject): ((name: string) => string) | null {
  const { block_out_channels: channels, layers_per_block: layersPerBlock, up_block_types: up } = config;
  if (!Array.isArray(channels) || !Array.isArray(up)) return null;
  const names = ldmUnetNames({
    levels: channels.length,
    layersPerBlock: typeof layersPerBlock === 'number' ? layersPerBlock : 2,
    hasUpAttention: up.map((type) => type === 'CrossAttnUpBlock2D'),
  });
  return (name) => names(name).name.slice(LDM_UNET.length);
}
