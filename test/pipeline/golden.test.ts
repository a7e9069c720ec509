/**
 * The whole pipeline against what diffusers' StableDiffusionImg2ImgPipeline computed, with exported ONNX graphs and with graphs that are built
 * from the same weights in safetensors: acceptance bounds 1e-4, 2e-3 and 2/255.
 */
import { describe, expect, it } from 'vitest';
import { goldenCases, goldenModel } from '../support/golden';
import { expectGolden } from '../support/golden-run';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();
const GOLDEN_CASES = goldenCases('sd1', 'sd2');
const CASES = GOLDEN_CASES.map((golden) => [golden.name, golden] as const);

describe('golden cases from diffusers', () => {
  it('covers both models and every scheduler', () => {
    expect(new Set(GOLDEN_CASES.map((golden) => golden.model))).toEqual(new Set(['sd1', 'sd2']));
    expect(new Set(GOLDEN_CASES.map((golden) => golden.scheduler)).size).toBe(10);
  });

  it.each(CASES)('%s with exported graphs', async (_, golden) => {
    await expectGolden(golden);
  });

  it.each(CASES)('%s from safetensors', async (_, golden) => {
    await expectGolden(golden, { settings: { model: goldenModel(golden.model) } });
  });
});
