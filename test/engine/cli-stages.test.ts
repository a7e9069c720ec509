/** `underpaint encode` and `underpaint decode`: one stage alone, and files of latents that are refused. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fromFloat16, toFloat16 } from '../../main/engine/latents/float16';
import { encodeSafetensors, readSafetensors, type SafeTensor } from '../../main/engine/latents/safetensors';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { stageReportSchema } from '../../shared/placement';
import { runCli, sentences, type CliResult } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { goldenModel, maxDifference, withFolder } from '../support/golden';
import { INPUT_64, readPixels, sha256OfPixels, writeBytes } from '../support/pictures';
import { runJob } from '../support/run-job';
import { smallJob } from '../support/settings';

const { folder, home } = useCliFolder();

const run = (args: readonly string[]): Promise<CliResult> => runCli(args, { home: home, cwd: folder });

/** The one JSON object that a run printed. */
function printed(result: CliResult): unknown {
  expect(result.code, result.lines.join('\n')).toBe(0);
  const lines = result.stdout.split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('');
  return JSON.parse(lines[0] ?? '');
}

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
