/** `underpaint models prepare` and `underpaint bench` through the built command line, on a tiny checkpoint. */
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EXIT_CODES } from '../../shared/errors';
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

describe('bench vae', () => {
  const args = ['bench', 'vae', '--model', goldenModel('sd1'), '--device', 'cpu', '--runs', '1'];
  const measuredSchema = z.object({
    tilePx: z.literal(512),
    runs: z.literal(1),
    measured: z.array(
      z.object({
        autoencoder: z.literal('sd1'),
        provider: z.literal('cpu'),
        sizePx: z.number(),
        stage: z.enum(['encode', 'decode']),
        tilePx: z.number().nullable(),
        ms: z.number().positive(),
        peakBytes: z.number().positive().nullable(),
      }),
    ),
  });

  it('measures both stages, whole and in tiles, at every size', async () => {
    const result = await cli(...args, '--sizes', '128,64', '--json');
    expect(result.code, result.lines.join('\n')).toBe(0);
    const { measured } = measuredSchema.parse(JSON.parse(result.stdout));
    const cases = measured.map(({ stage, tilePx, sizePx }) => `${stage} ${tilePx ?? 'whole'} ${sizePx}`);
    expect(cases).toEqual(
      ['encode', 'decode'].flatMap((stage) =>
        ['512', 'whole'].flatMap((tile) => [64, 128].map((size) => `${stage} ${tile} ${size}`)),
      ),
    );
    expect(result.lines).toHaveLength(8);
  });

  it('prints a Markdown table with one row for each size', async () => {
    const { stdout } = await cli(...args, '--sizes', '64,128', '--markdown');
    const lines = stdout.split('\n').filter((line) => line.startsWith('|'));
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe(
      '| Autoencoder | Device | Size | Encode | Encode in tiles of 512 px | Decode | Decode in tiles of 512 px |',
    );
    expect(lines[3]).toMatch(/^\| sd1 \| cpu \| 128 × 128 \| [\d.]+ m?s.* \|$/);
  });

  it('refuses a size that is no multiple of 8', async () => {
    const result = await cli(...args, '--sizes', '100');
    expect([result.code, sentences(result).length]).toEqual([2, 1]);
  });

  it('stops at the first SIGINT with code 7 and leaves no file', async () => {
    const temporary = mkdtempSync(join(folder, 'temporary-'));
    const result = await runCli([...args, '--runs', '100', '--sizes', '64,128,256,512'], {
      home,
      cwd: folder,
      env: { TMPDIR: temporary, TMP: temporary, TEMP: temporary },
      onLine: (line, kill) => line.startsWith('sd1 on cpu') && kill('SIGINT'),
    });
    expect([result.code, result.signal]).toEqual([EXIT_CODES.cancelled, null]);
    expect(result.lines.at(-1)).toContain('was stopped before it was finished');
    expect(result.stdout).toBe('');
    expect(readdirSync(temporary)).toEqual([]);
  });
});
