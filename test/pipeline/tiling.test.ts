/** Tiled encode and decode: right sizes, the same every time, close to the whole, and no seam where tiles meet. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planTiles } from '../../main/engine/latents/tiling';
import { ASKED_TILE_PX } from '../../main/placement/planner';
import type { GenerationSettings } from '../../shared/generation';
import type { JobProgress, JobReport } from '../../shared/job';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import {
  meanDifference,
  readPixels,
  sha256OfFile,
  texture,
  writePng,
  type Pixels,
} from '../support/pictures';
import { runJob } from '../support/run-job';
import { smallJob } from '../support/settings';

const WIDTH = 768;
const HEIGHT = 512;

interface Made {
  readonly pixels: Pixels;
  readonly report: JobReport;
  readonly progress: readonly JobProgress[];
  readonly sha256: string;
}

let folder: string;
let whole: Made;
let tiled: Made;

async function make(name: string, tiling: GenerationSettings['tiling']): Promise<Made> {
  const input = await writePng(join(folder, 'input.png'), WIDTH, HEIGHT, texture(WIDTH, HEIGHT));
  const settings = smallJob({
    tiling,
    guidance: 1,
    steps: 4,
    strength: 0.25,
    size: { width: WIDTH, height: HEIGHT },
  });
  const { report, progress } = await runJob({ folder: join(folder, name), inputPath: input, settings });
  const path = report.outputs[0]?.path ?? '';
  return { pixels: await readPixels(path), report, progress, sha256: await sha256OfFile(path) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'underpaint-test-'));
  whole = await make('whole', 'off');
  tiled = await make('tiled', 'on');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Mean step between the columns x−1 and x. */
function step({ data, width, height, channels }: Pixels, x: number): number {
  let sum = 0;
  for (let y = 0; y < height; y += 1) {
    for (let c = 0; c < channels; c += 1) {
      const at = (y * width + x) * channels + c;
      sum += Math.abs((data[at] ?? 0) - (data[at - channels] ?? 0));
    }
  }
  return sum / (height * channels);
}

describe(`${WIDTH} × ${HEIGHT} in tiles`, () => {
  it('says which stages were tiled, and counts their tiles', () => {
    expect(whole.report.stages.map((stage) => stage.tiled)).toEqual([false, false, false]);
    expect(tiled.report.stages.map((stage) => stage.tiled)).toEqual([true, false, true]);
    const count = planTiles(WIDTH, ASKED_TILE_PX).length;
    expect(count).toBe(2);
    for (const stage of ['encode', 'decode']) {
      const tiles = tiled.progress.flatMap((event) =>
        event.kind === 'tile' && event.stage === stage ? [event] : [],
      );
      expect(tiles.map((event) => [event.tile, event.of])).toEqual([
        [1, count],
        [2, count],
      ]);
    }
  });

  it('has the right size and is the same every time', async () => {
    expect([tiled.pixels.width, tiled.pixels.height]).toEqual([WIDTH, HEIGHT]);
    expect((await make('again', 'on')).sha256).toBe(tiled.sha256);
  });

  it('stays near the picture made as a whole', () => {
    // This tiny VAE's random attention looks at all of the picture, so a tile cannot equal it; it must be far nearer than the input is.
    const toInput = meanDifference(whole.pixels.data, texture(WIDTH, HEIGHT));
    expect(meanDifference(tiled.pixels.data, whole.pixels.data)).toBeLessThan(toInput / 2);
  });

  it('shows no seam where tiles begin and end', () => {
    const [first, second] = planTiles(WIDTH, ASKED_TILE_PX);
    const borders = [second?.start ?? 0, (first?.start ?? 0) + (first?.length ?? 0)];
    expect(borders.every((x) => x > 0 && x < WIDTH)).toBe(true);
    const elsewhere: number[] = [];
    for (let x = 8; x < WIDTH; x += 8) if (!borders.includes(x)) elsewhere.push(step(tiled.pixels, x));
    const median = elsewhere.sort((one, other) => one - other)[Math.floor(elsewhere.length / 2)] ?? 0;
    for (const x of borders) expect(step(tiled.pixels, x)).toBeLessThan(1.5 * median);
  });
});
