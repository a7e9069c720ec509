/** Every component from weights in float16 and bfloat16 against what diffusers recorded with the same half-precision weights; WebGPU: components.test.ts. */
import { describe, expect, it } from 'vitest';
import {
  graphPath,
  largestDifference,
  readHalfRecord,
  HALF_RECORDED,
  modelOfRecord,
  runOnRecord,
} from '../../support/checkpoint';
import { copyInHalf } from '../../support/single-file';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const HALF = 5e-3;

describe.each([
  ['F16', 'BF16'],
  ['BF16', 'F16'],
] as const)('%s', (dtype, other) => {
  it.each(HALF_RECORDED)('%s %s', async (model, component) => {
    const { half: copy } = await copyInHalf(modelOfRecord(model), temporaryFolder(), dtype);
    const { inputs, outputs } = await readHalfRecord(model, component);
    const results = await runOnRecord(await graphPath(copy, component, 'cpu'), 'cpu', inputs);
    const difference = largestDifference(results, outputs[dtype]);
    expect(difference).toBeLessThan(HALF);
    // The two kinds of rounding are told apart: the weights that count are these.
    expect(difference).toBeLessThan(largestDifference(results, outputs[other]) / 2);
  });
});
