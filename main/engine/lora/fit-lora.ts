/** Finds the layers of a model that a LoRA changes, and says which of the LoRA's layers do not fit. */
import { AppError } from '../../../shared/errors';
import type { Family } from '../../../shared/models';
import { rowRange, type LowRank } from '../checkpoint/weights';
import type { Component } from '../model/component';
import type { ModelFolder } from '../model/model-folder-parts';
import { familyOf, FAMILY_NAMES } from './lora-family';
import type { LoraPart } from './lora-names';
import { loraTargets, normalLayerName, type LoraTarget, type LoraTargets } from './lora-targets';
import type { LoraFile, LoraLayer } from './read-lora';

/** Component → layer → what LoRAs add to it. */
export type Branches = Map<Component, Map<string, LowRank[]>>;

/** Beginning of the names of graph inputs that hold strengths. */
export const STRENGTH_INPUT = 'lora_strength_';
export const strengthInput = (index: number): string => `${STRENGTH_INPUT}${index}`;

/**
 * Adds one LoRA's layers to `branches`. Layers that this model does not have are left out as in diffusers, and answered; throws `AppError('model')`
 * when a layer has another size, when no layer fits, or when the model's graph cannot be changed.
 * @param index the LoRA's number among those in use
 */
export function fitLora(
  lora: LoraFile,
  index: number,
  folder: ModelFolder,
  family: Family,
  branches: Branches,
): readonly string[] {
  const targetsOf = new Map<LoraPart, LoraTargets>();
  const missing: string[] = [];
  const misshapen: string[] = [];
  for (const layer of lora.layers) {
    const component = layer.part === 'denoiser' ? folder.denoiser : layer.part;
    const source = folder.parts.get(component);
    if (source !== undefined && source.graph.extensible === null) throw needsCheckpoint(lora, folder);
    const targets =
      targetsOf.get(layer.part) ??
      loraTargets(component, source?.config ?? {}, source?.graph.extensible?.layers ?? []);
    targetsOf.set(layer.part, targets);
    const found = targets.get(normalLayerName(layer.layer));
    if (found === undefined) missing.push(layer.key);
    else if (!found.every((target) => fits(layer, target))) misshapen.push(layer.key);
    else
      for (const target of found) add(branches, component, target.layer.name, toBranch(layer, target, index));
  }
  const bad = [...misshapen, ...missing];
  const made = familyOf(lora);
  const isForeign = made !== null && made !== family;
  if (misshapen.length > 0 || bad.length === lora.layers.length || (isForeign && bad.length > 0)) {
    throw mismatch(lora, bad, folder, family);
  }
  return missing;
}

const toBranch = ({ down, mid, up, scale }: LoraLayer, target: LoraTarget, index: number): LowRank => ({
  strength: strengthInput(index),
  scale,
  down,
  mid,
  up: target.rows === null ? up : rowRange(up, target.rows.start, target.layer.outputs),
  hasSwappedHalves: target.hasSwappedHalves ?? false,
});

function add(branches: Branches, component: Component, layer: string, branch: LowRank): void {
  const layers = branches.get(component) ?? new Map<string, LowRank[]>();
  branches.set(component, layers);
  layers.set(layer, [...(layers.get(layer) ?? []), branch]);
}

/** Whether the matrices have the layer's sizes: 1 × 1 convolutions count as linear layers and the other way round. */
function fits({ down, mid, up, rank }: LoraLayer, { layer, rows }: LoraTarget): boolean {
  const isKernel = (shape: readonly number[], side: number): boolean =>
    side === 1
      ? shape.slice(2).every((n) => n === 1)
      : shape.length === 4 && shape.slice(2).every((n) => n === side);
  const hasPlainEnds = isKernel(up.shape, 1) && (mid === null || isKernel(down.shape, 1));
  const isMiddleRight = mid === null ? isKernel(down.shape, layer.kernel) : isKernel(mid.shape, layer.kernel);
  const isLinearPair = layer.kernel > 1 || mid === null;
  return (
    down.shape[1] === layer.inputs &&
    up.shape[0] === (rows?.of ?? layer.outputs) &&
    rank > 0 &&
    hasPlainEnds &&
    isMiddleRight &&
    isLinearPair
  );
}

const NAMED = 3;

/** "12 of its 40 layers do not fit, such as a, b and c" */
export function describeMisfits(names: readonly string[], of: number): string {
  const shown = names.slice(0, NAMED).map((name) => name.slice(0, 120));
  const list =
    shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}` : shown.join('');
  const which = names.length > NAMED ? `such as ${list}` : list;
  return `${names.length} of its ${of} layers ${names.length === 1 ? 'does' : 'do'} not fit: ${which}`;
}

function mismatch(lora: LoraFile, names: readonly string[], folder: ModelFolder, family: Family): AppError {
  const made = familyOf(lora);
  const misfits = describeMisfits(names, lora.layers.length);
  const sentence =
    made === null || made === family
      ? `The LoRA ${lora.name} does not fit the model ${folder.name} (${misfits}); choose a LoRA that was made for ${FAMILY_NAMES[family]} models of this size.`
      : `The LoRA ${lora.name} was made for ${FAMILY_NAMES[made]}, but the model ${folder.name} is ${FAMILY_NAMES[family]} (${misfits}); choose a LoRA for ${FAMILY_NAMES[family]}, or another model.`;
  return new AppError('model', sentence);
}

const needsCheckpoint = (lora: LoraFile, folder: ModelFolder): AppError =>
  new AppError(
    'model',
    `The LoRA ${lora.name} cannot be used with ${folder.name}, because that model comes as finished ONNX graphs; choose the same model as a checkpoint (safetensors) with --model.`,
  );
