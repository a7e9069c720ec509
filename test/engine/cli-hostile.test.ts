/** Hostile checkpoints through the command line: every kind ends with exit code 4, one sentence, no file and no journal. */
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { cp, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors, readSafetensors } from '../../main/engine/latents/safetensors';
import { journalsIn, runCli, sentences } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { goldenModel } from '../support/golden';
import { INPUT_64 } from '../support/pictures';
import { writeSingleFile } from '../support/single-file';

const { folder, home } = useCliFolder();

/** Runs img2img with a model that must be refused; answers the sentence. */
async function refusalOf(model: string): Promise<string> {
  const output = join(folder, 'refused.png');
  const args = ['img2img', INPUT_64, '-p', 'a house', '--device', 'cpu', '--model', model, '-o', output];
  const result = await runCli(args, { home, cwd: folder });
  const said = sentences(result);
  expect(said, result.lines.join('\n')).toHaveLength(1);
  const [sentence = ''] = said;
  expect(sentence).toMatch(/^[^\n]{20,400}\.$/);
  expect(sentence).not.toMatch(/\bat \S+:\d+|node:internal|ONNXRuntimeError|undefined/);
  expect(result.code, sentence).toBe(4);
  expect(result.signal).toBeNull();
  expect(existsSync(output)).toBe(false);
  expect(journalsIn(home)).toEqual([]);
  return sentence;
}

/** A file with this JSON header and 64 zero bytes behind it. */
function withHeader(json: string): Buffer {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  return Buffer.concat([start, Buffer.from(json), Buffer.alloc(64)]);
}

const tensor = (begin: number | string, end: number, shape = '[4]'): string =>
  `{"dtype":"F32","shape":${shape},"data_offsets":[${begin},${end}]}`;

const beyond = Buffer.alloc(64);
beyond.writeBigUInt64LE(1_000_000n);
const endless = Buffer.alloc(64);
endless.writeBigUInt64LE(2n ** 64n - 1n);

const FILES: readonly (readonly [string, Buffer, RegExp])[] = [
  ['a header longer than the file', beyond, /header is longer than the file/],
  ['a header of 2^64 bytes', endless, /header is longer than the file/],
  ['tensors that overlap', withHeader(`{"a":${tensor(0, 16)},"b":${tensor(8, 24)}}`), /overlap/],
  ['a negative offset', withHeader(`{"a":${tensor(-16, 0)}}`), /entry "a" is not valid/],
  ['NaN for an offset', withHeader(`{"a":${tensor('NaN', 16)}}`), /not JSON/],
  ['a shape that is not its size', withHeader(`{"a":${tensor(0, 16, '[5]')}}`), /does not fit its shape/],
  ['a tensor listed twice', withHeader(`{"a":${tensor(0, 16)},"a":${tensor(16, 32)}}`), /lists "a" twice/],
  ['a sentence', Buffer.from('This is no checkpoint at all.'), /longer than the file/],
  [
    'a pickle under another name',
    Buffer.concat([Buffer.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46]), Buffer.alloc(99)]),
    /is a pickle/,
  ],
];

describe('one file', () => {
  it.each(FILES)('%s', async (_, bytes, words) => {
    const path = join(folder, 'hostile.safetensors');
    await writeFile(path, bytes);
    expect(await refusalOf(path)).toMatch(words);
  });

  it('a header of more than 100 MB', async () => {
    const path = join(folder, 'hostile.safetensors');
    const start = Buffer.alloc(64);
    start.writeBigUInt64LE(100_000_001n);
    await writeFile(path, start);
    truncateSync(path, 100_000_100);
    expect(await refusalOf(path)).toMatch(/larger than 100 MB/);
  });

  it('a whole checkpoint, cut at every tenth of its length', async () => {
    const whole = join(folder, 'whole.safetensors');
    await writeSingleFile('sd1', whole);
    const bytes = readFileSync(whole);
    const path = join(folder, 'cut.safetensors');
    for (let tenth = 0; tenth < 10; tenth += 1) {
      await writeFile(path, bytes.subarray(0, Math.floor((bytes.length * tenth) / 10)));
      expect(await refusalOf(path)).toMatch(/too short|longer than the file|inside the file/);
    }
  });

  it('a checkpoint without one of its tensors', async () => {
    const path = join(folder, 'without.safetensors');
    await writeSingleFile('sd1', path);
    const { tensors } = await readSafetensors(path);
    const rest = Object.entries(tensors).filter(([name]) => !name.includes('middle_block.1.proj_in'));
    await writeFile(path, encodeSafetensors(Object.fromEntries(rest)));
    expect(await refusalOf(path)).toMatch(/no complete UNet/);
  });
});

describe('a folder', () => {
  const WEIGHTS = 'diffusion_pytorch_model.safetensors';

  /** A copy of sd1 whose UNet is stored as two shards with this index. */
  async function sharded(map: (names: readonly string[]) => Record<string, string>): Promise<string> {
    const model = await mkdtemp(join(folder, 'model-'));
    await cp(goldenModel('sd1'), model, { recursive: true });
    const { tensors } = await readSafetensors(join(model, 'unet', WEIGHTS));
    await rename(join(model, 'unet', WEIGHTS), join(model, 'unet', 'shard-1.safetensors'));
    const index = { weight_map: map(Object.keys(tensors)) };
    await writeFile(join(model, 'unet', `${WEIGHTS}.index.json`), JSON.stringify(index));
    return model;
  }
  const all = (names: readonly string[], shard: string): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, shard]));

  it.each([
    ['a shard outside the folder', '../vae/diffusion_pytorch_model.safetensors', /is missing/],
    ['an absolute shard', '/etc/passwd', /passwd of unet is missing/],
    ['a missing shard', 'shard-2.safetensors', /shard-2\.safetensors of unet is missing/],
  ])('%s', async (_, shard, words) => {
    expect(await refusalOf(await sharded((names) => all(names, shard)))).toMatch(words);
  });

  it('an index that promises what no shard holds', async () => {
    const model = await sharded((names) => ({
      ...all(names, 'shard-1.safetensors'),
      'more.weight': 'shard-1.safetensors',
    }));
    expect(await refusalOf(model)).toMatch(/does not hold "more\.weight"/);
  });

  it('an index that is no list', async () => {
    const model = await sharded((names) => all(names, 'shard-1.safetensors'));
    await writeFile(join(model, 'unet', `${WEIGHTS}.index.json`), '[1, 2');
    expect(await refusalOf(model)).toMatch(/is not a list of weights/);
  });

  it('a tensor of another shape, and one that is missing', async () => {
    const model = await mkdtemp(join(folder, 'model-'));
    await cp(goldenModel('sd1'), model, { recursive: true });
    const path = join(model, 'unet', WEIGHTS);
    const { tensors } = await readSafetensors(path);
    const { 'conv_in.bias': bias, ...rest } = tensors;
    if (bias?.dtype !== 'F32') throw new Error('no bias');
    await writeFile(path, encodeSafetensors(rest));
    expect(await refusalOf(model)).toMatch(/unet have no tensor "conv_in\.bias"/);
    const short = { dtype: 'F32' as const, shape: [4], data: bias.data.subarray(0, 4) };
    await writeFile(path, encodeSafetensors({ ...rest, 'conv_in.bias': short }));
    expect(await refusalOf(model)).toMatch(/has the shape 4 where 8 is expected/);
  });
});
