/** The golden LoRA files and what diffusers computes with them (test/golden/golden_lora.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readSafetensors } from '../../main/engine/latents/safetensors';
import type { ModelCache } from '../../main/engine/model/loaded-model';
import { parseSchedulerConfig } from '../../main/engine/schedulers/scheduler-config';
import {
  generationSettingsSchema,
  schedulerNameSchema,
  type GenerationSettings,
} from '../../shared/generation';
import { GOLDEN, goldenModel, maxDifference, withFolder } from './golden';
import { runJob } from './run-job';

const LORAS = join(GOLDEN, 'lora');
export const goldenLora = (name: string): string => join(LORAS, `${name}.safetensors`);

const requestSchema = z.object({
  prompt: z.string(),
  negativePrompt: z.string(),
  seed: z.number(),
  strength: z.number(),
  steps: z.number(),
  guidance: z.number(),
  input: z.string(),
  scheduler: schedulerNameSchema,
  schedulerConfig: z.unknown(),
});
const schema = z.object({
  strengths: z.array(z.number()),
  requests: z.record(z.string(), requestSchema),
  cases: z.record(
    z.string(),
    z.object({ model: z.string(), files: z.array(z.object({ file: z.string(), factor: z.number() })) }),
  ),
});

export const LORA_RUNS = schema.parse(JSON.parse(readFileSync(join(LORAS, 'cases.json'), 'utf8')));

function caseOf(name: string) {
  const { model = '', files = [] } = LORA_RUNS.cases[name] ?? {};
  const request = LORA_RUNS.requests[model];
  if (request === undefined) throw new Error(`no case ${name}`);
  return { model, files, request };
}

/** The request of a case at a strength. */
export function loraSettings(name: string, strength: number): GenerationSettings {
  const { model, files, request } = caseOf(name);
  return generationSettingsSchema.parse({
    ...request,
    size: { width: 64, height: 64 },
    model: goldenModel(model),
    device: 'cpu',
    loras: files.map(({ file, factor }) => ({ lora: join(LORAS, file), strength: strength * factor })),
  });
}

/** The latents after each step, by the scheduler of a case. */
export async function loraLatents(
  settings: GenerationSettings,
  models: ModelCache,
  name = 'kohya',
): Promise<readonly Float32Array[]> {
  const { request } = caseOf(name);
  const steps: Float32Array[] = [];
  await withFolder((folder) =>
    runJob({
      folder,
      inputPath: join(GOLDEN, request.input),
      settings,
      context: {
        models,
        inspect: (tensor, data) => tensor.startsWith('latents_step_') && steps.push(Float32Array.from(data)),
        exact: {
          schedulerConfig: parseSchedulerConfig(JSON.stringify(request.schedulerConfig)),
          prompt: true,
        },
      },
    }),
  );
  return steps;
}

/** Largest difference of any step from diffusers. */
export async function differenceFromDiffusers(
  name: string,
  strength: number,
  steps: readonly Float32Array[],
): Promise<number> {
  const { tensors } = await readSafetensors(join(LORAS, 'latents.safetensors'));
  const record = Object.keys(tensors).filter((key) => key.startsWith(`${name}/${strength}/`));
  if (record.length !== steps.length) throw new Error(`${steps.length} steps, ${record.length} recorded`);
  return Math.max(
    ...steps.map((latents, i) => {
      const recorded = tensors[`${name}/${strength}/latents_step_${i}`];
      return maxDifference(latents, recorded?.dtype === 'F32' ? recorded.data : []);
    }),
  );
}
