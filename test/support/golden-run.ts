/** Runs a golden case through the whole pipeline and compares everything that diffusers recorded. */
import { expect } from 'vitest';
import { readPicture } from '../../main/engine/image/read';
import type { GenerationSettings } from '../../shared/generation';
import type { JobContext } from '../../main/engine/context';
import { maxDifference, readRecord, withFolder, type GoldenCase } from './golden';
import { runJob } from './run-job';

/** Largest differences allowed: embeddings and encoder output, latents in the steps, pixels of 255. */
export interface Bounds {
  readonly embeddings: number;
  readonly latents: number;
  readonly pixels: number;
}

/** The acceptance bounds of float32. */
export const FLOAT32_BOUNDS: Bounds = { embeddings: 1e-4, latents: 2e-3, pixels: 2 };

export interface GoldenRun {
  readonly settings?: Partial<GenerationSettings>;
  readonly context?: Partial<JobContext>;
  readonly bounds?: Bounds;
}

/** Every tensor that the pipeline showed, and the picture's pixels as `image`. */
export type Seen = ReadonlyMap<string, ArrayLike<number>>;

export async function runGolden(golden: GoldenCase, options: GoldenRun = {}): Promise<Seen> {
  const seen = new Map<string, ArrayLike<number>>();
  await withFolder(async (folder) => {
    const { report } = await runJob({
      folder,
      inputPath: golden.inputPath,
      maskPath: golden.maskPath,
      settings: { ...golden.settings, ...options.settings },
      context: {
        inspect: (tensor, data) => seen.set(tensor, Float32Array.from(data)),
        exact: { schedulerConfig: golden.exactScheduler, pndm: true, prompt: true, mask: true },
        ...options.context,
      },
    });
    const picture = await readPicture(report.outputs[0]?.path ?? '');
    const input = await readPicture(golden.inputPath);
    expect([picture.width, picture.height]).toEqual([input.width, input.height]);
    seen.set('image', picture.rgb);
  });
  return seen;
}

/** Fails where a tensor or pixel is further from diffusers than the bounds allow. */
export async function expectGolden(golden: GoldenCase, options: GoldenRun = {}): Promise<void> {
  const bounds = options.bounds ?? FLOAT32_BOUNDS;
  const record = await readRecord(golden.name);
  const seen = await runGolden(golden, options);
  const difference = (tensor: string): number => maxDifference(need(seen, tensor), record[tensor] ?? []);

  const isGuided = golden.guidance > 1;
  const ofPrompts = ['prompt_embeds', 'pooled_prompt_embeds'].filter((tensor) => tensor in record);
  for (const tensor of [
    ...ofPrompts,
    ...['encoded_latent', 'noise'].filter((name) => name in record),
    ...(isGuided
      ? ofPrompts.map((name) => name.replace('prompt_embeds', 'negative_prompt_embeds'))
      : []
    ).filter((name) => name in record),
  ]) {
    expect(difference(tensor), tensor).toBeLessThan(bounds.embeddings);
  }
  const steps = Object.keys(record).filter((tensor) => tensor.startsWith('latents_step_'));
  expect(steps.length).toBe(golden.timesteps.length);
  for (const tensor of [...('latents_start' in record ? ['latents_start'] : []), ...steps]) {
    expect(difference(tensor), tensor).toBeLessThan(bounds.latents);
  }
  expect(difference('image'), 'pixels').toBeLessThanOrEqual(bounds.pixels);
}

function need(seen: Seen, name: string): ArrayLike<number> {
  const data = seen.get(name);
  if (data === undefined) throw new Error(`the pipeline did not show ${name}`);
  return data;
}
