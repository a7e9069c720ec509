/** Masks: outside them every bit is the input's; inside a new picture; soft edges; resumed, reported, with endpoints. */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { readPicture } from '../../main/engine/image/read';
import { readSettings } from '../../main/engine/image/read-settings';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { generationSettingsSchema, type GenerationSettings } from '../../shared/generation';
import { networkSettingsSchema } from '../../shared/network';
import type { JobReport } from '../../shared/job';
import { boxMask } from '../support/masks';
import {
  meanDifference,
  fixture,
  INPUT_64,
  INPUT_96X64,
  readPixels,
  sha256OfFile,
  texture,
  writePng,
} from '../support/pictures';
import { runJob, type RunOptions, type RunResult } from '../support/run-job';
import { accessTo, serveModel } from '../support/served';
import { wholeVariant } from '../support/sd1-variants';
import { smallJob } from '../support/settings';
import { temporaryFolder } from '../support/temporary-folder';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();
/** Keeps sessions open over all tests of this file. */
const shared = new ModelCache();
afterAll(() => shared.release());

const maskSettings = (mask: Partial<GenerationSettings['mask']>): GenerationSettings['mask'] =>
  generationSettingsSchema.parse({ prompt: '', mask }).mask;

interface Wanted extends Partial<Omit<RunOptions, 'settings'>> {
  readonly settings?: Partial<GenerationSettings>;
}

const run = ({ settings = {}, ...options }: Wanted): Promise<RunResult> =>
  runJob({
    folder: temporaryFolder(),
    inputPath: INPUT_64,
    ...options,
    settings: smallJob({ steps: 2, strength: 1, ...settings }),
    context: { models: shared, ...options.context },
  });

const resultOf = ({ report }: { report: JobReport }): string => report.outputs[0]?.path ?? '';

/** How many pixels differ where the mask is black, and by how much on average where it is white. */
async function compare(
  result: RunResult,
  inputPath: string,
  maskPath: string,
): Promise<{ outside: number; inside: number }> {
  const unchanged = await readPixels(resultOf(await run({ inputPath, settings: { strength: 0 } })));
  const made = await readPixels(resultOf(result));
  expect([made.width, made.height, made.channels]).toEqual([
    unchanged.width,
    unchanged.height,
    unchanged.channels,
  ]);
  const mask = (await readPicture(maskPath)).rgb;
  let outside = 0;
  let [sum, count] = [0, 0];
  for (let i = 0; i < made.width * made.height; i += 1) {
    const at = i * made.channels;
    let difference = 0;
    for (let c = 0; c < made.channels; c += 1) {
      difference += Math.abs((made.data[at + c] ?? 0) - (unchanged.data[at + c] ?? 0));
    }
    if (mask[3 * i] === 0) outside += difference > 0 ? 1 : 0;
    else {
      sum += difference;
      count += 1;
    }
  }
  return { outside, inside: sum / count };
}

describe('outside the mask every bit is that of the input', () => {
  const pictures = [
    'odd.png',
    'alpha.png',
    'rgb-16.png',
    'rgba-16.png',
    'grey-16.png',
    'grey-alpha.png',
    'p3.png',
    'palette-clear.png',
    'orientation-6.png',
  ];
  it.each(pictures)('%s, for every way of fitting it', async (name) => {
    const inputPath = fixture(name);
    const maskPath = await boxMask(join(temporaryFolder(), 'mask.png'), await readPicture(inputPath));
    const ways: Partial<GenerationSettings>[] = [
      {},
      { mask: maskSettings({ blurPx: 0, area: 'masked', paddingPx: 3 }) },
      { size: { width: 64, height: 64 }, fit: 'crop' },
      { size: { width: 64, height: 64 }, fit: 'pad', scheduler: 'euler-ancestral' },
    ];
    for (const settings of ways) {
      const { outside, inside } = await compare(
        await run({ inputPath, maskPath, settings }),
        inputPath,
        maskPath,
      );
      expect(outside).toBe(0);
      expect(inside).toBeGreaterThan(1);
    }
  });

  it('at an odd size that is no multiple of anything, in the result the input is the input', async () => {
    const folder = temporaryFolder();
    const inputPath = await writePng(join(folder, 'input.png'), 157, 91, texture(157, 91));
    const maskPath = await boxMask(join(folder, 'mask.png'), { width: 157, height: 91 });
    const result = await run({ inputPath, maskPath });
    expect(await compare(result, inputPath, maskPath)).toMatchObject({ outside: 0 });
    const [input, made] = [texture(157, 91), await readPixels(resultOf(result))];
    expect(made.data.subarray(0, 3 * 157 * 20).equals(input.subarray(0, 3 * 157 * 20))).toBe(true);
  });

  it('with a model that was made for masks too', async () => {
    const model = await wholeVariant('inpaint', temporaryFolder());
    const maskPath = await boxMask(join(temporaryFolder(), 'mask.png'), { width: 96, height: 64 });
    const result = await run({ inputPath: INPUT_96X64, maskPath, settings: { model, strength: 0.9 } });
    const { outside, inside } = await compare(result, INPUT_96X64, maskPath);
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(1);
  });
});

describe('the edge', () => {
  it('is soft inside the mask: the change grows from there', async () => {
    const maskPath = await boxMask(
      join(temporaryFolder(), 'mask.png'),
      { width: 64, height: 64 },
      [0.125, 0.875],
    );
    const hard = await run({ maskPath, settings: { mask: maskSettings({ blurPx: 0 }) } });
    const soft = await run({ maskPath, settings: { mask: maskSettings({ blurPx: 12 }) } });
    const [input, one, other] = await Promise.all([INPUT_64, resultOf(hard), resultOf(soft)].map(readPixels));
    // Along a row in the middle: the share of the whole change that shows, from the mask's left edge on.
    const shareAt = (x: number): number => {
      let [part, all] = [0, 0];
      for (let y = 28; y < 36; y += 1) {
        for (let c = 0; c < 3; c += 1) {
          const at = 3 * (y * 64 + x) + c;
          part += Math.abs((other?.data[at] ?? 0) - (input?.data[at] ?? 0));
          all += Math.abs((one?.data[at] ?? 0) - (input?.data[at] ?? 0));
        }
      }
      return part / all;
    };
    expect(shareAt(8)).toBeCloseTo(1 / 13, 1);
    expect(shareAt(14)).toBeCloseTo(7 / 13, 1);
    expect(shareAt(32)).toBe(1);
  });

  it('grey of the mask mixes', async () => {
    const folder = temporaryFolder();
    const grey = await writePng(join(folder, 'grey.png'), 64, 64, Buffer.alloc(3 * 64 * 64, 153));
    const settings = { mask: maskSettings({ blurPx: 0 }), strength: 0.5 };
    const whole = await readPixels(resultOf(await run({ settings })));
    const mixed = await readPixels(resultOf(await run({ settings, maskPath: grey })));
    const input = await readPixels(INPUT_64);
    const expected = input.data.map((value, i) => Math.round(value + ((whole.data[i] ?? 0) - value) * 0.6));
    expect(meanDifference(mixed.data, expected)).toBeLessThan(0.01);
  });
});

describe('what masks may look like', () => {
  const box = (folder: string): Promise<string> =>
    boxMask(join(folder, 'mask.png'), { width: 64, height: 64 }, [0.25, 0.75]);

  it('white all over is no mask, and that is said', async () => {
    const folder = temporaryFolder();
    const white = await writePng(join(folder, 'white.png'), 64, 64, Buffer.alloc(3 * 64 * 64, 255));
    const masked = await run({ maskPath: white });
    expect(masked.report.notices.join()).toContain('The mask is white all over');
    expect(masked.report.mask).toBeNull();
    expect(await sha256OfFile(resultOf(masked))).toBe(await sha256OfFile(resultOf(await run({}))));
  });

  it('grey or with transparency, of half and of twice the size, all mean the same', async () => {
    const folder = temporaryFolder();
    const path = await box(folder);
    const make = async (name: string, change: (image: Sharp) => Sharp): Promise<string> => {
      await change(sharp(path)).toFile(join(folder, name));
      return join(folder, name);
    };
    const white = Buffer.alloc(64 * 64 * 4, 255);
    const { rgb } = await readPicture(path);
    for (let i = 0; i < 64 * 64; i += 1) white[4 * i + 3] = rgb[3 * i] ?? 0;
    const others = [
      await make('grey.webp', (image) => image.toColourspace('b-w').webp({ lossless: true })),
      await make('half.png', (image) => image.resize(32, 32, { kernel: 'nearest' })),
      await make('twice.png', (image) => image.resize(128, 128, { kernel: 'nearest' })),
      await writePng(join(folder, 'clear.png'), 64, 64, white),
    ];
    const expected = (await readPixels(resultOf(await run({ maskPath: path })))).data;
    for (const maskPath of others) {
      expect((await readPixels(resultOf(await run({ maskPath })))).data.equals(expected), maskPath).toBe(
        true,
      );
    }
  });
});

describe('an interrupted job with a mask', () => {
  const settings = { steps: 4, scheduler: 'euler-ancestral' as const, count: 2 };

  async function interrupt(folder: string, maskPath: string): Promise<void> {
    const controller = new AbortController();
    const job = run({
      folder,
      maskPath,
      settings,
      context: {
        signal: controller.signal,
        onProgress: (event) =>
          void (event.kind === 'step' && event.image === 1 && event.step === 2 && controller.abort()),
      },
    });
    await expect(job).rejects.toMatchObject({ code: 'cancelled' });
  }

  it('goes on to the same files, also when the mask was moved away', async () => {
    const masks = temporaryFolder();
    const kept = await boxMask(join(masks, 'kept.png'), { width: 64, height: 64 });
    const moved = join(masks, 'moved.png');
    await copyFile(kept, moved);
    const whole = await run({ maskPath: kept, settings });
    const folder = temporaryFolder();
    await interrupt(folder, moved);
    await rm(moved);
    const result = await run({ folder, maskPath: moved, settings });
    expect(result.progress.filter(({ kind }) => kind === 'step')).toHaveLength(2);
    for (const [i, { path }] of result.report.outputs.entries()) {
      expect(await sha256OfFile(path)).toBe(whole.report.outputs[i]?.sha256);
    }
  });

  it('begins anew with another mask', async () => {
    const folder = temporaryFolder();
    const maskPath = await boxMask(join(folder, 'mask.png'), { width: 64, height: 64 });
    await interrupt(folder, maskPath);
    await boxMask(maskPath, { width: 64, height: 64 }, [0.2, 0.5]);
    const result = await run({ folder, maskPath, settings });
    expect(result.progress.filter(({ kind }) => kind === 'step')).toHaveLength(8);
  });
});

describe('with endpoints', () => {
  it('encode and decode as without a mask; generate stays here, and nothing of it is sent', async () => {
    const { url } = await serveModel();
    const maskPath = await boxMask(join(temporaryFolder(), 'mask.png'), { width: 64, height: 64 });
    const settings = { encode: 'remote', generate: 'remote', decode: 'remote' } as const;
    const access = accessTo(
      { encode: url, generate: url, decode: url },
      { settings: async () => networkSettingsSchema.parse({}) },
    );
    const there = await run({ maskPath, settings, context: { remote: access } });
    expect(there.report.stages.map(({ stage, where }) => `${stage} ${where}`)).toEqual([
      'encode remote',
      'generate local',
      'decode remote',
    ]);
    expect(access.ledger.map(({ stage }) => stage)).toEqual(['encode', 'decode']);
    expect(there.report.notices.join()).toContain('Masks and inpainting models work only on this machine');
    const here = await readPixels(resultOf(await run({ maskPath })));
    const made = await readPixels(resultOf(there));
    expect(meanDifference(made.data, here.data)).toBeLessThan(1);
    expect(await compare(there, INPUT_64, maskPath)).toMatchObject({ outside: 0 });
  });
});

describe('what is told', () => {
  it('report, JSON and text of the result name the mask, how it was used, and where', async () => {
    const maskPath = await boxMask(
      join(temporaryFolder(), 'mask.png'),
      { width: 96, height: 64 },
      [0.25, 0.5],
    );
    const mask = maskSettings({ blurPx: 2, area: 'masked', paddingPx: 5 });
    const { report } = await run({ inputPath: INPUT_96X64, maskPath, settings: { mask } });
    const box = { left: 19, top: 8, width: 34, height: 27 };
    expect(report.mask).toMatchObject({ ...mask, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(report.mask?.box.left).toBeLessThanOrEqual(box.left);
    expect(report.mask?.box.width).toBeGreaterThanOrEqual(box.width);
    // The model's own area in the shape of that part.
    expect(report.workingWidth * report.workingHeight).toBeGreaterThan(0.7 * 64 * 64);
    const found = await readSettings(report.outputs[0]?.path ?? '');
    expect(JSON.parse(found?.json ?? '')).toMatchObject({ mask: report.mask });
    expect(found?.parameters).toContain('Mask blur: 2, Inpaint area: Only masked, Masked area padding: 5');
    const without = await run({});
    expect(JSON.parse((await readSettings(resultOf(without)))?.json ?? '')).not.toHaveProperty('mask');
  });
});
