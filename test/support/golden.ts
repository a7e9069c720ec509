/** Reads the golden cases that diffusers computed (test/golden/README.md). */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import {
  generationSettingsSchema,
  schedulerNameSchema,
  type GenerationSettings,
} from '../../shared/generation';
import { readSafetensors } from '../../main/engine/latents/safetensors';
import { parseSchedulerConfig } from '../../main/engine/schedulers/scheduler-config';

export const GOLDEN = join(import.meta.dirname, '..', 'golden');
export const goldenModel = (name: string): string => join(GOLDEN, 'models', name);

const caseSchema = z.object({
  model: z.enum([
    'sd1',
    'sd2',
    'sdxl',
    'sdxl-inpaint',
    'refiner',
    'inpaint',
    'lcm',
    'flux-schnell',
    'flux-dev',
  ]),
  prompt: z.string(),
  negativePrompt: z.string(),
  seed: z.number(),
  strength: z.number(),
  steps: z.number(),
  guidance: z.number(),
  width: z.number(),
  height: z.number(),
  input: z.string(),
  /** A mask's file; `maskPadding` with it: only its area is worked on. */
  mask: z.string().optional(),
  maskPadding: z.number().nullable().optional(),
  /** Another autoencoder than the model's own. */
  vae: z.string().optional(),
  scheduler: schedulerNameSchema,
  schedulerConfig: z.unknown(),
  timesteps: z.array(z.number()),
});

export interface GoldenCase extends z.infer<typeof caseSchema> {
  readonly name: string;
  readonly inputPath: string;
  readonly maskPath: string | null;
  readonly settings: GenerationSettings;
  readonly exactScheduler: ReturnType<typeof parseSchedulerConfig>;
}

/** The cases of some models, or those with masks, by the beginnings of their names. */
export const goldenCases = (...beginnings: (GoldenCase['model'] | 'masked')[]): readonly GoldenCase[] =>
  readdirSync(join(GOLDEN, 'cases'))
    .filter((file) => file.endsWith('.json') && beginnings.some((name) => file.startsWith(`${name}-`)))
    .map((file) => readCase(file.replace('.json', '')));

export function readCase(name: string): GoldenCase {
  const found = caseSchema.parse(
    JSON.parse(readFileSync(join(GOLDEN, 'cases', `${name}.json`), 'utf8').replaceAll('-Infinity', 'null')),
  );
  return {
    ...found,
    name,
    inputPath: join(GOLDEN, found.input),
    maskPath: found.mask === undefined ? null : join(GOLDEN, found.mask),
    exactScheduler: parseSchedulerConfig(JSON.stringify(found.schedulerConfig)),
    settings: generationSettingsSchema.parse({
      prompt: found.prompt,
      negativePrompt: found.negativePrompt,
      seed: found.seed,
      strength: found.strength,
      steps: found.steps,
      guidance: found.guidance,
      scheduler: found.scheduler,
      size: { width: found.width, height: found.height },
      model: goldenModel(`${found.model}-onnx`),
      vae: found.vae === undefined ? null : goldenModel(found.vae),
      // diffusers knows no soft edge of its own.
      mask: {
        blurPx: 0,
        area: typeof found.maskPadding === 'number' ? 'masked' : 'picture',
        paddingPx: found.maskPadding ?? 0,
      },
      device: 'cpu',
    }),
  };
}

/** Tensor name → values, as diffusers recorded them. */
export async function readRecord(name: string): Promise<Record<string, ArrayLike<number>>> {
  const { tensors } = await readSafetensors(join(GOLDEN, 'cases', `${name}.safetensors`));
  const record: Record<string, ArrayLike<number>> = {};
  for (const [key, tensor] of Object.entries(tensors)) {
    record[key] = tensor.dtype === 'I64' ? Float64Array.from(tensor.data, Number) : tensor.data;
  }
  return record;
}

/** Largest absolute difference; throws when the lengths differ. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths differ: ${a.length} and ${b.length}`);
  let max = 0;
  for (let i = 0; i < a.length; i += 1) {
    const difference = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    if (!(difference <= max)) max = difference;
  }
  return max;
}

/** Runs `work` with a folder of its own that is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'underpaint-test-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
