/**
 * Checkpoints in float16 and bfloat16, computed in float32: what diffusers computes with the same rounded weights, and close to the float32 model.
 */
import { describe, expect, it } from 'vitest';
import { SD_COMPONENTS, type Component } from '../../../main/engine/model/component';
import { graphPath, largestValue, readComponentRecord, runOnRecord } from '../../support/checkpoint';
import { maxDifference } from '../../support/golden';
import { copyInHalf } from '../../support/single-file';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

/** Largest difference from the same rounded numbers in float32. */
const SAME_NUMBERS = 5e-3;
/** Largest difference from the unrounded model, as a share of the largest output: rounding alone explains it. */
const ROUNDING = { F16: 1e-2, BF16: 1e-1 } as const;

const PARTS = {
  sd1: SD_COMPONENTS,
  sd2: SD_COMPONENTS,
  // Its autoencoder is sd1's.
  sdxl: ['text_encoder', 'text_encoder_2', 'unet'],
} as const;

describe.each(['F16', 'BF16'] as const)('%s', (dtype) => {
  describe.each(['sd1', 'sd2', 'sdxl'] as const)('%s', (model) => {
    it.each<Component>(PARTS[model])('%s', async (component) => {
      const copies = await copyInHalf(model, temporaryFolder(), dtype);
      const record = await readComponentRecord(model, component);
      const float = await runOnRecord(await graphPath(copies.float, component, 'cpu'), 'cpu', record);
      // WebGPU on a software driver takes seconds per session; casts are folded before a provider sees them, so one component proves it.
      const providers =
        component === 'unet' && model === 'sd1' ? (['cpu', 'webgpu'] as const) : (['cpu'] as const);
      for (const provider of providers) {
        const half = await runOnRecord(await graphPath(copies.half, component, provider), provider, record);
        for (const [name, { data }] of Object.entries(float)) {
          const same = half[name]?.data ?? [];
          expect(maxDifference(same, data), `${name} on ${provider}`).toBeLessThan(SAME_NUMBERS);
          const far = maxDifference(same, record[name]?.data ?? []);
          expect(far / largestValue(float), provider).toBeLessThan(ROUNDING[dtype]);
          expect(far, 'the weights are really rounded').toBeGreaterThan(0);
        }
      }
    });
  });
});
