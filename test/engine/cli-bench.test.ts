/** `underpaint models prepare` and `underpaint bench` through the built command line, on a tiny checkpoint. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runCli, sentences } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { goldenModel } from '../support/golden';

const { folder, home } = useCliFolder();

const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(args, { home: home, cwd: folder });

const preparedSchema = z.object({
  parts: z.array(z.object({ component: z.string(), sizeBytes: z.number().positive() })),
  sizeBytes: z.number().positive(),
});
const stepsSchema = z.object({
  model: z.literal('sd1'),
  family: z.literal('sd1'),
  provider: z.literal('cpu'),
  width: z.literal(64),
  height: z.literal(128),
  guidance: z.number(),
  openMs: z.number().positive(),
  embeddedAtMs: z.number().positive(),
  openAtMs: z.number().positive(),
  firstStepAtMs: z.number().positive(),
  stepMs: z.array(z.number().positive()).length(3),
  openPeakBytes: z.number().positive(),
  stepPeakBytes: z.number().positive(),
});

describe('models prepare', () => {
  it('keeps a copy, says what it takes, and removes it again', async () => {
    const made = await cli('models', 'prepare', goldenModel('sd1'), '--json');
    expect(made.code, made.lines.join('\n')).toBe(0);
    const report = preparedSchema.parse(JSON.parse(made.stdout));
    expect(made.lines).toEqual(report.parts.map(({ component }) => `Preparing ${component} …`));

    const removed = await cli('models', 'prepare', '--remove', goldenModel('sd1'));
    expect(removed.code).toBe(0);
    expect(removed.stdout).toContain('MiB are free again.');
    const again = await cli('models', 'prepare', goldenModel('sd1'), '--json');
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(made.stdout));
  });

  it('refuses an ONNX export in one sentence', async () => {
    const result = await cli('models', 'prepare', goldenModel('sd1-onnx'));
    expect(result.code).toBe(4);
    expect(sentences(result)).toEqual([
      'sd1-onnx is an ONNX export, and only safetensors checkpoints are prepared; use the checkpoint that it was made from.',
    ]);
  });
});

describe('bench steps', () => {
  it('tells the times and the memory of a model', async () => {
    const args = ['--model', goldenModel('sd1'), '--size', '64x128', '--steps', '3', '--device', 'cpu'];
    const result = await cli('bench', 'steps', ...args, '--json');
    expect(result.code, result.lines.join('\n')).toBe(0);
    const report = stepsSchema.parse(JSON.parse(result.stdout));
    expect(report.openAtMs).toBeGreaterThan(report.embeddedAtMs);
    expect(report.firstStepAtMs).toBeGreaterThan(report.openAtMs);
    expect(existsSync(join(folder, 'home', 'graphs'))).toBe(true);

    const human = await cli('bench', 'steps', ...args);
    expect(human.stdout).toMatch(/^sd1 on cpu, 64 x 128 pixels\nStep .*\nFirst step .*\nMemory .*\n$/);
  });

  it('refuses a size that the model cannot take', async () => {
    const result = await cli('bench', 'steps', '--model', goldenModel('sd1'), '--size', '68x64');
    expect(result.code).toBe(2);
    expect(sentences(result)).toHaveLength(1);
    expect(sentences(result)[0]).toContain('multiples of');
  });
});
