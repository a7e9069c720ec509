/** Every text of the golden table, encoded and padded as transformers does, with all four tokenizers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadClipTokenizer, type ClipTokenizer } from '../../../main/engine/text/clip-tokenizer';
import { truncatePrompt } from '../../../main/engine/text/prompt-chunks';
import { folderWith, STARTER, TINY_SD1, TINY_SD2, TOKENS_JSON } from './tokenizer-folders';

const rowSchema = z.object({
  text: z.string(),
  /** Start, tokens, end; not truncated. */
  ids: z.array(z.number()),
  /** What a pipeline feeds, for some texts. */
  padded: z.array(z.number()).length(77).optional(),
});
const golden = z
  .record(z.string(), z.array(rowSchema).min(20))
  .parse(JSON.parse(readFileSync(TOKENS_JSON, 'utf8')));

describe.each([
  ['sd1', TINY_SD1, 999],
  ['sd2', TINY_SD2, 0],
  ['clip', STARTER, 49407],
  ['clip-pad-exclamation', STARTER, 0],
])('golden tokens of %s', (name, source, padId) => {
  const rows = golden[name] ?? [];
  const load = async (): Promise<ClipTokenizer> => {
    const map = { 'special_tokens_map.json': { pad_token: '!' } };
    return loadClipTokenizer(name === 'clip-pad-exclamation' ? await folderWith(source, map) : source);
  };

  it('encodes every text', async () => {
    const tokenizer = await load();
    expect(rows.length).toBeGreaterThan(20);
    for (const { text, ids } of rows) {
      // The one wanted difference: start and end tokens that somebody typed are dropped, not obeyed.
      const expected = ids.slice(1, -1).filter((id) => id !== tokenizer.bosId && id !== tokenizer.eosId);
      expect(tokenizer.encode(text), text).toEqual(expected);
    }
  });

  it('pads and truncates', async () => {
    const tokenizer = await load();
    expect(tokenizer.padId).toBe(padId);
    const padded = rows.filter((row) => row.padded !== undefined);
    expect(padded.length).toBeGreaterThan(3);
    expect(padded.some((row) => row.ids.length > 77)).toBe(true);
    for (const row of padded) {
      expect([...truncatePrompt(tokenizer, row.text).ids], row.text).toEqual(row.padded);
    }
  });
});
