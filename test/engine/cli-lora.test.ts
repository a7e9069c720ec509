/** LoRAs through the command line: --lora, tags in the prompt, what the result carries, what verify says, and refusals. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSettings } from '../../main/engine/image/read-settings';
import { parseParameters } from '../../main/engine/image/settings-text';
import { jobReportSchema, type JobReport } from '../../shared/job';
import { runCli, sentences, type CliResult } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { goldenLora } from '../support/lora';
import { INPUT_64 } from '../support/pictures';
import { asArguments, smallJob } from '../support/settings';

const { folder, home } = useCliFolder();

beforeAll(async () => {
  await mkdir(join(home, 'loras', 'styles'), { recursive: true });
  await copyFile(goldenLora('kohya'), join(home, 'loras', 'styles', 'Ink Wash.safetensors'));
  await copyFile(goldenLora('text'), join(home, 'loras', 'words.safetensors'));
});

const command = (name: string, prompt: string, ...more: string[]): Promise<CliResult> => {
  const settings = smallJob({ model: 'sd1', prompt, steps: 2 });
  return runCli(['img2img', INPUT_64, ...asArguments(settings), '-o', name, '--json', ...more], {
    home,
    cwd: folder,
  });
};

async function run(name: string, prompt: string, ...more: string[]): Promise<JobReport> {
  const result = await command(name, prompt, ...more);
  expect(result.code, result.lines.join('\n')).toBe(0);
  return jobReportSchema.parse(JSON.parse(result.stdout));
}

const shaOf = ({ outputs }: JobReport): string => outputs[0]?.sha256 ?? '';

describe('img2img', () => {
  it('--lora and a tag in the prompt are the same; the result carries both prompt and LoRA', async () => {
    const byOption = await run('option.png', 'a cat', '--lora', `${goldenLora('kohya')}:0.8`);
    const byTag = await run('tag.png', 'a cat <lora:ink wash:0.8>');
    const without = await run('without.png', 'a cat');
    expect(byTag.loras).toEqual([{ ...byOption.loras[0], name: 'Ink Wash' }]);
    expect(byOption.loras[0]).toMatchObject({ name: 'kohya', strength: 0.8 });
    expect(shaOf(byOption)).not.toBe(shaOf(without));

    const found = await readSettings(join(folder, 'tag.png'));
    expect(parseParameters(found?.parameters ?? '').prompt).toBe('a cat <lora:Ink Wash:0.8>');
    expect(JSON.parse(found?.json ?? '{}')).toMatchObject({ prompt: 'a cat', loras: byTag.loras });
    // What a picture carries makes the same picture again.
    const again = await run('again.png', parseParameters(found?.parameters ?? '').prompt);
    expect(shaOf(again)).toBe(shaOf(byTag));
  });

  it('several, with strengths of their own', async () => {
    const report = await run(
      'several.png',
      'a cat <lora:words:-0.5>',
      '--lora',
      goldenLora('kohya'),
      '--lora',
      `${goldenLora('peft')}:.25`,
    );
    expect(report.loras.map(({ name, strength }) => [name, strength])).toEqual([
      ['kohya', 1],
      ['peft', 0.25],
      ['words', -0.5],
    ]);
  });

  it('a LoRA for few steps brings its scheduler, steps and guidance, unless they are given', async () => {
    const lora = join(folder, 'sdxl_lightning_4step_lora.safetensors');
    await copyFile(goldenLora('kohya'), lora);
    const words = ['img2img', INPUT_64, '-p', 'a cat', '--model', smallJob({ model: 'sd1' }).model ?? ''];
    const result = await runCli([...words, '--lora', lora, '--json', '-o', 'fast.png'], {
      home,
      cwd: folder,
    });
    expect(result.code, result.lines.join('\n')).toBe(0);
    expect(sentences(result)).toEqual([
      'sdxl_lightning_4step_lora is a Lightning LoRA: what was not chosen otherwise becomes 4 steps, guidance 0 and the euler scheduler with trailing timesteps.',
    ]);
    expect(JSON.parse(result.stdout)).toMatchObject({
      steps: 4,
      guidance: 0,
      scheduler: 'euler',
      stepsRun: 2,
    });
    const chosen = await runCli(
      [
        ...words,
        '--lora',
        lora,
        '--steps',
        '3',
        '--guidance',
        '2',
        '--scheduler',
        'ddim',
        '--json',
        '-o',
        'slow.png',
      ],
      { home, cwd: folder },
    );
    expect(JSON.parse(chosen.stdout)).toMatchObject({ steps: 3, guidance: 2, scheduler: 'ddim' });
  });

  it.each([
    [
      4,
      'a cat <lora:ink:1>',
      [],
      /^There is no LoRA "ink" in .*loras; it holds (Ink Wash, words|words, Ink Wash)\.$/,
    ],
    [2, 'a cat <lora:words:strong>', [], /^"<lora:words:strong>" in the prompt is not understood;/],
    [2, 'a cat', ['--negative', '<lora:words:1>'], /^A LoRA in the negative prompt has no meaning;/],
    [4, 'a cat', ['--lora', 'missing.safetensors:0.5'], /^missing\.safetensors cannot be read;/],
    [4, 'a cat', ['--lora', 'style.pt'], /^style\.pt is not a \.safetensors file;/],
    [
      2,
      'a cat',
      ['--lora', 'x.safetensors:99'],
      /^The strength of --lora x\.safetensors: 99 is not usable; give a number from -10 to 10\.$/,
    ],
    [
      4,
      'a cat',
      ['--lora', goldenLora('xl')],
      /^The LoRA xl was made for Stable Diffusion XL, but the model sd1 is Stable Diffusion 1 /,
    ],
    [
      4,
      'a cat',
      ['--lora', goldenLora('kohya'), '--model', smallJob().model ?? ''],
      /comes as finished ONNX graphs;/,
    ],
  ])('exit code %i for %s %j', async (code, prompt, more, sentence) => {
    const result = await command('refused.png', prompt, ...more);
    expect(result.code, result.lines.join('\n')).toBe(code);
    expect(sentences(result)).toHaveLength(1);
    expect(sentences(result)[0]).toMatch(sentence);
    expect(existsSync(join(folder, 'refused.png'))).toBe(false);
  });
});

const reportSchema = z.object({
  kind: z.literal('lora'),
  naming: z.string().nullable(),
  family: z.string().nullable(),
  ranks: z.tuple([z.number(), z.number()]).nullable(),
  layers: z.number(),
  parts: z.array(
    z.object({
      part: z.string(),
      layers: z.number(),
      convolutions: z.number(),
      parameters: z.record(z.string(), z.number()),
      sizeBytes: z.number(),
    }),
  ),
  problems: z.array(z.string()),
});

describe('models verify', () => {
  it('tells naming, family, rank, parts, types and number of layers', async () => {
    const result = await runCli(['models', 'verify', goldenLora('kohya'), '--json'], { home });
    expect(result.code, result.lines.join('\n')).toBe(0);
    const report = reportSchema.parse(JSON.parse(result.stdout));
    expect(report).toMatchObject({ naming: 'kohya', family: 'sd1', ranks: [4, 4], problems: [] });
    expect(report.parts.map(({ part, layers }) => [part, layers])).toEqual([
      ['text_encoder', 18],
      ['denoiser', report.layers - 18],
    ]);
    expect(Object.keys(report.parts[1]?.parameters ?? {})).toEqual(['F16']);
    expect(report.parts[1]?.convolutions).toBeGreaterThan(10);

    const words = await runCli(['models', 'verify', goldenLora('xl')], { home });
    expect(words.code).toBe(0);
    expect(words.stdout).toMatch(
      /^LoRA {7}xl, revision [0-9a-f]{12}, kohya names\nMade for {3}Stable Diffusion XL\nLayers {5}4, rank 1\n/,
    );
  });

  it('names the method of a file that is no plain LoRA', async () => {
    const path = join(folder, 'odd.safetensors');
    const header = Buffer.from('{"lora_unet_x.lokr_w1":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeFile(path, Buffer.concat([length, header, Buffer.alloc(4)]));
    const result = await runCli(['models', 'verify', path], { home });
    expect(result.code).toBe(4);
    expect(sentences(result)).toEqual([
      'odd.safetensors is a LoKr file, which cannot be used here; use a plain LoRA (or LoCon) version of it.',
    ]);
  });
});
