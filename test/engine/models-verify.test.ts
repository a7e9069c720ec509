/** `underpaint models verify` through the built command line. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encodeSafetensors } from '../../main/engine/latents/safetensors';
import { runCli, sentences } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { goldenModel } from '../support/golden';
import { writeSingleFile } from '../support/single-file';

const { folder, home } = useCliFolder();

const verify = (...args: string[]): ReturnType<typeof runCli> =>
  runCli(['models', 'verify', ...args], { home: home, cwd: folder });

const reportSchema = z.object({
  family: z.string().nullable(),
  variant: z.string().nullable(),
  prediction: z.string().nullable(),
  scheduler: z.string().nullable(),
  components: z.array(
    z.object({
      component: z.string(),
      format: z.string(),
      parameters: z.record(z.string(), z.number()).nullable(),
      sizeBytes: z.number(),
      memoryBytes: z.number().nullable(),
    }),
  ),
  sizeBytes: z.number(),
  memoryBytes: z.number().nullable(),
  problems: z.array(z.string()),
});

describe('models verify', () => {
  it('a folder of safetensors', async () => {
    const result = await verify(goldenModel('sd2'), '--json');
    expect(result.code, result.lines.join('\n')).toBe(0);
    const report = reportSchema.parse(JSON.parse(result.stdout));
    expect(report).toMatchObject({
      family: 'sd2',
      variant: 'standard',
      prediction: 'v_prediction',
      scheduler: 'DDIMScheduler',
      problems: [],
    });
    const counts = report.components.map(({ parameters }) => parameters?.['F32'] ?? 0);
    expect(report.components.map(({ format }) => format)).toEqual(Array(4).fill('safetensors'));
    expect(report.sizeBytes).toBe(4 * counts.reduce((sum, count) => sum + count, 0));
    expect(report.memoryBytes).toBe(report.sizeBytes);
  });

  it('a folder of exported graphs, for people', async () => {
    const result = await verify(goldenModel('sd1-onnx'));
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/Family +sd1, standard, predicts epsilon, PNDMScheduler/);
    expect(result.stdout).toMatch(/unet +onnx, 0\.5 MiB/);
    expect(result.stdout).toMatch(/Problems +none/);
  });

  it('a Flux folder', async () => {
    const result = await verify(goldenModel('flux-schnell'));
    expect(result.code, result.lines.join('\n')).toBe(0);
    expect(result.stdout).toMatch(
      /Family +flux, schnell, predicts flow velocity, FlowMatchEulerDiscreteScheduler/,
    );
    expect(result.stdout).toMatch(
      /text_encoder_2 safetensors, 0\.0 M F32.*\ntransformer +safetensors, 0\.1 M F32/,
    );
    expect(result.stdout).toMatch(/Memory +0\.6 MiB of weights .* open, 0\.3 MiB for the largest alone/);
  });

  it('files that are no model, in one sentence and with exit code 4', async () => {
    const control = join(folder, 'control.safetensors');
    const weight = { dtype: 'F32' as const, shape: [1, 2], data: new Float32Array(2) };
    await writeFile(control, encodeSafetensors({ 'control_model.input_hint_block.0.weight': weight }));
    const result = await verify(control);
    expect(result.code).toBe(4);
    expect(sentences(result)).toHaveLength(1);
    expect(sentences(result)[0]).toMatch(/is a ControlNet/);
    const json = reportSchema.parse(JSON.parse((await verify(control, '--json')).stdout));
    expect(json).toMatchObject({ family: null, components: [] });
    expect(json.problems[0]).toMatch(/is a ControlNet/);

    const pickle = join(folder, 'old.ckpt');
    await writeFile(pickle, 'x');
    expect(sentences(await verify(pickle))[0]).toMatch(/pickled/);
    expect(sentences(await verify(join(folder, 'nowhere')))[0]).toMatch(/There is no model/);
  });

  it('a checkpoint whose hidden settings are not the usual ones', async () => {
    const tiny = join(folder, 'tiny.safetensors');
    await writeSingleFile('sd1', tiny);
    const result = await verify(tiny);
    expect(result.code).toBe(4);
    expect(sentences(result)[0]).toMatch(/norm_num_groups is 32, which does not divide its 8 channels/);
  });
});
