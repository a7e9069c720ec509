/** What the command line prints: one JSON object with the fields of the contract, the stage table, and doctor. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { adapterSchema } from '../../shared/hardware';
import { IMAGE_FORMATS } from '../../shared/generation';
import { jobReportSchema } from '../../shared/job';
import { journalsIn, runCli, type CliResult } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { goldenModel, withFolder } from '../support/golden';
import { INPUT_64, INPUT_96X64, sha256OfFile, sha256OfPixels } from '../support/pictures';
import { NO_GPU, softwareGpu } from '../support/programs';
import { runJob } from '../support/run-job';
import { asArguments, smallJob } from '../support/settings';

const { folder, home } = useCliFolder();

const run = (args: readonly string[], env: Record<string, string | undefined> = {}): Promise<CliResult> =>
  runCli(args, { home: home, cwd: folder, env });

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
    expect(journalsIn(home)).toEqual([]);
  });
});

describe('doctor', () => {
  const doctorSchema = z.object({
    version: z.string(),
    hardware: z.object({
      cpu: z.object({ cores: z.number().min(1) }),
      memory: z.object({ totalBytes: z.number().positive() }),
      adapters: z.array(adapterSchema),
      gpu: z.object({
        present: z.boolean(),
        name: z.string().nullable(),
        totalVramBytes: z.number().nullable(),
        freeVramBytes: z.number().nullable(),
      }),
      notes: z.array(z.string()),
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
    expect(gpu?.reason).toBe('there is no graphics card or driver that webgpu can use.');
  });

  it('tells the graphics card and what of it is free, in JSON and in words', async () => {
    const bin = join(folder, 'bin');
    const line = '0, NVIDIA GeForce RTX 3080, 00000000:01:00.0, 550.120, 10240, 581, 9418';
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'nvidia-smi'), `#!/bin/sh\necho '${line}'\n`, { mode: 0o755 });
    const env = { ...STARTER, ...NO_GPU, PATH: bin };
    const { hardware } = doctorSchema.parse(printed(await run(['doctor', '--json'], env)));
    expect(hardware.gpu).toEqual({
      present: true,
      name: 'NVIDIA GeForce RTX 3080',
      totalVramBytes: 10240 * 2 ** 20,
      freeVramBytes: 9418 * 2 ** 20,
    });
    expect(hardware.adapters.map(({ source }) => source)).toContain('nvidia-smi');
    const words = (await run(['doctor'], env)).stdout;
    expect(words).toContain('NVIDIA GeForce RTX 3080: 9.2 GiB free of 10.0 GiB');
    const less = await run(['doctor', '--json'], { ...env, UNDERPAINT_VRAM_GB: '4' });
    expect(doctorSchema.parse(printed(less)).hardware.gpu.totalVramBytes).toBe(4 * 2 ** 30);
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
    const result = await run(['doctor', '--json'], {
      UNDERPAINT_STARTER: goldenModel('sd1-onnx/unet'),
      ...NO_GPU,
    });
    expect(result.code).toBe(1);
    expect(doctorSchema.parse(JSON.parse(result.stdout)).selfTest.ok).toBe(false);
  });
});
