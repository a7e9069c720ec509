/** The parts of Flux built from safetensors against what diffusers recorded for them, on the CPU; WebGPU: components.test.ts. */
import { describe, expect, it } from 'vitest';
import {
  differenceFromRecord,
  graphPath,
  largestValue,
  readComponentRecord,
  runOnRecord,
} from '../../support/checkpoint';
import { goldenModel, maxDifference } from '../../support/golden';
import { copyInHalf } from '../../support/single-file';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const FLOAT32 = 1e-4;
/** Largest difference from the same rounded numbers in float32. */
const HALF = 5e-3;
/** Largest difference from the unrounded model, as a share of the largest output: rounding alone explains it. */
const ROUNDING = { F16: 1e-2, BF16: 1e-1 } as const;

const EVERY = [
  ['flux-schnell', 'text_encoder'],
  ['flux-schnell', 'text_encoder_2'],
  ['flux-schnell', 'transformer'],
  ['flux-schnell', 'vae_encoder'],
  ['flux-schnell', 'vae_decoder'],
  ['flux-dev', 'transformer'],
] as const;

describe('components of Flux in float32', () => {
  it.each(EVERY)('%s %s on the CPU', async (model, component) => {
    const path = await graphPath(goldenModel(model), component, 'cpu');
    const record = await readComponentRecord(model, component);
    expect(await differenceFromRecord(path, 'cpu', record)).toBeLessThan(FLOAT32);
  });
});

describe.each(['F16', 'BF16'] as const)('components of Flux in %s', (dtype) => {
  it.each(EVERY)('%s %s', async (model, component) => {
    const copies = await copyInHalf(model, temporaryFolder(), dtype);
    const record = await readComponentRecord(model, component);
    const float = await runOnRecord(await graphPath(copies.float, component, 'cpu'), 'cpu', record);
    const half = await runOnRecord(await graphPath(copies.half, component, 'cpu'), 'cpu', record);
    for (const [name, { data }] of Object.entries(float)) {
      const same = half[name]?.data ?? [];
      expect(maxDifference(same, data), name).toBeLessThan(HALF);
      const far = maxDifference(same, record[name]?.data ?? []);
      expect(far / largestValue(float)).toBeLessThan(ROUNDING[dtype]);
      expect(far, 'the weights are really rounded').toBeGreaterThan(0);
    }
  });
});
