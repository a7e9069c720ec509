/** Emphasis on text encoder output, joined chunks and the token count. */
import { describe, expect, it } from 'vitest';
import { loadClipTokenizer } from '../../../main/engine/text/clip-tokenizer';
import { applyWeights, countTokens } from '../../../main/engine/text/embed-prompt';
import { STARTER } from './tokenizer-folders';

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
/** hidden: [77, D] numbers without a pattern, mean well away from zero. */
const hiddenOf = (D: number): Float32Array =>
  Float32Array.from({ length: 77 * D }, (_, i) => Math.sin(i * 12.9898) * 1.7 - 0.3);

describe('applyWeights', () => {
  it('changes not one bit when all weights are 1', () => {
    const hidden = hiddenOf(8);
    hidden[5] = -0;
    hidden[6] = 1e-42;
    const result = applyWeights(hidden, new Float32Array(77).fill(1), 8);
    expect(new Uint32Array(result.buffer)).toEqual(new Uint32Array(hidden.buffer));
    expect(result).not.toBe(hidden);
  });

  it('multiplies each position, then restores the mean (worked by hand)', () => {
    const hidden = Float32Array.of(1, 3, 2, 2);
    // weighted 1 3 4 4: mean 3 instead of 2, so everything times 2/3
    const result = applyWeights(hidden, Float32Array.of(1, 2), 2);
    [2 / 3, 2, 8 / 3, 8 / 3].forEach((value, index) => expect(result[index]).toBeCloseTo(value, 6));
    expect(hidden).toEqual(Float32Array.of(1, 3, 2, 2));
  });

  it('keeps the mean of a whole chunk and the ratio between positions', () => {
    const D = 16;
    const hidden = hiddenOf(D);
    const weights = new Float32Array(77).fill(1);
    weights.fill(1.3, 3, 6);
    weights.fill(0.5, 9, 12);
    const result = applyWeights(hidden, weights, D);
    expect(mean(result)).toBeCloseTo(mean(hidden), 6);
    const scale = (result[0] ?? NaN) / (hidden[0] ?? NaN);
    expect(scale).not.toBeCloseTo(1, 3);
    weights.forEach((weight, position) => {
      for (let i = position * D; i < (position + 1) * D; i++) {
        expect(result[i]).toBeCloseTo((hidden[i] ?? NaN) * weight * scale, 4);
      }
    });
  });

  it('leaves the mean alone when asked to', () => {
    expect(applyWeights(Float32Array.of(1, 3, 2, 2), Float32Array.of(1, 2), 2, false)).toEqual(
      Float32Array.of(1, 3, 4, 4),
    );
  });

  it('stays finite when the weights cancel everything out', () => {
    expect(applyWeights(Float32Array.of(1, 3, 2, 2), Float32Array.of(0, 0), 2)).toEqual(new Float32Array(4));
  });

  it('refuses shapes that do not fit', () => {
    expect(() => applyWeights(new Float32Array(10), new Float32Array(77), 2)).toThrow(RangeError);
  });
});

describe('countTokens', () => {
  it.each<[string, number, number]>([
    ['', 0, 75],
    ['a photo of a cat', 5, 75],
    ['a (photo:1.3) of [a] cat', 5, 75],
    ['cat '.repeat(75), 75, 75],
    ['cat '.repeat(76), 76, 150],
    ['cat BREAK dog', 2, 150],
    ['🙂', 1, 75],
  ])('counts %j', async (prompt, tokens, limit) => {
    expect(countTokens(await loadClipTokenizer(STARTER), prompt)).toEqual({ tokens, limit });
  });
});
