/**
 * Checkpoints in float16 and bfloat16, computed in float32: what diffusers computes with the same rounded weights, and close to the float32 model.
 */
import { describe, expect, it } from 'vitest';
import { COMPONENTS } from '../../../main/engine/model/component';
import {
  differenceFromRecord,
  graphPath,
  largestValue,
  readComponentRecord,
  runOnRecord,
} from '../../support/checkpoint';
import { maxDifference } from '../../support/golden';
import { copyInHalf } from '../../support/single-file';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

/** Largest difference from the same rounded numbers in float32. */
const SAME_NUMBERS = 5e-3;
/** Largest difference from the unrounded model, as a share of the largest output: rounding alone explains it. */
const ROUNDING = { F16: 1e-2, BF16: 1e-1 } as const;

describe.each(['F16', 'BF16'] as const)('%s', (dtype) => {
  describe.each(['sd1', 'sd2'] as const)('%s', (model) => {
    it.each(COMPONENTS)('%s', async (component) => {
      const copies = await copyInHalf(model, temporaryFolder(), dtype);
      const record = await readComponentRecord(model, component);
      const float = await runOnRecord(await graphPath(copies.float, component, 'cpu'), 'cpu', record);
      for (const provider of ['cpu', 'webgpu'] as const) {
        const path = await graphPath(copies.half, component, provider);
        const half = await runOnRecord(path, provider, record);
        for (const [name, { data }] of Object.entries(float)) {
          expect(maxDifference(half[name]?.data ?? [], data), `${name} on ${provider}`).toBeLessThan(
            SAME_NUMBERS,
          );
        }
        const far = await differenceFromRecord(path, provider, record);
        expect(far / largestValue(float), provider).toBeLessThan(ROUNDING[dtype]);
        expect(far, 'the weights are really rounded').toBeGreaterThan(0);
      }
    });
  });
});
