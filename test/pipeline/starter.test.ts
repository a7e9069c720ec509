/** What only a trained model can show: the bundled starter model follows the sketch, the words, the negative prompt and the guidance. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { generationSettingsSchema, type GenerationSettings } from '../../shared/generation';
import { readPicture } from '../../main/engine/image/read';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { starterModelPath } from '../../main/engine/model/starter-path';
import { runJob } from '../support/run-job';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const SIZE = { width: 256, height: 256 };
const PLACE = 'a red house by a lake in the mountains';
/** High enough that the words win over the drawing. */
const STRENGTH = 0.8;

let folder = '';
let sketch = '';
/** A grey sheet: what is painted on it comes from the words alone. */
let blank = '';
const models = new ModelCache();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'underpaint-starter-'));
  sketch = join(starterModelPath(), 'sketch.png');
  blank = join(folder, 'blank.png');
  await sharp({ create: { ...SIZE, channels: 3, background: { r: 170, g: 170, b: 170 } } }).toFile(blank);
});

afterAll(async () => {
  await models.release();
  await rm(folder, { recursive: true, force: true });
});

let painted = 0;

/** RGB bytes of the sketch or another picture, painted with these words. */
async function paint(
  prompt: string,
  seed: number,
  more: Partial<GenerationSettings> = {},
  inputPath = sketch,
): Promise<Uint8Array> {
  painted += 1;
  const settings = { prompt, seed, size: SIZE, device: 'cpu', strength: STRENGTH, ...more };
  const { report } = await runJob({
    folder,
    inputPath,
    name: `painted-${painted}`,
    settings: generationSettingsSchema.parse(settings),
    context: { models },
  });
  return (await readPicture(report.outputs[0]?.path ?? '')).rgb;
}

/** Brightness of every pixel: Rec. 709 weights on sRGB values, 0 … 255. */
const brightness = (rgb: Uint8Array): Float64Array =>
  Float64Array.from({ length: rgb.length / 3 }, (_, i) => {
    const [r, g, b] = rgb.subarray(3 * i, 3 * i + 3);
    return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
  });

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

const light = (rgb: Uint8Array): number => mean(brightness(rgb));

/** Mean of red less blue in the lower half, where the ground is: -255 … 255. */
const warmthOfGround = (rgb: Uint8Array): number => {
  const ground = rgb.subarray(rgb.length / 2);
  let sum = 0;
  for (let i = 0; i < ground.length; i += 3) sum += (ground[i] ?? 0) - (ground[i + 2] ?? 0);
  return (3 * sum) / ground.length;
};

/** Two kinds of pictures, seed by seed: the measure must differ the same way for each seed, and on average by more than five standard errors. */
async function expectMore(
  measure: (rgb: Uint8Array) => number,
  more: (seed: number) => Promise<Uint8Array>,
  less: (seed: number) => Promise<Uint8Array>,
  seeds: readonly number[] = SEEDS,
): Promise<void> {
  const differences: number[] = [];
  for (const seed of seeds) differences.push(measure(await more(seed)) - measure(await less(seed)));
  expect(Math.min(...differences)).toBeGreaterThan(0);
  expect(mean(differences)).toBeGreaterThan((5 * deviation(differences)) / Math.sqrt(differences.length));
}

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
  it('paints the night darker than the day', () =>
    expectMore(
      light,
      (seed) => paint(`${PLACE}, day`, seed),
      (seed) => paint(`${PLACE}, night`, seed),
    ));

  it('paints the desert warmer than snow', () =>
    expectMore(
      warmthOfGround,
      (seed) => paint('sand dunes, desert, day, flat', seed, {}, blank),
      (seed) => paint('snow, winter, day, flat', seed, {}, blank),
    ));

  it('keeps away from the word in the negative prompt', () =>
    expectMore(
      light,
      (seed) => paint(PLACE, seed, { negativePrompt: 'night' }),
      (seed) => paint(PLACE, seed, { negativePrompt: 'day' }),
      SEEDS.slice(0, 4),
    ));

  it('follows the words more closely with more guidance', () =>
    expectMore(
      light,
      (seed) => paint(`${PLACE}, night`, seed, { guidance: 1 }),
      (seed) => paint(`${PLACE}, night`, seed, { guidance: 5 }),
      SEEDS.slice(0, 4),
    ));

  it('lets the sketch show through', async () => {
    const drawn = brightness((await readPicture(sketch)).rgb);
    const result = brightness(await paint(`${PLACE}, day`, 1, { strength: 0.4 }));
    expect(correlation(drawn, result)).toBeGreaterThan(0.5);
  });
});
