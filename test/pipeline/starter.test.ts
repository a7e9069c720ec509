/** What only a trained model can show: the bundled starter model follows the sketch and the words. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generationSettingsSchema } from '../../shared/generation';
import { readPicture } from '../../main/engine/image/read';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { starterModelPath } from '../../main/engine/model/starter-path';
import { runJob } from '../support/run-job';

const SEEDS = [1, 2, 3] as const;
const SIZE = { width: 256, height: 256 };

let folder = '';
const models = new ModelCache();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'underpaint-starter-'));
});

afterAll(async () => {
  await models.release();
  await rm(folder, { recursive: true, force: true });
});

/** Brightness of every pixel (Rec. 709 weights on sRGB values, 0 … 255) of the sketch painted with these words. */
async function paint(prompt: string, seed: number): Promise<Float64Array> {
  const { report } = await runJob({
    folder,
    inputPath: join(starterModelPath(), 'sketch.png'),
    name: `${prompt.replaceAll(/\W+/g, '-')}-${seed}`,
    settings: generationSettingsSchema.parse({ prompt, seed, size: SIZE, device: 'cpu' }),
    context: { models },
  });
  return brightness(report.outputs[0]?.path ?? '');
}

async function brightness(path: string): Promise<Float64Array> {
  const { rgb } = await readPicture(path);
  return Float64Array.from({ length: rgb.length / 3 }, (_, i) => {
    const [r, g, b] = rgb.subarray(3 * i, 3 * i + 3);
    return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
  });
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Pearson's correlation of two pictures' brightness. */
function correlation(a: Float64Array, b: Float64Array): number {
  const meanA = mean(a);
  const meanB = mean(b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i += 1) {
    const da = (a[i] ?? 0) - meanA;
    const db = (b[i] ?? 0) - meanB;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return ab / Math.sqrt(aa * bb);
}

describe('the bundled starter model', () => {
  it.each(SEEDS)('paints the night darker than the day, seed %i', async (seed) => {
    const words = 'a red house by a lake in the mountains';
    const day = mean(await paint(`${words}, day`, seed));
    const night = mean(await paint(`${words}, night`, seed));
    expect(night).toBeLessThan(day - 40);
  });

  it.each(SEEDS)('lets the sketch show through, seed %i', async (seed) => {
    const sketch = await brightness(join(starterModelPath(), 'sketch.png'));
    const painted = await paint('a red house by a lake in the mountains, day', seed);
    expect(correlation(sketch, painted)).toBeGreaterThan(0.5);
  });

  it('snow is lighter than a clear day', async () => {
    const words = 'mountains and hills';
    const clear = mean(await paint(`${words}, clear, day`, 4));
    const snow = mean(await paint(`${words}, snow, day`, 4));
    expect(snow).toBeGreaterThan(clear);
  });
});
