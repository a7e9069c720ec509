/** Bad input through the command line: the right exit code, one plain sentence, no file, no journal, and the next run works. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { journalsIn, runCli, sentences } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { goldenModel } from '../support/golden';
import { damagedModel, truncateFile } from '../support/model-copies';
import { fixture, INPUT_64, INPUT_96X64, writeBytes, writePng } from '../support/pictures';
import { asArguments, smallJob } from '../support/settings';

const { folder, home } = useCliFolder();

const OUTPUT = 'refused.png';
const WEIGHTS = 'diffusion_pytorch_model.safetensors';

/** Runs a command that must fail; answers the one sentence that it said. */
async function refuse(code: number, args: readonly string[]): Promise<string> {
  const result = await runCli(args, { home, cwd: folder });
  const said = sentences(result);
  expect(said, result.lines.join('\n')).toHaveLength(1);
  const [sentence = ''] = said;
  expect(sentence).toMatch(/^\S.*\.$/);
  expect(sentence).not.toMatch(
    /\bat \S+:\d+|node:internal|onnxruntime_src|\[ONNXRuntimeError\]|undefined|NaN,/,
  );
  expect(result.code, sentence).toBe(code);
  expect(result.stdout).toBe('');
  expect(existsSync(join(folder, OUTPUT))).toBe(false);
  expect(journalsIn(home)).toEqual([]);
  return sentence;
}

const img2img = (input: string, settings = smallJob({ strength: 0.25 })): string[] => [
  'img2img',
  input,
  ...asArguments(settings),
  '-o',
  OUTPUT,
];

/** The program is not left in a state that spoils the next run. */
async function expectGoodRun(): Promise<void> {
  const good = join(folder, 'good.png');
  const args = ['img2img', INPUT_64, ...asArguments(smallJob({ strength: 0.25 })), '-o', good];
  const result = await runCli(args, { home, cwd: folder });
  expect(result.code, result.lines.join('\n')).toBe(0);
  expect(existsSync(good)).toBe(true);
  await rm(good);
}

describe('pictures', () => {
  const inputs: [string, () => Promise<string>, RegExp][] = [
    ['an empty file', () => writeBytes(join(folder, 'empty.png'), ''), /is empty/],
    ['text named .png', () => writeBytes(join(folder, 'text.png'), 'This is no picture.'), /text\.png/],
    [
      'a cut-off JPEG',
      async () => {
        const path = join(folder, 'cut.jpg');
        await writeFile(path, await readFile(fixture('orientation-1.jpg')));
        await truncateFile(path, 0.6);
        return path;
      },
      /cut\.jpg/,
    ],
    ['a decompression bomb', async () => fixture('bomb.png'), /60000 × 60000/],
    ['a missing file', async () => join(folder, 'missing.png'), /does not exist/],
    ['a folder', async () => folder, /is a folder/],
  ];

  it.each(inputs)('%s is refused', async (_, make, words) => {
    expect(await refuse(3, img2img(await make()))).toMatch(words);
  });

  it('and a good picture is still taken', expectGoodRun);
});

describe('masks', () => {
  const plain = async (name: string, width: number, height: number, grey: number): Promise<string> =>
    writePng(join(folder, name), width, height, Buffer.alloc(3 * width * height, grey));
  const masks: [string, () => Promise<string>, RegExp][] = [
    ['text named .png', () => writeBytes(join(folder, 'text.png'), 'This is no picture.'), /text\.png/],
    ['a missing file', async () => join(folder, 'missing.png'), /"missing\.png" does not exist/],
    [
      'another shape',
      async () => INPUT_96X64,
      /96 × 64 pixels and the picture 64 × 64, which is another shape/,
    ],
    ['black all over', () => plain('black.png', 64, 64, 0), /no white in it, so nothing would be painted/],
    ['too dark all over', () => plain('dark.png', 64, 64, 120), /no white in it/],
  ];

  it.each(masks)('%s is refused', async (_, make, words) => {
    expect(await refuse(3, [...img2img(INPUT_64), '--mask', await make()])).toMatch(words);
  });

  it('what is cut away at this size cannot be painted alone', async () => {
    const pixels = Buffer.alloc(3 * 96 * 64);
    pixels.fill(255, 0, 15); // five pixels at the left edge
    const mask = await writePng(join(folder, 'edge.png'), 96, 64, pixels);
    const settings = smallJob({ strength: 0.25, size: { width: 64, height: 64 } });
    const words = [...img2img(INPUT_96X64, settings), '--mask', mask];
    expect(await refuse(3, words)).toMatch(/lies wholly in what is cut away .* --fit pad/);
  });
});

describe('models', () => {
  const component =
    (part: string, file = 'model.onnx') =>
    (path: string): string =>
      join(path, part, file);
  const cutTo = (share: number, target: (path: string) => string) => (path: string) =>
    truncateFile(target(path), share);
  const without = (target: (path: string) => string) => (path: string) =>
    rm(target(path), { recursive: true });
  const garbage = (target: (path: string) => string) => (path: string) =>
    writeFile(target(path), 'garbage '.repeat(100));

  const damages: [string, string, (path: string) => Promise<unknown>, RegExp][] = [
    ['a garbage UNet', 'sd1-onnx', garbage(component('unet')), /unet\/model\.onnx/],
    ['a cut-off UNet', 'sd1-onnx', cutTo(0.5, component('unet')), /unet\/model\.onnx/],
    ['an empty UNet', 'sd1-onnx', cutTo(0, component('unet')), /unet\/model\.onnx/],
    ['a garbage text encoder', 'sd1-onnx', garbage(component('text_encoder')), /text_encoder\/model\.onnx/],
    ['a cut-off VAE encoder', 'sd1-onnx', cutTo(0.7, component('vae_encoder')), /vae_encoder\/model\.onnx/],
    ['a cut-off VAE decoder', 'sd1-onnx', cutTo(0.7, component('vae_decoder')), /vae_decoder\/model\.onnx/],
    [
      'missing weights',
      'sd1-mixed-onnx',
      without(component('unet', 'model.onnx_data')),
      /weights .*missing or incomplete/,
    ],
    [
      'cut-off weights',
      'sd1-mixed-onnx',
      cutTo(0.5, component('unet', 'model.onnx_data')),
      /weights .*missing or incomplete/,
    ],
    ['no UNet', 'sd1-onnx', without((path) => join(path, 'unet')), /"?unet"?/],
    ['no VAE encoder', 'sd1-onnx', without((path) => join(path, 'vae_encoder')), /vae_encoder/],
    ['no tokenizer', 'sd1-onnx', without((path) => join(path, 'tokenizer')), /tokenizer/],
    ['no vocabulary', 'sd1-onnx', without(component('tokenizer', 'vocab.json')), /vocab|tokenizer/],
    ['no scheduler', 'sd1-onnx', without((path) => join(path, 'scheduler')), /scheduler/],
    [
      'a broken scheduler config',
      'sd1-onnx',
      garbage(component('scheduler', 'scheduler_config.json')),
      /scheduler/,
    ],
    ['a broken UNet config', 'sd1-onnx', garbage(component('unet', 'config.json')), /unet\/config\.json/],
    [
      'cut-off safetensors',
      'sd1',
      cutTo(0.5, component('unet', WEIGHTS)),
      /diffusion_pytorch_model.* inside the file/,
    ],
    [
      'no safetensors',
      'sd1',
      without(component('vae', WEIGHTS)),
      /vae_encoder.* no safetensors weights|no vae_encoder/,
    ],
    [
      'garbage for safetensors',
      'sd1',
      garbage(component('unet', WEIGHTS)),
      /diffusion_pytorch_model.* cannot be used/,
    ],
    ['no config for its safetensors', 'sd1', without(component('unet', 'config.json')), /unet\/config\.json/],
    ['a broken vocabulary', 'sd1-onnx', garbage(component('tokenizer', 'vocab.json')), /vocab|tokenizer/],
    [
      'a broken tokenizer config',
      'sd1-onnx',
      garbage(component('tokenizer', 'tokenizer_config.json')),
      /tokenizer/,
    ],
  ];

  it.each(damages)('with %s are refused', async (name, model, damage, words) => {
    const path = await damagedModel(model, folder, damage, `model-${name.replaceAll(' ', '-')}`);
    expect(await refuse(4, img2img(INPUT_64, smallJob({ model: path })))).toMatch(words);
    await rm(path, { recursive: true });
  });

  const foreign: [string, string, RegExp][] = [
    ['with bfloat16 inputs', 'bf16-onnx', /bfloat16/],
    ["fused for NVIDIA's provider", 'cuda-fused-onnx', /fused/],
    ['that are not there', 'nowhere', /There is no model/],
  ];

  it.each(foreign)('%s are refused', async (_, model, words) => {
    expect(await refuse(4, img2img(INPUT_64, smallJob({ model })))).toMatch(words);
  });

  it('that are a file, or an empty folder, are refused', async () => {
    expect(await refuse(4, img2img(INPUT_64, smallJob({ model: INPUT_64 })))).toMatch(/is a file/);
    const empty = join(folder, 'empty-model');
    await mkdir(empty);
    expect(await refuse(4, img2img(INPUT_64, smallJob({ model: empty })))).toMatch(/unet/);
  });

  it('fixed to another size say which size works', async () => {
    const sentence = await refuse(2, img2img(INPUT_96X64, smallJob({ model: 'sd1-static-onnx' })));
    expect(sentence).toContain('works only at 64x64');
  });

  it('and a good model is still taken', expectGoodRun);
});

describe('commands', () => {
  const base = ['img2img', INPUT_64, '--model', goldenModel('sd1-onnx'), '-o', OUTPUT];
  const usages: [string, string[], RegExp][] = [
    ['a strength above 1', [...base, '-p', 'x', '--strength', '1.5'], /--strength 1\.5/],
    ['a negative strength', [...base, '-p', 'x', '--strength', '-0.5'], /--strength -0\.5/],
    ['a strength that is a word', [...base, '-p', 'x', '--strength', 'much'], /--strength much/],
    [
      'a strength that runs no step',
      [...base, '-p', 'x', '--strength', '0.01', '--steps', '4'],
      /runs no step/,
    ],
    ['no steps', [...base, '-p', 'x', '--steps', '0'], /--steps 0/],
    ['half a step', [...base, '-p', 'x', '--steps', '2.5'], /whole number/],
    ['a size of nothing', [...base, '-p', 'x', '--size', '0x0'], /--size 0x0/],
    ['one side', [...base, '-p', 'x', '--size', '64'], /--size 64/],
    ['a negative seed', [...base, '-p', 'x', '--seed', '-1'], /--seed -1/],
    ['no pictures', [...base, '-p', 'x', '--count', '0'], /--count 0/],
    ['an unknown scheduler', [...base, '-p', 'x', '--scheduler', 'heun'], /heun/],
    ['an unknown device', [...base, '-p', 'x', '--device', 'npu'], /npu/],
    [
      'a stage on an endpoint that nobody allowed',
      [...base, '-p', 'x', '--decode', 'remote'],
      /none has been allowed yet/,
    ],
    [
      'an endpoint while offline',
      [...base, '-p', 'x', '--offline', '--decode-endpoint', 'http://127.0.0.1:9'],
      /--offline was given/,
    ],
    [
      'an address that is none',
      [...base, '-p', 'x', '--encode-endpoint', 'file:///etc'],
      /is not usable; give an address/,
    ],
    ['a server for everyone without a token', ['serve', '--host', '0.0.0.0'], /give a --token/],
    ['a soft edge without a mask', [...base, '-p', 'x', '--mask-blur', '8'], /--mask-blur .* give --mask/],
    [
      'an area of a mask that is none',
      [...base, '-p', 'x', '--mask', INPUT_64, '--mask-area', 'face'],
      /--mask-area face/,
    ],
    ['half a pixel', [...base, '-p', 'x', '--mask', INPUT_64, '--mask-padding', '0.5'], /whole number/],
    ['an unknown option', [...base, '-p', 'x', '--bogus'], /--bogus/],
    ['a missing prompt', base, /--prompt/],
    ['a prompt without text', [...base, '-p'], /--prompt/],
    ['a missing picture', ['img2img', '-p', 'x', '-o', OUTPUT], /image/],
    ['two pictures', ['img2img', INPUT_64, INPUT_64, '-p', 'x', '-o', OUTPUT], /arguments/],
    ['an unknown command', ['paint'], /paint/],
    ['a format that cannot be written', ['img2img', INPUT_64, '-p', 'x', '-o', 'x.gif'], /\.gif/],
    [
      'a name and a format that differ',
      ['img2img', INPUT_64, '-p', 'x', '-o', OUTPUT, '--format', 'jpg'],
      /--format/,
    ],
    ['latents that are no safetensors', ['encode', INPUT_64, '-o', 'latent.bin'], /\.safetensors/],
  ];

  it.each(usages)('with %s are refused', async (_, args, words) => {
    expect(await refuse(2, args)).toMatch(words);
  });
});
