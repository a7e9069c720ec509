/** Checkpoints are untrusted: whatever a file says, it is read or refused in one sentence, without a crash, a hang or much memory. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors';
import { fromHeaders, openComponentWeights } from '../../../main/engine/checkpoint/component-weights';
import {
  checkStart,
  parseSafetensorsHeader,
  readSafetensorsHeader,
} from '../../../main/engine/checkpoint/safetensors-file';
import { buildUnet } from '../../../main/engine/graphs/unet-2d-condition';
import { CPU_TARGET } from '../../../main/engine/graphs/graph-builder';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { goldenModel } from '../../support/golden';
import { readConfig } from '../../support/checkpoint';
import { temporaryFolder } from '../../support/temporary-folder';

const UNET = join(goldenModel('sd1'), 'unet/diffusion_pytorch_model.safetensors');

/** A file with this header, and `bodyBytes` zeros behind it. */
function fileWith(header: unknown, bodyBytes = 64): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(bodyBytes)]);
}

const entry = (begin: number, end: number, shape = [4], dtype = 'F32'): unknown => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

const lengthOnly = (length: bigint): Buffer => {
  const bytes = Buffer.alloc(64);
  bytes.writeBigUInt64LE(length);
  return bytes;
};

const HOSTILE: readonly (readonly [string, Buffer, RegExp])[] = [
  ['an empty file', Buffer.alloc(0), /too short/],
  ['five bytes', Buffer.alloc(5), /too short/],
  ['a header longer than the file', lengthOnly(10_000n), /header is longer than the file/],
  ['a header of 2^63 bytes', lengthOnly(1n << 63n), /header is longer than the file/],
  ['no JSON', fileWith('{"a": '), /not JSON/],
  ['a JSON list', fileWith('[1, 2]'), /not JSON/],
  ['broken UTF-8', Buffer.concat([lengthOnly(8n).subarray(0, 8), Buffer.alloc(16, 0xff)]), /not JSON/],
  ['NaN in the JSON', fileWith('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,NaN]}}'), /not JSON/],
  [
    'a tensor that is listed twice',
    fileWith(
      '{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[16,32]}}',
    ),
    /lists "a" twice/,
  ],
  [
    'a shape that is given twice, once with an escape',
    fileWith('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"sh\\u0061pe" : [2]}}'),
    /lists "shape" twice/,
  ],
  ['a negative offset', fileWith({ a: entry(-16, 0) }), /entry "a" is not valid/],
  ['offsets the wrong way round', fileWith({ a: entry(16, 0) }), /does not lie inside the file/],
  ['an offset behind the end', fileWith({ a: entry(56, 72) }), /does not lie inside the file/],
  [
    'an offset of 2^60',
    fileWith('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,1152921504606846976]}}'),
    /not valid/,
  ],
  ['a fraction', fileWith({ a: entry(0.5, 16.5) }), /not valid/],
  ['a size that does not fit the shape', fileWith({ a: entry(0, 16, [5]) }), /does not fit its shape/],
  [
    'a shape that overflows',
    fileWith({ a: entry(0, 16, [2 ** 40, 2 ** 40, 2 ** 40]) }),
    /does not fit its shape/,
  ],
  [
    'a shape of 100 dimensions',
    fileWith({
      a: entry(
        0,
        4,
        Array.from({ length: 100 }, () => 1),
      ),
    }),
    /not valid/,
  ],
  ['tensors that overlap', fileWith({ a: entry(0, 16), b: entry(12, 28) }), /overlap/],
  ['the same bytes twice', fileWith({ a: entry(0, 16), b: entry(0, 16) }), /overlap/],
  ['an unknown type', fileWith({ a: entry(0, 16, [4], 'Q4') }), /unknown type "Q4"/],
  ['the type of a prototype', fileWith({ a: entry(0, 16, [4], 'constructor') }), /unknown type/],
  ['an entry that is text', fileWith({ a: 'F32' }), /not valid/],
  ['metadata that is a number', fileWith({ __metadata__: { a: 1 } }), /metadata/],
  [
    'a pickle',
    Buffer.concat([Buffer.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46]), Buffer.alloc(99)]),
    /pickle/,
  ],
  [
    'a PyTorch archive',
    Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(99)]),
    /pickle or PyTorch archive/,
  ],
];

describe('hostile files', () => {
  it.each(HOSTILE)('%s', async (_, bytes, pattern) => {
    const path = join(temporaryFolder(), 'model.safetensors');
    writeFileSync(path, bytes);
    await expectRefused(readSafetensorsHeader(path), pattern);
    await expectRefused(readModelFolder(path), pattern);
  });

  it('a header of more than 100 MB, in a sparse file', async () => {
    const path = join(temporaryFolder(), 'model.safetensors');
    writeFileSync(path, lengthOnly(100_000_001n));
    truncateSync(path, 100_000_100);
    await expectRefused(readSafetensorsHeader(path), /larger than 100 MB/);
  });

  it('a file of more than 4 GB is no problem by itself', async () => {
    const path = join(temporaryFolder(), 'model.safetensors');
    const gigabytes = 5 * 2 ** 30;
    const header = fileWith({ far: entry(gigabytes - 16, gigabytes), near: entry(0, 16) }, 0);
    writeFileSync(path, header);
    truncateSync(path, header.length + gigabytes);
    const { weights, sizeBytes } = await readSafetensorsHeader(path);
    expect(sizeBytes).toBe(header.length + gigabytes);
    expect(weights.get('far')?.offset).toBe(header.length + gigabytes - 16);
  });

  it('truncated at every tenth of its length', async () => {
    const whole = readFileSync(UNET);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const path = join(temporaryFolder(), 'model.safetensors');
      writeFileSync(path, whole.subarray(0, Math.floor((whole.length * tenth) / 10)));
      await expectRefused(readSafetensorsHeader(path), /too short|longer than the file|inside the file/);
    }
  });

  it('a folder, and nothing at all', async () => {
    await expectRefused(readSafetensorsHeader(temporaryFolder()), /cannot be read/);
    await expectRefused(readSafetensorsHeader('/nowhere/model.safetensors'), /cannot be read/);
  });

  it('an index that points outside its folder, or to what a shard does not hold', async () => {
    const folder = temporaryFolder();
    const index = join(folder, 'model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ weight_map: { a: '../../../etc/passwd' } }));
    await expectRefused(openComponentWeights(folder), /passwd of .* is missing/);
    writeFileSync(join(folder, 'model-1.safetensors'), fileWith({ b: entry(0, 16) }));
    writeFileSync(index, JSON.stringify({ weight_map: { a: 'model-1.safetensors' } }));
    await expectRefused(openComponentWeights(folder), /does not hold "a"/);
    writeFileSync(index, '{');
    await expectRefused(openComponentWeights(folder), /not a list of weights/);
  });
});

describe('weights that do not fit their config', () => {
  it('a missing tensor and a wrong shape are named', async () => {
    const header = await readSafetensorsHeader(UNET);
    const config = readConfig(goldenModel('sd1'), 'unet');
    const without = new Map(header.weights);
    without.delete('mid_block.attentions.0.proj_in.weight');
    const missing = fromHeaders('unet', [{ ...header, weights: without }]);
    expect(() => buildUnet(config, missing, CPU_TARGET)).toThrow(
      /unet have no tensor "mid_block\.attentions\.0\.proj_in\.weight"/,
    );
    const whole = fromHeaders('unet', [header]);
    expect(() => buildUnet({ ...config, cross_attention_dim: 33 }, whole, CPU_TARGET)).toThrow(
      /attn2\.to_k\.weight" of unet has the shape 16 × 32 where 16 × 33|attn2\.to_k\.weight" of unet has the shape 8 × 32 where 8 × 33/,
    );
    expect(() => buildUnet({ ...config, class_embed_type: 'projection' }, whole, CPU_TARGET)).toThrow(
      /class_embed_type/,
    );
  });
});

/** Deterministic numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('10,000 mutated headers', () => {
  it('are read soundly or refused in one sentence', () => {
    const random = mulberry32(20_261_123);
    const names = ['a', 'b.weight', 'c', '__metadata__', '__proto__', 'constructor'];
    const header = fileWith(
      {
        a: entry(0, 16),
        'b.weight': entry(16, 48, [2, 4]),
        c: entry(48, 64, [8], 'F16'),
        __metadata__: { k: 'v' },
      },
      64,
    );
    let refused = 0;
    const rounds = 10_000;
    for (let round = 0; round < rounds; round += 1) {
      const bytes = mutate(header, random, names);
      try {
        const length = checkStart(bytes.subarray(0, 8), bytes.length, 'fuzz.safetensors');
        const parsed = parseSafetensorsHeader(
          bytes.subarray(8, 8 + length),
          bytes.length,
          'fuzz.safetensors',
        );
        for (const { offset, length: size } of parsed.weights.values()) {
          if (offset < 8 + length || size < 0 || offset + size > bytes.length) throw new Error('unsound');
        }
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        expectSentence(error.message);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(rounds / 2);
    expect(refused).toBeLessThan(rounds);
  }, 120_000);
});

/** One to four changes: a flipped byte, a cut, a copied piece, a number or a name put in. */
function mutate(header: Buffer, random: () => number, names: readonly string[]): Buffer {
  let bytes = Buffer.from(header);
  const at = (): number => Math.floor(random() * bytes.length);
  const numbers = ['-1', '0', '1e308', '9007199254740993', '4294967296', 'null', '[]', '1.5'];
  for (let change = Math.floor(random() * 4); change >= 0; change -= 1) {
    const kind = Math.floor(random() * 5);
    const pick = (list: readonly string[]): Buffer =>
      Buffer.from(list[Math.floor(random() * list.length)] ?? '');
    if (kind === 0) bytes[at()] = Math.floor(random() * 256);
    else if (kind === 1) bytes = bytes.subarray(0, at() + 1);
    else {
      const place = at();
      const piece = kind === 2 ? bytes.subarray(place, place + 20) : pick(kind === 3 ? numbers : names);
      const digit = bytes.indexOf(/[0-9]/.exec(bytes.toString('latin1', place))?.[0] ?? '0', place);
      const where = kind === 3 && digit > 0 ? digit : place;
      bytes = Buffer.concat([bytes.subarray(0, where), piece, bytes.subarray(where + (kind === 3 ? 1 : 0))]);
    }
    // Mostly with a length that is right, so that what lies behind it is looked at.
    if (bytes.length > 80 && random() < 0.8) bytes.writeBigUInt64LE(BigInt(bytes.length - 8 - 64));
  }
  return bytes;
}

async function expectRefused(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error(`not refused: ${String(error)}`);
  expect(error.code).toBe('model');
  expect(error.message).toMatch(pattern);
  expectSentence(error.message);
}

function expectSentence(message: string): void {
  expect(message).toMatch(/^[^\n]{20,400}\.$/);
}
