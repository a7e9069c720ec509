/** Writing, reading and mistrusting safetensors files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type SafeTensor,
} from '../../../main/engine/latents/safetensors';
import { GOLDEN } from '../../support/golden';

const TENSORS: Record<string, SafeTensor> = {
  bytes: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) },
  latents: { dtype: 'F32', shape: [1, 2, 2], data: Float32Array.of(1.5, -2, NaN, Infinity) },
  half: { dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0x7c00) },
  brain: { dtype: 'BF16', shape: [1, 1], data: Uint16Array.of(0x3f80) },
  ids: { dtype: 'I64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 60n) },
  counts: { dtype: 'I32', shape: [2], data: Int32Array.of(-7, 7) },
  scalar: { dtype: 'F32', shape: [], data: Float32Array.of(3) },
  empty: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
};

/** A file with this header text and so many zero bytes of data. */
function fileOf(header: string, dataBytes = 0): Buffer {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

describe('safetensors', () => {
  it('brings every type back through a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
    try {
      const path = join(folder, 'a.safetensors');
      await writeFile(path, encodeSafetensors(TENSORS, { seed: '42' }));
      const { metadata, tensors } = await readSafetensors(path);
      expect(metadata).toEqual({ seed: '42' });
      expect(tensors).toEqual(TENSORS);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('writes a part of a larger buffer, and reads copies', () => {
    const whole = Float32Array.of(1, 2, 3, 4);
    const file = encodeSafetensors({ part: { dtype: 'F32', shape: [2], data: whole.subarray(1, 3) } });
    const { tensors } = decodeSafetensors(file);
    expect(tensors['part']?.data).toEqual(Float32Array.of(2, 3));
    file.fill(0xff);
    expect(tensors['part']?.data).toEqual(Float32Array.of(2, 3));
  });

  it('aligns the data and reads files of the reference implementation', async () => {
    const file = encodeSafetensors(TENSORS);
    expect(Number(file.readBigUInt64LE(0)) % 8).toBe(0);
    const { tensors } = await readSafetensors(join(GOLDEN, 'noise.safetensors'));
    expect(tensors['seed0_n5']).toMatchObject({ dtype: 'F32', shape: [5] });
    expect(tensors['seed0_n5']?.data[0]).toBeCloseTo(1.5409961, 6);
  });

  const entry = (over: object): string =>
    JSON.stringify({ x: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...over } });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a few bytes', Buffer.alloc(7)],
    ['a header longer than the file', Buffer.concat([Buffer.alloc(7, 0xff), Buffer.alloc(20, 0x7f)])],
    ['text that is not JSON', fileOf('{"x": ')],
    [
      'bytes that are not text',
      Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0xff, 0xfe])]),
    ],
    ['a list', fileOf('[]')],
    ['an unknown type', fileOf(entry({ dtype: 'F8' }), 8)],
    ['a negative size', fileOf(entry({ shape: [-2] }), 8)],
    ['a fractional size', fileOf(entry({ shape: [1.5] }), 8)],
    ['a shape that does not fit', fileOf(entry({ shape: [3] }), 12)],
    ['a huge shape', fileOf(entry({ shape: [2 ** 40, 2 ** 40] }), 8)],
    ['offsets past the end', fileOf(entry({}), 7)],
    ['offsets in reverse', fileOf(entry({ data_offsets: [8, 0] }), 8)],
    ['metadata that is not text', fileOf('{"__metadata__": {"a": 1}}')],
  ])('refuses %s as damaged input', (_, file) => {
    expect(() => decodeSafetensors(file)).toThrow(
      expect.objectContaining({ name: 'AppError', code: 'input' }),
    );
  });

  it('does not write a shape that does not fit its data', () => {
    expect(() => encodeSafetensors({ x: { dtype: 'U8', shape: [4], data: new Uint8Array(3) } })).toThrow(
      RangeError,
    );
  });
});
