/** Chunks of 75 tokens: commas, BREAK, weights per token, padding, and strings nobody would type. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadClipTokenizer, type ClipTokenizer } from '../../../main/engine/text/clip-tokenizer';
import {
  chunkPrompt,
  padChunks,
  truncatePrompt,
  type PromptChunk,
} from '../../../main/engine/text/prompt-chunks';
import { STARTER, TINY_SD1, TINY_SD2 } from './tokenizer-folders';

const CAT = 2368;
const COMMA = 267;
const START = 49406;
const END = 49407;
let tokenizer: ClipTokenizer;

beforeAll(async () => {
  tokenizer = await loadClipTokenizer(STARTER);
});

const cats = (count: number): string => ' cat'.repeat(count);
/** The prompt tokens of each chunk. */
const tokensOf = (chunks: readonly PromptChunk[]): number[][] =>
  chunks.map(({ ids, tokenCount }) => [...ids.slice(1, tokenCount + 1)]);
const lengths = (prompt: string): number[] =>
  chunkPrompt(tokenizer, prompt).map(({ tokenCount }) => tokenCount);

describe('chunkPrompt', () => {
  it.each(['', 'a photo of a cat', cats(75), 'A  Photo\nof a CAT!!! 123 it’s', '日本 café 🙂'])(
    'gives one chunk equal to diffusers’ padding for %j',
    (prompt) => {
      const chunks = chunkPrompt(tokenizer, prompt);
      const ids = [START, ...tokenizer.encode(prompt), END];
      expect(chunks).toHaveLength(1);
      expect([...(chunks[0]?.ids ?? [])]).toEqual([
        ...ids,
        ...Array.from({ length: 77 - ids.length }, () => END),
      ]);
      expect(chunks[0]?.ids).toEqual(truncatePrompt(tokenizer, prompt).ids);
      expect(chunks[0]?.weights).toEqual(new Float32Array(77).fill(1));
    },
  );

  it('cuts without commas after exactly 75 tokens', () => {
    expect(lengths(cats(76))).toEqual([75, 1]);
    expect(lengths(cats(230))).toEqual([75, 75, 75, 5]);
  });

  it('moves what follows the last comma of a full chunk to the next one', () => {
    const [first, second] = tokensOf(chunkPrompt(tokenizer, `${cats(70)},${cats(10)}`));
    expect(first).toEqual([...Array.from({ length: 70 }, () => CAT), COMMA]);
    expect(second).toEqual(Array.from({ length: 10 }, () => CAT));
  });

  it('looks back 20 tokens for the comma, and no further', () => {
    expect(lengths(`${cats(55)},${cats(30)}`)).toEqual([56, 30]);
    expect(lengths(`${cats(54)},${cats(30)}`)).toEqual([75, 10]);
  });

  it('moves nothing when the prompt ends with the full chunk, or when a comma is the token that does not fit', () => {
    expect(lengths(`${cats(70)},${cats(4)}`)).toEqual([75]);
    expect(lengths(`${cats(70)},${cats(4)},`)).toEqual([75, 1]);
  });

  it('moves the weights together with their tokens', () => {
    const [first, second] = chunkPrompt(tokenizer, `${cats(72)},(${cats(1)} ${cats(3)}:1.5)`);
    expect(first?.tokenCount).toBe(73);
    expect(first?.weights).toEqual(new Float32Array(77).fill(1));
    expect([...(second?.weights.slice(0, 7) ?? [])]).toEqual([1, 1.5, 1.5, 1.5, 1.5, 1, 1]);
  });

  it('gives every token the weight of its part; start, end and padding keep 1', () => {
    const [chunk] = chunkPrompt(tokenizer, 'a (red:1.25) [cat]');
    expect(tokensOf([...(chunk ? [chunk] : [])])).toEqual([[320, 736, CAT]]);
    expect(chunk?.weights.slice(0, 5)).toEqual(Float32Array.of(1, 1, 1.25, 1 / 1.1, 1));
    expect(chunk?.weights.slice(5).every((weight) => weight === 1)).toBe(true);
  });

  it('starts a new chunk at BREAK', () => {
    expect(tokensOf(chunkPrompt(tokenizer, 'a cat BREAK cat'))).toEqual([[320, CAT], [CAT]]);
    expect(lengths('a cat BREAK')).toEqual([2]);
    expect(lengths('BREAK cat')).toEqual([0, 1]);
    expect(lengths(`${cats(75)} BREAK cat`)).toEqual([75, 1]);
  });

  it('pads with the model’s own padding id after the first end', async () => {
    const sd2 = await loadClipTokenizer(TINY_SD2);
    const [chunk] = chunkPrompt(sd2, 'a');
    expect([...(chunk?.ids ?? [])]).toEqual([998, 320, 999, ...Array.from({ length: 74 }, () => 0)]);
  });
});

describe('truncatePrompt', () => {
  it('cuts like diffusers: 75 tokens, and the end at position 77', () => {
    const { ids, tokenCount } = truncatePrompt(tokenizer, `${cats(70)},${cats(10)}`);
    expect(ids).toHaveLength(77);
    expect(tokenCount).toBe(75);
    expect([ids[0], ids[70], ids[71], ids[75], ids[76]]).toEqual([START, CAT, COMMA, CAT, END]);
  });

  it('takes brackets as text', () => {
    expect(truncatePrompt(tokenizer, '(cat:1.5)').tokenCount).toBe(tokenizer.encode('(cat:1.5)').length);
  });
});

describe('padChunks', () => {
  it('fills the shorter side with empty chunks, whichever it is', () => {
    const long = chunkPrompt(tokenizer, cats(160));
    const short = chunkPrompt(tokenizer, 'blurry');
    const [a, b] = padChunks(long, short, tokenizer);
    const [c, d] = padChunks(short, long, tokenizer);
    expect([a.length, b.length, c.length, d.length]).toEqual([3, 3, 3, 3]);
    expect(a).toEqual(long);
    expect(b[0]).toEqual(short[0]);
    expect(b.slice(1)).toEqual([truncatePrompt(tokenizer, ''), truncatePrompt(tokenizer, '')]);
    expect(c).toEqual(b);
    expect(d).toEqual(long);
  });
});

describe('random strings', () => {
  /** A small seeded generator (mulberry32), so that a failure repeats. */
  const randomOf = (seed: number) => (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const pieces = [
    '(', ')', '[', ']', ':', ':1.5)', '\\', 'BREAK', ' BREAK ', ',', ' ', '\n', '<|endoftext|>', '<|STARTOFTEXT|>',
    'masterpiece', 'it’s', '日本', '🙂', '👩‍👩‍👧', '\ud800', '\udc00', '\0', '\ufeff', 'Σ', 'ﬁ', 'e\u0301', '123', '-', '|', '</w>', '__proto__',
  ]; // prettier-ignore
  const randomPrompt = (random: () => number): string =>
    Array.from({ length: Math.floor(random() ** 2 * 300) }, () => {
      if (random() < 0.2) return String.fromCodePoint(Math.floor(random() * 0x110000));
      return pieces[Math.floor(random() * pieces.length)] ?? '';
    }).join('');

  it.each([
    ['full vocabulary', STARTER, 49408],
    ['small vocabulary', TINY_SD1, 1000],
    ['OpenCLIP padding', TINY_SD2, 1000],
  ])('never throw and always give well-formed chunks (%s)', async (_name, folder, size) => {
    const subject = await loadClipTokenizer(folder);
    const random = randomOf(20240229);
    for (let round = 0; round < 400; round++) {
      const prompt = randomPrompt(random);
      const chunks = chunkPrompt(subject, prompt);
      expect(chunks.length, JSON.stringify(prompt)).toBeGreaterThan(0);
      for (const { ids, weights, tokenCount } of [...chunks, truncatePrompt(subject, prompt)]) {
        const isWellFormed =
          ids.length === 77 &&
          weights.length === 77 &&
          tokenCount >= 0 &&
          tokenCount <= 75 &&
          ids.every((id) => id >= 0 && id < size) &&
          weights.every((weight) => Number.isFinite(weight)) &&
          ids[0] === subject.bosId &&
          ids.lastIndexOf(subject.bosId) === 0 &&
          ids.indexOf(subject.eosId) === tokenCount + 1 &&
          ids.slice(tokenCount + 2).every((id) => id === subject.padId);
        expect(isWellFormed, JSON.stringify(prompt)).toBe(true);
      }
    }
  });
});
