/** What the command line prints: one JSON object with the fields of the contract, the stage table, doctor, and one stage alone. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fromFloat16, toFloat16 } from '../../main/engine/latents/float16';
import { encodeSafetensors, readSafetensors, type SafeTensor } from '../../main/engine/latents/safetensors';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { IMAGE_FORMATS } from '../../shared/generation';
import { jobReportSchema } from '../../shared/job';
import { stageReportSchema } from '../../shared/placement';
import { journalsIn, runCli, sentences, type CliResult } from '../support/cli';
import { goldenModel, maxDifference, withFolder } from '../support/golden';
import {
  INPUT_64,
  INPUT_96X64,
  readPixels,
  sha256OfFile,
  sha256OfPixels,
  writeBytes,
} from '../support/pictures';
import { ensurePrograms, NO_GPU, softwareGpu } from '../support/programs';
import { runJob } from '../support/run-job';
import { asArguments, smallJob } from '../support/settings';

let folder: string;

beforeAll(async () => {
  await ensurePrograms();
  folder = await mkdtemp(join(tmpdir(), 'underpaint-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (args: readonly string[], env: Record<string, string | undefined> = {}): Promise<CliResult> =>
  runCli(args, { home: join(folder, 'home'), cwd: folder, env });

/** The one JSON object that a run printed. */
function printed(result: CliResult): unknown {
  expect(result.code, result.lines.join('\n')).toBe(0);
  const lines = result.stdout.split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('');
  return JSON.parse(lines[0] ?? '');
}

describe('img2img', () => {
  const settings = smallJob({ negativePrompt: 'blurry', strength: 0.5, steps: 4, count: 2 });

  it('--json prints exactly one object with the fields of the contract', async () => {
    const result = await run(['img2img', INPUT_96X64, ...asArguments(settings), '-o', 'json.png', '--json']);
    const raw = printed(result);
    const report = jobReportSchema.parse(raw);
    // Nothing that the contract names was dropped by parsing.
    expect(raw).toEqual(report);
    expect(report).toMatchObject({
      prompt: settings.prompt,
      negativePrompt: 'blurry',
      strength: 0.5,
      steps: 4,
      stepsRun: 2,
      guidance: 5,
      scheduler: 'euler',
      model: { id: 'sd1-onnx', family: 'sd1' },
    });
    expect(report.model.revision).toMatch(/^[0-9a-f]{12}$/);
    expect(report.outputs.map((output) => output.seed)).toEqual([7, 8]);
    for (const output of report.outputs) {
      expect([output.width, output.height]).toEqual([96, 64]);
      expect(output.sha256).toBe(await sha256OfFile(output.path));
    }
    expect(report.stages.map((stage) => stage.stage)).toEqual(['encode', 'generate', 'decode']);
    for (const stage of report.stages) {
      expect(stage).toMatchObject({
        where: 'local',
        device: 'cpu',
        provider: 'cpu',
        tiled: false,
        bytesSent: 0,
      });
      expect(stage.ms).toBeGreaterThan(0);
      expect(stage.reason).not.toBe('');
    }
    expect(report.totalMs).toBeGreaterThan(0);
    expect(report.peakRssBytes).toBeGreaterThan(2 ** 20);
  });

  it('prints paths and a stage table for people', async () => {
    const result = await run(['img2img', INPUT_64, ...asArguments(settings), '-o', 'human.png']);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain(join(folder, 'human-1.png'));
    for (const stage of ['encode', 'generate', 'decode'])
      expect(result.stdout).toMatch(new RegExp(`^${stage} `, 'm'));
  });

  it.each(IMAGE_FORMATS)(
    'makes the same %s file twice, and the same as the pipeline called directly',
    async (format) => {
      const one = { ...smallJob(), format };
      for (const name of ['first', 'second']) {
        const result = await run(['img2img', INPUT_64, ...asArguments(one), '-o', `${name}.${format}`]);
        expect(result.code, result.lines.join('\n')).toBe(0);
      }
      const first = await sha256OfFile(join(folder, `first.${format}`));
      expect(await sha256OfFile(join(folder, `second.${format}`))).toBe(first);
      const direct = await withFolder(
        async (own) => (await runJob({ folder: own, inputPath: INPUT_64, settings: one })).report,
      );
      expect(direct.outputs[0]?.sha256).toBe(first);
    },
  );

  it('never replaces a file that was not named', async () => {
    const into = join(folder, 'into');
    const args = ['img2img', INPUT_64, ...asArguments(smallJob()), '-o', `${into}/`];
    await run(args);
    const [first = ''] = await readdir(into);
    const before = await sha256OfFile(join(into, first));
    expect((await run([...args, '--seed', '9'])).code).toBe(0);
    expect(await readdir(into)).toHaveLength(2);
    expect(await sha256OfFile(join(into, first))).toBe(before);
  });

  it('draws a seed when none is given, says which, and it gives the picture again', async () => {
    const open = asArguments({ ...smallJob(), seed: null });
    const report = jobReportSchema.parse(
      printed(await run(['img2img', INPUT_64, ...open, '-o', 'drawn.png', '--json'])),
    );
    const seed = report.outputs[0]?.seed ?? -1;
    const again = await run(['img2img', INPUT_64, ...open, '--seed', String(seed), '-o', 'again.png']);
    expect(again.code).toBe(0);
    expect(await sha256OfFile(join(folder, 'again.png'))).toBe(report.outputs[0]?.sha256);
  });

  it('strength 0 says that no step ran', async () => {
    const result = await run([
      'img2img',
      INPUT_64,
      ...asArguments(smallJob({ strength: 0 })),
      '-o',
      'same.png',
    ]);
    expect(result.code).toBe(0);
    expect(result.lines).toEqual(['Strength 0 leaves the picture as it is: no step ran.']);
    expect(await sha256OfPixels(join(folder, 'same.png'))).toBe(await sha256OfPixels(INPUT_64));
    expect(journalsIn(join(folder, 'home'))).toEqual([]);
  });
});

describe('encode and decode', () => {
  const model = ['--model', goldenModel('sd1-onnx'), '--device', 'cpu'];
  const stageSchema = z.object({ output: z.string(), stage: stageReportSchema });

  it('make latents in the scale of the loop, and the picture that the pipeline decodes from them', async () => {
    const encoded = await run(['encode', INPUT_64, ...model, '-o', 'latent.safetensors', '--json']);
    expect(stageSchema.parse(printed(encoded)).stage).toMatchObject({ stage: 'encode', device: 'cpu' });
    const file = await readSafetensors(join(folder, 'latent.safetensors'));
    expect(file.metadata).toMatchObject({ scaled: 'true', scaling_factor: '0.18215', family: 'sd1' });
    const latents = file.tensors['latents'];
    expect([latents?.dtype, latents?.shape]).toEqual(['F32', [1, 4, 8, 8]]);

    // The same picture through the pipeline: its encoder's mean, and what its decoder makes of the mean.
    const { mean, sampled } = await seen();
    const scaled = mean.map((value) => value * 0.18215);
    expect(maxDifference(latents?.data instanceof Float32Array ? latents.data : [], scaled)).toBeLessThan(
      1e-6,
    );
    expect(maxDifference(sampled, scaled)).toBeLessThan(1);

    const decoded = await run(['decode', 'latent.safetensors', ...model, '-o', 'decoded.png', '--json']);
    expect(stageSchema.parse(printed(decoded)).stage).toMatchObject({ stage: 'decode', device: 'cpu' });
    const pixels = await readPixels(join(folder, 'decoded.png'));
    expect([pixels.width, pixels.height]).toEqual([64, 64]);
    // Unscaled latents of the same picture, marked as such, decode to the same file.
    await writeLatents('unscaled', { dtype: 'F32', shape: [4, 8, 8], data: mean }, { scaled: 'false' });
    expect((await run(['decode', 'unscaled.safetensors', ...model, '-o', 'unscaled.png'])).code).toBe(0);
    expect(
      maxDifference((await readPixels(join(folder, 'unscaled.png'))).data, pixels.data),
    ).toBeLessThanOrEqual(1);
  });

  it('decode the last latents of a job to its picture', async () => {
    await withFolder(async (own) => {
      const tensors = new Map<string, Float32Array>();
      const inspect = (name: string, data: ArrayLike<number>): void =>
        void tensors.set(name, Float32Array.from(data));
      const { report } = await runJob({
        folder: own,
        inputPath: INPUT_64,
        settings: smallJob(),
        context: { inspect },
      });
      const last = tensors.get('latents_step_1') ?? new Float32Array();
      await writeLatents('last', { dtype: 'F32', shape: [1, 4, 8, 8], data: last }, {});
      expect((await run(['decode', 'last.safetensors', ...model, '-o', 'last.png'])).code).toBe(0);
      expect(await sha256OfPixels(join(folder, 'last.png'))).toBe(
        await sha256OfPixels(report.outputs[0]?.path ?? ''),
      );
    });
  });

  it('decode float16 latents as well', async () => {
    const data = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i) / 2);
    const halves = toFloat16(data);
    await writeLatents('full', { dtype: 'F32', shape: [1, 4, 8, 8], data: fromFloat16(halves) }, {});
    await writeLatents('half', { dtype: 'F16', shape: [1, 4, 8, 8], data: halves }, {});
    for (const name of ['full', 'half']) {
      expect((await run(['decode', `${name}.safetensors`, ...model, '-o', `${name}.png`])).code).toBe(0);
    }
    expect(await sha256OfPixels(join(folder, 'half.png'))).toBe(
      await sha256OfPixels(join(folder, 'full.png')),
    );
  });

  const refused: [string, SafeTensor][] = [
    ['of too many channels', { dtype: 'F32', shape: [1, 16, 8, 8], data: new Float32Array(1024) }],
    ['of a batch', { dtype: 'F32', shape: [2, 4, 8, 8], data: new Float32Array(512) }],
    ['without area', { dtype: 'F32', shape: [1, 4, 0, 8], data: new Float32Array(0) }],
    ['in a row', { dtype: 'F32', shape: [256], data: new Float32Array(256) }],
    ['that are not numbers', { dtype: 'F32', shape: [1, 4, 8, 8], data: new Float32Array(256).fill(NaN) }],
    ['of whole numbers', { dtype: 'I32', shape: [1, 4, 8, 8], data: new Int32Array(256) }],
  ];

  it.each(refused)('refuse latents %s', async (name, tensor) => {
    await writeLatents('refused', tensor, {});
    const result = await run(['decode', 'refused.safetensors', ...model, '-o', `refused.png`]);
    expect(result.code, name).toBe(3);
    expect(sentences(result)).toHaveLength(1);
    expect(existsSync(join(folder, 'refused.png'))).toBe(false);
  });

  it.each([
    ['garbage', 'this is no safetensors file at all'],
    ['nothing', ''],
  ])('refuse %s', async (_, bytes) => {
    await writeBytes(join(folder, 'broken.safetensors'), bytes);
    const result = await run(['decode', 'broken.safetensors', ...model, '-o', 'refused.png']);
    expect([result.code, sentences(result).length]).toEqual([3, 1]);
  });

  it.each(['nowhere.safetensors', '.'])('refuse a file that is not there (%s)', async (path) => {
    const result = await run(['decode', path, ...model, '-o', 'refused.png']);
    expect([result.code, sentences(result).length]).toEqual([3, 1]);
  });

  const writeLatents = (
    name: string,
    latents: SafeTensor,
    metadata: Record<string, string>,
  ): Promise<string> =>
    writeBytes(join(folder, `${name}.safetensors`), encodeSafetensors({ latents }, metadata));

  /** The encoder's mean [4, 8, 8] of INPUT_64, and the scaled sample that the loop starts from. */
  async function seen(): Promise<{ mean: Float32Array; sampled: Float32Array }> {
    const tensors = new Map<string, Float32Array>();
    const models = new ModelCache();
    const inspect = (name: string, data: ArrayLike<number>): void =>
      void tensors.set(name, Float32Array.from(data));
    await withFolder((own) =>
      runJob({ folder: own, inputPath: INPUT_64, settings: smallJob(), context: { inspect, models } }),
    );
    await models.release();
    return {
      mean: tensors.get('encoded_mean') ?? new Float32Array(),
      sampled: tensors.get('encoded_latent') ?? new Float32Array(),
    };
  }
});

describe('doctor', () => {
  const doctorSchema = z.object({
    version: z.string(),
    hardware: z.object({
      cpu: z.object({ cores: z.number().min(1) }),
      memory: z.object({ totalBytes: z.number().positive() }),
    }),
    providers: z.array(
      z.object({
        provider: z.string(),
        device: z.string(),
        works: z.boolean(),
        reason: z.string().nullable(),
      }),
    ),
    models: z.array(z.object({ id: z.string() })),
    selfTest: z.object({ ok: z.boolean(), message: z.string() }),
  });
  const STARTER = { UNDERPAINT_STARTER: goldenModel('sd1-onnx') };

  it('--json prints one object, with every provider tried and the model tested', async () => {
    const report = doctorSchema.parse(printed(await run(['doctor', '--json'], { ...STARTER, ...NO_GPU })));
    expect(report.selfTest.ok, report.selfTest.message).toBe(true);
    expect(report.models.map((model) => model.id)).toEqual(['sd1-onnx']);
    expect(report.providers.find((entry) => entry.provider === 'cpu')).toMatchObject({
      works: true,
      device: 'cpu',
      reason: null,
    });
    const gpu = report.providers.find((entry) => entry.provider === 'webgpu');
    expect(gpu).toMatchObject({ works: false, device: 'gpu' });
    expect(gpu?.reason).toMatch(/\S/);
  });

  it('finds the software driver where there is one', async () => {
    const report = doctorSchema.parse(
      printed(await run(['doctor', '--json'], { ...STARTER, ...(await softwareGpu()) })),
    );
    expect(report.providers.find((entry) => entry.provider === 'webgpu')).toMatchObject({
      works: true,
      reason: null,
    });
  });

  it('says when the bundled model is not usable, and ends with code 1', async () => {
    const result = await run(['doctor', '--json'], { UNDERPAINT_STARTER: goldenModel('sd1'), ...NO_GPU });
    expect(result.code).toBe(1);
    expect(doctorSchema.parse(JSON.parse(result.stdout)).selfTest.ok).toBe(false);
  });
});
