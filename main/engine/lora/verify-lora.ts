/** Looks a LoRA over without a model: what kind it is, what it was made for, what it changes, what is wrong with it. */
import { basename, resolve } from 'node:path';
import { toErrorBody } from '../../../shared/errors';
import { readSafetensorsHeader } from '../checkpoint/safetensors-file';
import { describeWeights, type ParameterCounts } from '../model/component-source';
import { fewStepsOf, type FewSteps } from './few-steps';
import { familyOf, type LoraFamily } from './lora-family';
import { LORA_PARTS, otherMethodOf, parseLoraName, type LoraNaming, type LoraPart } from './lora-names';
import { readLora, type LoraFile } from './read-lora';

export interface LoraPartReport {
  readonly part: LoraPart;
  readonly layers: number;
  /** Those that are convolutions with a kernel larger than 1 (LoCon). */
  readonly convolutions: number;
  /** Values by the type they are stored in. */
  readonly parameters: ParameterCounts;
  readonly sizeBytes: number;
}

export interface LoraReport {
  readonly kind: 'lora';
  readonly path: string;
  readonly name: string;
  /** Null: the file could not be read as a LoRA. */
  readonly naming: LoraNaming | null;
  /** What it was made for; null: it does not show. */
  readonly family: LoraFamily | null;
  /** The settings that it was made for when it makes a model need few steps. */
  readonly fewSteps: FewSteps | null;
  /** Lowest and highest rank of its layers. */
  readonly ranks: readonly [number, number] | null;
  readonly parts: readonly LoraPartReport[];
  readonly layers: number;
  readonly sizeBytes: number;
  readonly revision: string | null;
  /** Sentences; empty: it can be used with a model of its family. */
  readonly problems: readonly string[];
}

/** True for a file with a LoRA's names in it, of whatever method; throws `AppError('model')` for a broken file. */
export async function isLora(path: string): Promise<boolean> {
  const { weights, others } = await readSafetensorsHeader(path);
  return [...weights.keys(), ...others.keys()].some((name) => {
    const role = parseLoraName(name)?.role;
    return (role !== undefined && role !== 'alpha') || otherMethodOf(name) !== null;
  });
}

/** Never throws for a bad file: that is a problem in the report. */
export async function verifyLora(file: string): Promise<LoraReport> {
  const path = resolve(file);
  try {
    return reportOn(path, await readLora(path));
  } catch (error) {
    return {
      kind: 'lora',
      path,
      name: basename(path),
      naming: null,
      family: null,
      fewSteps: null,
      ranks: null,
      parts: [],
      layers: 0,
      sizeBytes: 0,
      revision: null,
      problems: [toErrorBody(error).message],
    };
  }
}

function reportOn(path: string, lora: LoraFile): LoraReport {
  const parts = LORA_PARTS.map((part): LoraPartReport => {
    const own = lora.layers.filter((layer) => layer.part === part);
    const weights = own.flatMap(({ down, mid, up }) => [down, up, ...(mid === null ? [] : [mid])]);
    const { parameters, sizeBytes } = describeWeights(weights);
    const convolutions = own.filter(({ down, mid }) =>
      [down, ...(mid === null ? [] : [mid])].some(({ shape }) => shape.slice(2).some((side) => side > 1)),
    );
    return {
      part,
      layers: own.length,
      convolutions: convolutions.length,
      parameters: parameters ?? {},
      sizeBytes,
    };
  });
  const ranks = lora.layers.map(({ rank }) => rank);
  const strangers = lora.unknown.length;
  return {
    kind: 'lora',
    path,
    name: lora.name,
    naming: lora.naming,
    family: familyOf(lora),
    fewSteps: fewStepsOf(lora),
    ranks: [Math.min(...ranks), Math.max(...ranks)],
    parts: parts.filter(({ layers }) => layers > 0),
    layers: lora.layers.length,
    sizeBytes: lora.header.sizeBytes,
    revision: lora.revision,
    problems:
      strangers === 0
        ? []
        : [
            `${strangers} of its tensors are no part of a LoRA and are not used, such as "${(lora.unknown[0] ?? '').slice(0, 100)}".`,
          ],
  };
}
