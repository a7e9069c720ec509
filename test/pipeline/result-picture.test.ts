/** The pixel contract: upright, the input's size, its alpha, and at strength 0 its very pixels. */
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../main/engine/image/read';
import type { GenerationSettings } from '../../shared/generation';
import type { JobProgress, JobReport } from '../../shared/job';
import { withFolder } from '../support/golden';
import {
  fixture,
  meanDifference,
  readPixels,
  sha256OfPixels,
  texture,
  writePng,
  type Pixels,
} from '../support/pictures';
import { runJob } from '../support/run-job';
import { smallJob } from '../support/settings';

interface Made {
  readonly pixels: Pixels;
  readonly sha256: string;
  readonly report: JobReport;
  readonly progress: readonly JobProgress[];
}

async function make(
  folder: string,
  inputPath: string,
  changes: Partial<GenerationSettings> = {},
): Promise<Made> {
  const { report, progress } = await runJob({ folder, inputPath, settings: smallJob(changes) });
  const path = report.outputs[0]?.path ?? '';
  return { pixels: await readPixels(path), sha256: await sha256OfPixels(path), report, progress };
}

describe('all eight orientations of one photo', () => {
  it.each(['png', 'tif', 'webp'])('give the same result (%s)', async (extension) => {
    const results = new Set<string>();
    for (let orientation = 1; orientation <= 8; orientation += 1) {
      const { report, sha256 } = await withFolder((folder) =>
        make(folder, fixture(`orientation-${orientation}.${extension}`), { steps: 2 }),
      );
      expect(report.input).toMatchObject({ width: 48, height: 32, orientation });
      expect(report.outputs[0]).toMatchObject({ width: 48, height: 32 });
      results.add(sha256);
    }
    expect(results.size).toBe(1);
  });

  it('give nearly the same result as JPEG, which stores each of them with its own losses', async () => {
    const results: Pixels[] = [];
    for (let orientation = 1; orientation <= 8; orientation += 1) {
      const { pixels } = await withFolder((folder) =>
        make(folder, fixture(`orientation-${orientation}.jpg`), { steps: 4, strength: 0.25 }),
      );
      expect([pixels.width, pixels.height]).toEqual([48, 32]);
      results.push(pixels);
    }
    const [first] = results;
    const mirrored = await sharp(first?.data ?? Buffer.alloc(0), {
      raw: { width: 48, height: 32, channels: 3 },
    })
      .flop()
      .raw()
      .toBuffer();
    const apart = meanDifference(mirrored, first?.data ?? []);
    for (const { data } of results) {
      expect(meanDifference(data, first?.data ?? [])).toBeLessThan(apart / 4);
    }
  });
});

describe('the result has the size of the upright input', () => {
  const files = [
    'alpha.png',
    'cmyk.jpg',
    'cmyk.tif',
    'rgb-16.png',
    'grey-16.png',
    'p3.jpg',
    'one-pixel.png',
    'palette.png',
    'photo.gif',
    'photo.avif',
  ];
  it.each(files)('%s', async (name) => {
    const input = await readPicture(fixture(name));
    const { pixels, report } = await withFolder((folder) => make(folder, fixture(name), { steps: 2 }));
    expect([pixels.width, pixels.height]).toEqual([input.width, input.height]);
    expect(report.outputs[0]).toMatchObject({ width: input.width, height: input.height });
  });

  const sizes: [number, number][] = [
    [1, 1],
    [8000, 40],
    [511, 837],
    [63, 65],
  ];
  it.each(sizes)('%i × %i', async (width, height) => {
    await withFolder(async (folder) => {
      const input = await writePng(join(folder, 'input.png'), width, height, texture(width, height));
      for (const fit of ['crop', 'pad', 'stretch'] as const) {
        const { pixels } = await make(folder, input, { steps: 2, fit, size: { width: 64, height: 64 } });
        expect([pixels.width, pixels.height]).toEqual([width, height]);
      }
      const { pixels } = await make(folder, input, { steps: 2 });
      expect([pixels.width, pixels.height]).toEqual([width, height]);
    });
  });
});

describe('alpha', () => {
  it.each(['alpha.png', 'alpha.webp', 'grey-alpha.png', 'rgba-16.png', 'palette-clear.png'])(
    'of %s comes back',
    async (name) => {
      const input = await readPicture(fixture(name));
      const { pixels } = await withFolder((folder) => make(folder, fixture(name), { steps: 2 }));
      expect(pixels.channels).toBe(4);
      expect(
        Buffer.from(pixels.data.filter((_, i) => i % 4 === 3)).equals(input.alpha ?? Buffer.alloc(0)),
      ).toBe(true);
    },
  );

  it('is left out of JPEG, which has none', async () => {
    const { pixels } = await withFolder((folder) =>
      make(folder, fixture('alpha.png'), { steps: 2, format: 'jpg' }),
    );
    expect(pixels.channels).toBe(3);
  });
});

describe('strength 0', () => {
  it('gives back every colour under every transparency, and runs no stage', async () => {
    await withFolder(async (folder) => {
      const side = 256;
      const rgba = Buffer.alloc(side * side * 4);
      for (let i = 0; i < side * side; i += 1) {
        rgba.set([i % 256, (i * 7) % 256, (i * 31) % 256, Math.floor(i / side)], 4 * i);
      }
      const input = await writePng(join(folder, 'input.png'), side, side, rgba);
      const { pixels, report, progress } = await make(folder, input, { strength: 0 });
      expect(pixels.data.equals(rgba)).toBe(true);
      expect(progress.filter((event) => event.kind !== 'notice')).toEqual([]);
      expect(report.stepsRun).toBe(0);
      expect(report.stages.map((stage) => [stage.stage, stage.device, stage.ms])).toEqual([
        ['encode', 'none', 0],
        ['generate', 'none', 0],
        ['decode', 'none', 0],
      ]);
    });
  });

  it.each(['upright.png', 'odd.png', 'grey.png', 'one-pixel.png', 'palette.png'])(
    'gives back the pixels of %s',
    async (name) => {
      const input = await readPicture(fixture(name));
      const { pixels } = await withFolder((folder) =>
        make(folder, fixture(name), { strength: 0, size: { width: 64, height: 64 } }),
      );
      expect([pixels.width, pixels.height, pixels.channels]).toEqual([input.width, input.height, 3]);
      expect(pixels.data.equals(input.rgb)).toBe(true);
    },
  );

  it.each([2, 3, 4, 5, 6, 7, 8])('gives back orientation %i upright', async (orientation) => {
    const upright = await readPixels(fixture('upright.png'));
    const { pixels } = await withFolder((folder) =>
      make(folder, fixture(`orientation-${orientation}.png`), { strength: 0 }),
    );
    expect(pixels.data.equals(upright.data)).toBe(true);
  });
});
