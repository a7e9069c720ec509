/** Half precision: every bit pattern, rounding to even, and an independent implementation. */
import { f16round } from '@petamoriken/float16';
import { describe, expect, it } from 'vitest';
import { fromFloat16, toFloat16 } from '../../../main/engine/latents/float16';
import { TorchGenerator } from '../../../main/engine/latents/noise';

const ALL = Uint16Array.from({ length: 65536 }, (_, i) => i);
const isNan = (pattern: number): boolean => (pattern & 0x7fff) > 0x7c00;

describe('float16', () => {
  it('brings every one of the 65536 patterns back', () => {
    const values = fromFloat16(ALL);
    const wrong = Array.from(toFloat16(values), (pattern, i) => ({ pattern, i })).filter(({ pattern, i }) =>
      isNan(i) ? !Number.isNaN(values[i]) || !isNan(pattern) : pattern !== i,
    );
    expect(wrong).toEqual([]);
  });

  it('decodes the values that everyone knows', () => {
    const known: [number, number][] = [
      [0x0000, 0],
      [0x8000, -0],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x0001, 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3555, 0.333251953125],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
    ];
    known.forEach(([pattern, value]) => {
      expect(Object.is(fromFloat16(Uint16Array.of(pattern))[0], value)).toBe(true);
    });
  });

  it('rounds every midpoint to the even neighbour, and just beside it to the nearer one', () => {
    const word = new Uint32Array(1);
    const asFloat = new Float32Array(word.buffer);
    const values = fromFloat16(ALL);
    const wrong: string[] = [];
    for (let i = 0; i < 0x7bff; i += 1) {
      const middle = ((values[i] ?? NaN) + (values[i + 1] ?? NaN)) / 2;
      asFloat[0] = middle;
      const bits = word[0] ?? 0;
      const beside = (offset: number): number => {
        word[0] = bits + offset;
        return toFloat16(asFloat)[0] ?? NaN;
      };
      const found = [beside(-1), beside(0), beside(1)].join();
      if (found !== [i, i % 2 === 0 ? i : i + 1, i + 1].join()) wrong.push(`around ${middle}: ${found}`);
    }
    expect(wrong).toEqual([]);
  });

  it('overflows to infinity from 65520 on', () => {
    const patterns = toFloat16(Float32Array.of(65519.99, 65520, 1e9, -1e38, NaN));
    expect([...patterns].slice(0, 4)).toEqual([0x7bff, 0x7c00, 0x7c00, 0xfc00]);
    expect(isNan(patterns[4] ?? 0)).toBe(true);
  });

  it('agrees with an independent implementation, and works on a part of a buffer', () => {
    const noise = new TorchGenerator(3).randn(1 << 16);
    const values = noise.map((value, i) => value * 10 ** ((i % 17) - 9)).subarray(5);
    const wrong = fromFloat16(toFloat16(values)).findIndex(
      (value, i) => !Object.is(value, f16round(values[i] ?? NaN)),
    );
    expect(wrong).toBe(-1);
  });
});
