/** CLIP's tokenizer against ids from transformers, in every layout of files, and with broken ones. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadClipTokenizer, type ClipTokenizer } from '../../../main/engine/text/clip-tokenizer';
import { folderWith, STARTER, TINY_SD1, TINY_SD2 } from './tokenizer-folders';

const readTinyVocab = async (): Promise<Record<string, number>> =>
  z.record(z.string(), z.number()).parse(JSON.parse(await readFile(join(TINY_SD1, 'vocab.json'), 'utf8')));
const readTinyMerges = async (): Promise<string[]> =>
  (await readFile(join(TINY_SD1, 'merges.txt'), 'utf8')).trim().split('\n').slice(1);

/** The tokenizer.json that transformers 5.23 writes for this vocabulary. */
async function tinyTokenizerJson(merges: unknown): Promise<object> {
  const regex =
    "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  const marker = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      { id: 998, content: '<|startoftext|>', ...marker },
      { id: 999, content: '<|endoftext|>', ...marker },
    ],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: regex }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: ['<|endoftext|>', 999],
      cls: ['<|startoftext|>', 998],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<|endoftext|>',
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: await readTinyVocab(),
      merges,
    },
  };
}

describe('the full CLIP vocabulary', () => {
  let tokenizer: ClipTokenizer;
  beforeAll(async () => {
    tokenizer = await loadClipTokenizer(STARTER);
  });

  it('has CLIP’s ids for start, end and padding, and 77 positions', () => {
    const { bosId, eosId, padId, maxLength } = tokenizer;
    expect({ bosId, eosId, padId, maxLength }).toEqual({
      bosId: 49406,
      eosId: 49407,
      padId: 49407,
      maxLength: 77,
    });
  });

  it.each<[string, number[]]>([
    ['', []],
    [' \n\t ', []],
    ['!', [256]],
    [',', [267]],
    ['a photo of a cat', [320, 1125, 539, 320, 2368]],
    [
      'a photo of an astronaut riding a horse on mars',
      [320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496],
    ],
    ["A  Photo\nof a CAT!!! 123 it's", [320, 1125, 539, 320, 2368, 995, 272, 273, 274, 585, 568]],
    ['日本 café 🙂', [39121, 19277, 361, 15304, 14860]],
    ['masterpiece,best quality', [12066, 267, 949, 3027]],
    ['1girl', [272, 1611]],
    // From here on: ids by transformers 5.23.
    ['cafe\u0301', [15304]],
    ['ΟΔΟΣ a', [138, 123, 138, 112, 138, 123, 139, 481, 320]],
    ['c\u200bd\ufeffe', [322, 9844, 323, 171, 119, 379, 324]],
    ['a\ufeff\0b', [320, 171, 119, 123, 444, 321]],
    ["ſ 's 'S İ", [129, 379, 568, 568, 328, 16384]],
    ['x²½Ⅷ①', [343, 41175, 33613, 158, 227, 371, 158, 239, 510]],
    ['\x85a\x00b\x1c c', [320, 444, 321, 472, 322]],
    ['&amp; x', [261, 6259, 282, 343]],
  ])('encodes %j', (text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  it('makes a space of start and end tokens that somebody typed, in any case', () => {
    const expected = tokenizer.encode('a cat');
    expect(tokenizer.encode('a<|endoftext|>cat')).toEqual(expected);
    expect(tokenizer.encode('<|startoftext|>a <|ENDofTEXT|> cat<|endoftext|>')).toEqual(expected);
    expect(tokenizer.encode('<|end<|endoftext|>oftext|>')).not.toContain(49407);
  });

  it('encodes lone surrogates, 10,000 letters without a space, and names of object members', () => {
    // A lone surrogate becomes U+FFFD, whose bytes are EF BF BD.
    expect(tokenizer.encode('\ud800')).toEqual(tokenizer.encode('\ufffd'));
    expect(tokenizer.encode('z'.repeat(10_000)).length).toBeGreaterThan(1000);
    for (const word of ['constructor', '__proto__', 'toString']) {
      expect(tokenizer.encode(word).every((id) => Number.isInteger(id) && id < 49406)).toBe(true);
    }
  });
});

describe('special tokens', () => {
  it('pads with "!" for OpenCLIP, and reads a typed "!" as that token, as transformers does', async () => {
    const tokenizer = await loadClipTokenizer(TINY_SD2);
    expect(tokenizer.padId).toBe(0);
    expect(tokenizer.encode('!!! a')).toEqual([0, 0, 0, 320]);
  });

  it('lets special_tokens_map.json win, unless the config lists its added tokens', async () => {
    const config = { model_max_length: 77, pad_token: '<|endoftext|>' };
    const listed = {
      ...config,
      added_tokens_decoder: { '998': { content: '<|startoftext|>', special: true } },
    };
    const map = { pad_token: { content: '!', lstrip: false } };
    const padIdOf = async (tokenizerConfig: object): Promise<number> => {
      const files = { 'tokenizer_config.json': tokenizerConfig, 'special_tokens_map.json': map };
      return (await loadClipTokenizer(await folderWith(TINY_SD1, files))).padId;
    };
    expect(await padIdOf(config)).toBe(0);
    expect(await padIdOf(listed)).toBe(999);
  });

  it('falls back to CLIP’s own tokens and length when there are only vocab.json and merges.txt', async () => {
    const folder = await folderWith(TINY_SD1, {
      'tokenizer_config.json': null,
      'special_tokens_map.json': null,
    });
    const { bosId, eosId, padId, maxLength } = await loadClipTokenizer(folder);
    expect({ bosId, eosId, padId, maxLength }).toEqual({ bosId: 998, eosId: 999, padId: 999, maxLength: 77 });
  });

  it.each([
    [64, 64],
    [1e30, 77],
    [null, 77],
  ])('reads model_max_length %s as %i', async (written, expected) => {
    const folder = await folderWith(TINY_SD1, { 'tokenizer_config.json': { model_max_length: written } });
    expect((await loadClipTokenizer(folder)).maxLength).toBe(expected);
  });

  it('knows learned words from added_tokens.json and from the config', async () => {
    const withFile = await folderWith(TINY_SD1, { 'added_tokens.json': { '<cat-toy>': 1000 } });
    const withConfig = await folderWith(TINY_SD1, {
      'tokenizer_config.json': { added_tokens_decoder: { '1000': { content: '<cat-toy>', special: false } } },
    });
    for (const folder of [withFile, withConfig]) {
      const tokenizer = await loadClipTokenizer(folder);
      expect(tokenizer.encode('a <Cat-Toy>')).toEqual([320, 1000]);
    }
  });
});

describe('tokenizer.json', () => {
  const texts = [
    'a photo of a cat',
    "A  Photo\nof a CAT!!! 123 it's",
    '日本 café 🙂',
    'Σ\ufeff\0e\u0301',
    '<|endoftext|>',
  ];

  it.each(['strings', 'pairs'])(
    'gives the same ids as vocab.json and merges.txt (merges as %s)',
    async (kind) => {
      const merges = await readTinyMerges();
      const json = await tinyTokenizerJson(
        kind === 'pairs' ? merges.map((merge) => merge.split(' ')) : merges,
      );
      const folder = await folderWith(TINY_SD1, {
        'tokenizer.json': json,
        'vocab.json': null,
        'merges.txt': null,
      });
      const [fromJson, fromVocab] = [await loadClipTokenizer(folder), await loadClipTokenizer(TINY_SD1)];
      for (const text of texts) expect(fromJson.encode(text)).toEqual(fromVocab.encode(text));
      expect(fromJson.encode('a photo')).toEqual([320, ...fromVocab.encode('photo')]);
      expect([fromJson.bosId, fromJson.eosId, fromJson.padId]).toEqual([998, 999, 999]);
    },
  );

  it('comes before vocab.json and merges.txt', async () => {
    const folder = await folderWith(TINY_SD1, { 'tokenizer.json': await tinyTokenizerJson([]) });
    // Without merges every letter stays alone.
    expect((await loadClipTokenizer(folder)).encode('cat')).toHaveLength(3);
  });
});

describe('missing and broken files', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no vocabulary', { 'vocab.json': null }, /has no tokenizer\.json or vocab\.json; download/],
    ['no merges', { 'merges.txt': null }, /has no merges\.txt; download/],
    ['cut vocabulary', { 'vocab.json': '{"!": 0, "a' }, /vocab\.json cannot be used: it is not valid JSON/],
    ['vocabulary that is a list', { 'vocab.json': ['!'] }, /vocab\.json cannot be used: /],
    ['ids that are text', { 'vocab.json': { '!': 'zero' } }, /vocab\.json cannot be used: !: /],
    ['cut merges', { 'merges.txt': '#version: 0.2\ni n\nt' }, /merges\.txt cannot be used: merge 2 \("t"\)/],
    ['foreign merges', { 'merges.txt': '#version: 0.2\nĠ wombat' }, /does not fit the vocabulary/],
    [
      'no end token',
      { 'vocab.json': { '!': 0, '<|startoftext|>': 1 }, 'merges.txt': '' },
      /no entry for the end token/,
    ],
    [
      'unknown padding',
      { 'special_tokens_map.json': { pad_token: '<pad>' } },
      /no entry for the padding token "<pad>"/,
    ],
    ['no room', { 'tokenizer_config.json': { model_max_length: 2 } }, /model_max_length 2 leaves no room/],
    [
      'broken config',
      { 'tokenizer_config.json': 'oops' },
      /tokenizer_config\.json cannot be used: it is not valid JSON/,
    ],
    ['broken tokenizer.json', { 'tokenizer.json': { model: 3 } }, /tokenizer\.json cannot be used: /],
    [
      'unknown normalizer',
      {
        'tokenizer.json': {
          normalizer: { type: 'Martian' },
          pre_tokenizer: null,
          model: { type: 'BPE', vocab: { '<|startoftext|>': 0, '<|endoftext|>': 1, '!': 2 }, merges: [] },
        },
      },
      /a kind of tokenizer that Underpaint does not know/,
    ],
  ])('say so in one sentence: %s', async (_name, changes, message) => {
    const folder = await folderWith(TINY_SD1, changes);
    await expect(loadClipTokenizer(folder)).rejects.toMatchObject({ name: 'AppError', code: 'model' });
    await expect(loadClipTokenizer(folder)).rejects.toThrow(message);
  });

  it('say so for a folder that is not there', async () => {
    await expect(loadClipTokenizer(join(TINY_SD1, 'nowhere'))).rejects.toMatchObject({ code: 'model' });
  });
});
