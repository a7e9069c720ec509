/** The whole pipeline against what diffusers' StableDiffusionImg2ImgPipeline computed: acceptance bounds 1e-4, 2e-3 and 2/255. */
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../main/engine/image/read';
import { GOLDEN_CASES, maxDifference, readRecord, withFolder } from '../support/golden';
import { runJob } from '../support/run-job';

const EMBEDDINGS = 1e-4;
const LATENTS = 2e-3;
const PIXELS = 2;

describe('golden cases from diffusers', () => {
  it('covers both models and every scheduler', () => {
    expect(new Set(GOLDEN_CASES.map((golden) => golden.model))).toEqual(new Set(['sd1', 'sd2']));
    expect(new Set(GOLDEN_CASES.map((golden) => golden.scheduler)).size).toBe(10);
  });

  it.each(GOLDEN_CASES.map((golden) => [golden.name, golden] as const))('%s', async (name, golden) => {
    const record = await readRecord(name);
    const seen = new Map<string, ArrayLike<number>>();
    await withFolder(async (folder) => {
      const { report } = await runJob({
        folder,
        inputPath: golden.inputPath,
        settings: golden.settings,
        context: {
          inspect: (tensor, data) => seen.set(tensor, data),
          exact: { schedulerConfig: golden.exactScheduler, pndm: true, prompt: true },
        },
      });

      for (const tensor of [
        'prompt_embeds',
        'encoded_latent',
        'noise',
        ...(golden.guidance > 1 ? ['negative_prompt_embeds'] : []),
      ]) {
        expect(maxDifference(need(seen, tensor), record[tensor] ?? []), tensor).toBeLessThan(EMBEDDINGS);
      }
      expect(
        maxDifference(need(seen, 'latents_start'), record['latents_start'] ?? []),
        'latents_start',
      ).toBeLessThan(LATENTS);
      const steps = Object.keys(record).filter((tensor) => tensor.startsWith('latents_step_'));
      expect(steps.length).toBe(golden.timesteps.length);
      for (const tensor of steps) {
        expect(maxDifference(need(seen, tensor), record[tensor] ?? []), tensor).toBeLessThan(LATENTS);
      }
      const picture = await readPicture(report.outputs[0]?.path ?? '');
      expect([picture.width, picture.height]).toEqual([golden.width, golden.height]);
      expect(maxDifference(picture.rgb, record['image'] ?? []), 'pixels').toBeLessThanOrEqual(PIXELS);
    });
  });
});

function need(seen: ReadonlyMap<string, ArrayLike<number>>, name: string): ArrayLike<number> {
  const data = seen.get(name);
  if (data === undefined) throw new Error(`the pipeline did not show ${name}`);
  return data;
}
