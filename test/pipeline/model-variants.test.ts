/** Exports as different publishers make them: half precision, int32 ids, external data, fixed sizes (test/golden/README.md). */
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../main/engine/image/read';
import { maxDifference, readCase, readRecord, withFolder } from '../support/golden';
import { INPUT_64, INPUT_96X64, meanDifference, readPixels } from '../support/pictures';
import { runJob } from '../support/run-job';
import { smallJob } from '../support/settings';

/** A golden case with another export of its model: pixels, and what diffusers made of the original. */
async function goldenWith(name: string, model: string): Promise<{ rgb: Buffer; image: ArrayLike<number> }> {
  const golden = readCase(name);
  const settings = { ...golden.settings, model: smallJob({ model }).model };
  return withFolder(async (folder) => {
    const { report } = await runJob({
      folder,
      inputPath: golden.inputPath,
      settings,
      context: { exact: { schedulerConfig: golden.exactScheduler, pndm: true, prompt: true } },
    });
    const { rgb } = await readPicture(report.outputs[0]?.path ?? '');
    return { rgb, image: (await readRecord(name))['image'] ?? [] };
  });
}

async function pixelsOf(
  model: string,
  inputPath: string,
  changes: Parameters<typeof smallJob>[0] = {},
): Promise<Buffer> {
  return withFolder(async (folder) => {
    const { report } = await runJob({ folder, inputPath, settings: smallJob({ ...changes, model }) });
    return (await readPixels(report.outputs[0]?.path ?? '')).data;
  });
}

describe('float16 weights, inputs and outputs', () => {
  it.each(['sd1-ddim', 'sd1-euler', 'sd1-pndm'])(
    'stay within 8/255 of diffusers in float32: %s',
    async (name) => {
      const { rgb, image } = await goldenWith(name, 'sd1-fp16-onnx');
      expect(maxDifference(rgb, image)).toBeLessThanOrEqual(8);
    },
  );
});

describe('int32 ids, int64 timestep, external data, the mean instead of a sample', () => {
  it.each(['sd1-ddim', 'sd1-euler'])('stays within 20/255 of diffusers, 1.5 on average: %s', async (name) => {
    const { rgb, image } = await goldenWith(name, 'sd1-mixed-onnx');
    expect(maxDifference(rgb, image)).toBeLessThanOrEqual(20);
    expect(meanDifference(rgb, image)).toBeLessThanOrEqual(1.5);
  });
});

describe('a graph fixed to 64 × 64 and batch 1', () => {
  it('equals the dynamic one within 2/255, guided and not', async () => {
    for (const guidance of [1, 5]) {
      const dynamic = await pixelsOf('sd1-onnx', INPUT_64, { guidance });
      const fixed = await pixelsOf('sd1-static-onnx', INPUT_64, { guidance });
      expect(maxDifference(fixed, dynamic)).toBeLessThanOrEqual(2);
    }
  });

  it('says at which size it works', async () => {
    await expect(pixelsOf('sd1-static-onnx', INPUT_96X64)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('works only at 64x64, not at 96x64'),
    });
    expect(await pixelsOf('sd1-static-onnx', INPUT_96X64, { size: { width: 64, height: 64 } })).toHaveLength(
      96 * 64 * 3,
    );
  });

  it('refuses a prompt of two chunks in words', async () => {
    const prompt = 'a very long red house '.repeat(30);
    await expect(pixelsOf('sd1-static-onnx', INPUT_64, { prompt })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('at most 75 tokens'),
    });
  });
});

describe('long and weighted prompts', () => {
  const HOUSE = 'a red house by the sea';

  it('what stands after the first 75 tokens still counts', async () => {
    const long = `${HOUSE}, `.repeat(20);
    const other = await pixelsOf('sd1-onnx', INPUT_64, { prompt: `${long} at night` });
    expect(other.equals(await pixelsOf('sd1-onnx', INPUT_64, { prompt: long }))).toBe(false);
  });

  it('a long negative prompt goes with a short prompt', async () => {
    const data = await pixelsOf('sd1-onnx', INPUT_64, { negativePrompt: 'blurry, '.repeat(60) });
    expect(data.equals(await pixelsOf('sd1-onnx', INPUT_64))).toBe(false);
  });

  it('weights change the picture, and a weight of 1 does not', async () => {
    const plain = await pixelsOf('sd1-onnx', INPUT_64, { prompt: HOUSE });
    const heavy = await pixelsOf('sd1-onnx', INPUT_64, { prompt: 'a (red house:1.4) by the sea' });
    const light = await pixelsOf('sd1-onnx', INPUT_64, { prompt: 'a [red house] by the sea' });
    expect(heavy.equals(plain)).toBe(false);
    expect(light.equals(plain)).toBe(false);
    expect(light.equals(heavy)).toBe(false);
    expect(
      (await pixelsOf('sd1-onnx', INPUT_64, { prompt: 'a (red house:1) by the sea' })).equals(plain),
    ).toBe(true);
  });
});
