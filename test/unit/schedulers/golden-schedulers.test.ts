/** Grids and img2img loops that diffusers itself computed (test/golden/schedulers.json and the recorded cases). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TorchGenerator } from '../../../main/engine/latents/noise';
import { createScheduler } from '../../../main/engine/schedulers/create-scheduler';
import type { Scheduler } from '../../../main/engine/schedulers/scheduler';
import {
  defaultSchedulerName,
  predictionTypeSchema,
  schedulerConfigSchema,
  timestepSpacingSchema,
} from '../../../main/engine/schedulers/scheduler-config';
import { GOLDEN, goldenCases, readRecord } from '../../support/golden';
import { absoluteSum, noiseDeter, pipelineLoop, sampleDeter, signedSum } from './fixture';

const grid = z.object({
  scheduler: z.string(),
  spacing: timestepSpacingSchema,
  steps: z.number(),
  timesteps: z.array(z.number()),
  sigmas: z.array(z.number()).optional(),
});
const trace = z.object({
  scheduler: z.string(),
  spacing: timestepSpacingSchema,
  prediction: predictionTypeSchema,
  steps: z.number(),
  strength: z.number(),
  absSum: z.number(),
  sum: z.number(),
  first: z.array(z.number()),
  last: z.number(),
});
const table = z
  .object({
    variants: z.record(z.string(), z.object({ class: z.string(), config: schedulerConfigSchema })),
    grids: z.array(grid).min(1),
    traces: z.array(trace).min(1),
  })
  .parse(JSON.parse(readFileSync(join(GOLDEN, 'schedulers.json'), 'utf8')));

function create(
  row: { scheduler: string; spacing: z.infer<typeof timestepSpacingSchema>; steps: number },
  strength: number,
  prediction: z.infer<typeof predictionTypeSchema> = 'epsilon',
): Scheduler {
  const variant = table.variants[row.scheduler];
  if (!variant) throw new Error(`no variant ${row.scheduler}`);
  const config = { ...variant.config, timestep_spacing: row.spacing, prediction_type: prediction };
  const name = defaultSchedulerName({ ...variant.config, _class_name: variant.class });
  return createScheduler(name, config, { steps: row.steps, strength, pndmExact: true });
}

const expectNear = (actual: number | undefined, expected: number, tolerance: number): void => {
  expect(Math.abs((actual ?? NaN) - expected)).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected)),
  );
};

describe('grids of diffusers', () => {
  it.each(table.grids)('$scheduler $spacing $steps', (row) => {
    const scheduler = create(row, 1);
    expect(scheduler.timesteps).toHaveLength(row.timesteps.length);
    row.timesteps.forEach((t, i) => expectNear(scheduler.timesteps[i], t, 1e-5));
    const isWhole = row.timesteps.every(Number.isInteger) && scheduler.timesteps.every(Number.isInteger);
    expect(isWhole || scheduler.timestepKind === 'float').toBe(true);
    expect(scheduler.sigmas?.length ?? null).toBe(scheduler.sigmas ? row.sigmas?.length : null);
    row.sigmas?.forEach((sigma, i) => expectNear(scheduler.sigmas?.[i], sigma, 1e-6));
  });
});

describe('loops of diffusers', () => {
  it.each(table.traces)('$scheduler $spacing $prediction $steps', (row) => {
    const scheduler = create(row, row.strength, row.prediction);
    const generator = new TorchGenerator(0);
    const start = scheduler.addNoise(sampleDeter(), noiseDeter(), 0);
    const result = pipelineLoop(scheduler, start, (n) => generator.randn(n));
    // Single values are judged against the size of the picture, sums against its number of values.
    const scale = Math.max(1, row.absSum / 768);
    row.first.forEach((value, i) => expectNear(result[i], value, 2e-5 * scale));
    expectNear(result[767], row.last, 2e-5 * scale);
    expectNear(absoluteSum(result), row.absSum, 1e-5);
    expectNear(signedSum(result) - row.sum, 0, 1e-5 * Math.max(1, row.absSum));
  });
});

describe('recorded img2img runs', () => {
  it.each(goldenCases('sd1', 'sd2').map((golden) => [golden.name, golden] as const))(
    '%s',
    async (name, golden) => {
      const record = await readRecord(name);
      const scheduler = createScheduler(golden.scheduler, golden.exactScheduler, {
        steps: golden.steps,
        strength: golden.strength,
        pndmExact: true,
      });
      expect(scheduler.timesteps).toHaveLength(golden.timesteps.length);
      golden.timesteps.forEach((t, i) => expectNear(scheduler.timesteps[i], t, 1e-5));

      const noise = record['noise'] ?? [];
      const generator = new TorchGenerator(golden.seed);
      // A tiny autoencoder has no posterior to draw from.
      const posterior = record['posterior_noise'];
      expect(posterior === undefined).toBe(name.includes('taesd'));
      if (posterior !== undefined) expect(generator.randn(noise.length)).toEqual(posterior);
      expect(generator.randn(noise.length)).toEqual(noise);
      const start = scheduler.addNoise(
        Float32Array.from(record['encoded_latent'] ?? []),
        Float32Array.from(noise),
        0,
      );
      const expected = record['latents_start'] ?? [];
      expect(start).toHaveLength(expected.length);
      start.forEach((value, i) => expectNear(value, expected[i] ?? NaN, 1e-6));
    },
  );
});
