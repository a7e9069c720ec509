/** A model with LoRAs: the same model, with low-rank branches in its graphs. */
import { stat } from 'node:fs/promises';
import type { Family } from '../../../shared/models';
import type { ModelFolder } from '../model/model-folder-parts';
import type { Feed } from '../onnx/tensors';
import type { Session } from '../onnx/session';
import { describeMisfits, fitLora, STRENGTH_INPUT, strengthInput, type Branches } from './fit-lora';
import { describeFewSteps, fewStepsOf, type FewSteps } from './few-steps';
import type { LoraFile } from './read-lora';

export interface ModelWithLoras {
  readonly folder: ModelFolder;
  /** What was left out of a LoRA, and what one of them recommends, in plain sentences. */
  readonly notices: readonly string[];
  /** Of the first LoRA that was made for few steps. */
  readonly fewSteps: FewSteps | null;
}

/** Throws `AppError('model')` for a LoRA that does not fit. */
export async function withLoras(
  folder: ModelFolder,
  family: Family,
  loras: readonly LoraFile[],
): Promise<ModelWithLoras> {
  const branches: Branches = new Map();
  const notices: string[] = [];
  let { sizeBytes, schedulerConfig } = folder;
  let fewSteps: FewSteps | null = null;
  for (const [index, lora] of loras.entries()) {
    const missing = fitLora(lora, index, folder, family, branches);
    if (missing.length > 0) {
      const misfits = describeMisfits(missing, lora.layers.length);
      notices.push(`The LoRA ${lora.name} is used without a part of it: ${misfits}.`);
    }
    const recognised = fewStepsOf(lora);
    if (fewSteps === null && recognised !== null) {
      fewSteps = recognised;
      schedulerConfig = { ...schedulerConfig, ...recognised.schedulerConfig };
      notices.push(describeFewSteps(lora.name, recognised));
    }
    sizeBytes += (await stat(lora.header.file)).size;
  }
  const parts = new Map(folder.parts);
  for (const [component, layers] of branches) {
    const source = parts.get(component);
    const graph = source?.graph.extensible?.withBranches(layers);
    if (source !== undefined && graph !== undefined) parts.set(component, { ...source, graph });
  }
  return { folder: { ...folder, parts, sizeBytes, schedulerConfig }, notices, fewSteps };
}

/** A session that is fed the LoRAs' strengths by itself; whoever runs it need not know of them. */
export function withStrengths(session: Session, strengths: () => readonly number[]): Session {
  const isStrength = (name: string): boolean => name.startsWith(STRENGTH_INPUT);
  if (!session.inputs.some(({ name }) => isStrength(name))) return session;
  return {
    ...session,
    inputs: session.inputs.filter(({ name }) => !isStrength(name)),
    run(feeds, only) {
      const all: Record<string, Feed> = { ...feeds };
      for (const [index, strength] of strengths().entries()) {
        const name = strengthInput(index);
        if (session.inputs.some((input) => input.name === name)) {
          all[name] = { data: Float32Array.of(strength), dims: [] };
        }
      }
      return session.run(all, only);
    },
  };
}
