/** Under which names LoRAs know the layers of a model: diffusers' own, the original code's, and those of older diffusers. */
import { LDM_UNET, ldmUnetNames } from '../checkpoint/ldm-keys';
import type { GraphLayer } from '../graphs/graph-builder';
import type { Component } from '../model/component';
import type { JsonObject } from '../model/component-source';
import { otherFluxNames, type OtherName } from './flux-names';
import { flatten } from './lora-names';

/** A layer of the model that a name means, and which outputs of the named layer are its own; null: all. */
export interface LoraTarget extends Pick<OtherName, 'hasSwappedHalves'> {
  readonly layer: GraphLayer;
  readonly rows: NonNullable<OtherName['rows']> | null;
}

/** Name of a layer with underscores → the layers that it means: several where the original code keeps them in one. */
export type LoraTargets = ReadonlyMap<string, readonly LoraTarget[]>;

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
  const targets = new Map<string, LoraTarget[]>();
  const others = otherNames(component, config, layers);
  for (const layer of layers) {
    const names = [layer.name, ...OLDER_NAMES.map(([pattern, to]) => layer.name.replace(pattern, to))];
    for (const name of new Set(names.map((each) => normalLayerName(flatten(each))))) {
      targets.set(name, [{ layer, rows: null }]);
    }
    for (const { name, rows = null, hasSwappedHalves } of others(layer)) {
      const target = { layer, rows, ...(hasSwappedHalves === undefined ? {} : { hasSwappedHalves }) };
      const flat = flatten(name);
      targets.set(flat, rows === null ? [target] : [...(targets.get(flat) ?? []), target]);
    }
  }
  return targets;
}

/** transformers 5 has no "text_model." in its names; files from before have. */
export const normalLayerName = (name: string): string => name.replace(/^text_model_/, '');

/** Layer → its names in the original code. */
function otherNames(
  component: Component,
  config: JsonObject,
  layers: readonly GraphLayer[],
): (layer: GraphLayer) => readonly OtherName[] {
  if (component === 'transformer') return otherFluxNames(layers);
  const { block_out_channels: channels, layers_per_block: layersPerBlock, up_block_types: up } = config;
  if (component !== 'unet' || !Array.isArray(channels) || !Array.isArray(up)) return () => [];
  const names = ldmUnetNames({
    levels: channels.length,
    layersPerBlock: typeof layersPerBlock === 'number' ? layersPerBlock : 2,
    hasUpAttention: up.map((type) => type === 'CrossAttnUpBlock2D'),
  });
  return ({ name }) => [{ name: names(name).name.slice(LDM_UNET.length) }];
}
