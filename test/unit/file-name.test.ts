/** File names from templates: usable on all three systems, whatever a prompt holds. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FILE_NAME_WORDS, fileNameOf, safeFileName, type FileNameFacts } from '../../shared/file-name';

const facts: FileNameFacts = {
  createdAt: new Date(2026, 1, 3, 14, 5, 9).getTime(),
  prompt: 'a red house, by a lake',
  seed: 7,
  model: 'starter',
  strength: 0.6,
  steps: 20,
  width: 512,
  height: 384,
  style: 'Oil',
  input: 'my.sketch.png',
  n: 3,
};

describe('fileNameOf', () => {
  it('fills in every word', () => {
    const template = FILE_NAME_WORDS.map((word) => `{${word}}`).join('-');
    expect(fileNameOf(template, facts)).toBe(
      '2026-02-03-14-05-09-a red house, by a lake-7-starter-60%-20-512x384-Oil-my.sketch-3',
    );
    expect(fileNameOf('{other} {seed}', facts)).toBe('{other} 7');
    expect(fileNameOf(' ', facts)).toBe('2026-02-03 a red house, by a lake 7');
  });

  it('cuts a long prompt between words', () => {
    const prompt = 'an old lighthouse above the sea, in the last light of a long day in autumn';
    expect(fileNameOf('{prompt}', { ...facts, prompt })).toBe(
      'an old lighthouse above the sea, in the last light of a long',
    );
    expect(fileNameOf('{prompt}', { ...facts, prompt: 'x'.repeat(500) })).toBe('x'.repeat(60));
  });

  it('does not read words that a prompt holds as words of the template', () => {
    expect(fileNameOf('{prompt}', { ...facts, prompt: '{seed} of {date}' })).toBe('{seed} of {date}');
  });
});

describe('safeFileName', () => {
  it.each([
    ['a/b\\c:d*e?f"g<h>i|j', 'a_b_c_d_e_f_g_h_i_j'],
    ['../../etc/passwd', '_.._etc_passwd'],
    ['  . hidden. ', 'hidden'],
    ['line\nbreak\ttab\u0000nul', 'line break tab nul'],
    ['gnp.\u202Efdp', 'gnp. fdp'],
    ['con', '_con'],
    ['LPT1', '_LPT1'],
    ['nul.txt', '_nul.txt'],
    ['', 'picture'],
    [' ... ', 'picture'],
    ['cafe\u0301', 'caf\u00e9'],
    ['half \ud83d', 'half'],
  ])('%j → %j', (text, name) => {
    expect(safeFileName(text)).toBe(name);
  });

  it('fits into what file systems take, without half a letter, and really makes files', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'underpaint-names-'));
    for (const text of ['猫'.repeat(300), '👩🏽‍🎨'.repeat(100), 'e\u0301'.repeat(400), 'a'.repeat(254)]) {
      const name = safeFileName(text);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
      expect(name).not.toMatch(/\p{Cs}/u);
      writeFileSync(path.join(folder, `${name} (9999).webp`), '');
    }
  });
});
