/** T5's tokenizer against what the tokenizers library makes of 200 prompts, from tokenizer.json and from spiece.model. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadPromptCounter } from '../../../main/engine/model/prompt-counter';
import { loadT5Tokenizer, padT5 } from '../../../main/engine/text/t5-tokenizer';
import { GOLDEN, goldenModel } from '../../support/golden';
import { temporaryFolder } from '../../support/temporary-folder';

const FOLDER = join(goldenModel('flux-schnell'), 'tokenizer_2');
const { t5: ROWS } = z
  .object({ t5: z.array(z.object({ text: z.string(), ids: z.array(z.number()) })).length(200) })
  .parse(JSON.parse(readFileSync(join(GOLDEN, 'tokens-t5.json'), 'utf8')));

/** A copy of the tokenizer without `file`. */
function copyWithout(file: string): string {
  const folder = join(temporaryFolder(), 'tokenizer_2');
  cpSync(FOLDER, folder, { recursive: true });
  rmSync(join(folder, file));
  return folder;
}

describe('T5 tokenizer', () => {
  it('200 prompts from tokenizer.json', async () => {
    const tokenizer = await loadT5Tokenizer(FOLDER);
    for (const { text, ids } of ROWS) {
      expect([...tokenizer.encode(text), tokenizer.eosId], JSON.stringify(text)).toEqual(ids);
    }
  });

  it('the same from spiece.model alone, but for sentinels, of which that file does not say how many there are', async () => {
    const tokenizer = await loadT5Tokenizer(copyWithout('tokenizer.json'));
    const rows = ROWS.filter(({ text }) => !text.includes('<extra_id_'));
    expect(rows.length).toBeGreaterThan(150);
    for (const { text, ids } of rows) {
      expect([...tokenizer.encode(text), tokenizer.eosId], JSON.stringify(text)).toEqual(ids);
    }
  });

  it('cuts off so that the end token fits, and pads with <pad>', async () => {
    const tokenizer = await loadT5Tokenizer(FOLDER);
    const long = ROWS.find(({ ids }) => ids.length > 512);
    expect([...padT5(tokenizer, long?.text ?? '', 512)]).toEqual([...(long?.ids.slice(0, 511) ?? []), 1]);
    expect([...padT5(tokenizer, '', 4)]).toEqual([1, 0, 0, 0]);
  });

  it('tells how long a prompt is for a Flux model, and how much fits', async () => {
    const count = await loadPromptCounter(goldenModel('flux-schnell'));
    const [, row] = ROWS;
    expect(count(row?.text ?? '')).toEqual({ tokens: (row?.ids.length ?? 0) - 1, limit: 255 });
  });

  it('says what is missing or broken', async () => {
    const empty = copyWithout('tokenizer.json');
    rmSync(join(empty, 'spiece.model'));
    await expect(loadT5Tokenizer(empty)).rejects.toMatchObject({
      code: 'model',
      message: /no tokenizer.json or spiece.model/,
    });

    const cut = copyWithout('tokenizer.json');
    const bytes = readFileSync(join(cut, 'spiece.model'));
    for (let tenth = 0; tenth < 10; tenth += 1) {
      writeFileSync(
        join(cut, 'spiece.model'),
        bytes.subarray(0, 7 + Math.floor((tenth * (bytes.length - 8)) / 10)),
      );
      await expect(loadT5Tokenizer(cut)).rejects.toMatchObject({ code: 'model' });
    }

    const other = copyWithout('spiece.model');
    writeFileSync(join(other, 'tokenizer.json'), '{"model":{"type":"BPE","vocab":{}}}');
    await expect(loadT5Tokenizer(other)).rejects.toMatchObject({
      code: 'model',
      message: /tokenizer.json cannot be used/,
    });
  });
});
