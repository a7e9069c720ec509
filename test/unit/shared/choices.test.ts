/** Choices in a prompt: what is one and what is not, what the seed picks, all combinations, and what groups of jobs are made of. */
import { describe, expect, it } from 'vitest';
import { allChoices, countChoices, MAX_COMBINATIONS, pickChoices } from '../../../shared/choices';
import { generationSettingsSchema } from '../../../shared/generation';
import { stripStrengths, variations, withWords, type SeededSettings } from '../../../shared/variations';

const settings = (patch: Partial<SeededSettings> = {}): SeededSettings => ({
  ...generationSettingsSchema.parse({ prompt: 'a {red|blue} house' }),
  seed: 7,
  ...patch,
});

describe('choices', () => {
  it('lists every combination, the last choice changing first', () => {
    expect(allChoices('a {red|blue} {house|mill}')).toEqual([
      'a red house',
      'a red mill',
      'a blue house',
      'a blue mill',
    ]);
    expect(allChoices('plain')).toEqual(['plain']);
    expect(allChoices('{a|a|b}')).toEqual(['a', 'b']);
  });

  it('takes choices inside choices, empty ones, and counts them', () => {
    expect(allChoices('{old |}{oak|{tall|small} pine}')).toEqual([
      'old oak',
      'old tall pine',
      'old small pine',
      'oak',
      'tall pine',
      'small pine',
    ]);
    expect(countChoices('{old |}{oak|{tall|small} pine}')).toBe(6);
    expect(countChoices('no choice')).toBe(1);
  });

  it.each([
    ['escaped', 'a \\{red\\|blue\\} house', 'a {red|blue} house'],
    ['an escaped bar inside', '{a\\|b|a\\|b}', 'a|b'],
    ['without a bar', 'a {red} house', 'a {red} house'],
    ['a bar alone', 'a | b', 'a | b'],
    ['not closed', 'a {red|blue house', 'a {red|blue house'],
    ['not opened', 'a red|blue} house', 'a red|blue} house'],
    ['not closed around one', '{x|{y|y}', '{x|y'],
    ['weights keep their backslash', '\\(a\\) [b] (c:1.2)', '\\(a\\) [b] (c:1.2)'],
    ['braces around one', '{big {a|a}}', '{big a}'],
  ])('leaves alone what is none: %s', (_, prompt, words) => {
    expect(pickChoices(prompt, 3)).toBe(words);
  });

  it('picks the same words for the same seed, and each option about equally often', () => {
    const prompt = 'a {red|blue|green} {house|mill}';
    const picked = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed += 1) {
      const words = pickChoices(prompt, seed);
      expect(pickChoices(prompt, seed)).toBe(words);
      picked.set(words, (picked.get(words) ?? 0) + 1);
    }
    expect([...picked.keys()].toSorted()).toEqual(allChoices(prompt).toSorted());
    for (const count of picked.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
    // Both halves of a large seed count.
    const large = new Set(Array.from({ length: 40 }, (_, half) => pickChoices(prompt, half * 2 ** 32)));
    expect(large.size).toBeGreaterThan(3);
  });

  it('says in a plain sentence when there are too many, and survives whatever is typed', () => {
    const tooMany = '{a|b}'.repeat(7);
    expect(countChoices(tooMany)).toBe(128);
    expect(() => allChoices(tooMany)).toThrow(
      `make 128 combinations, and at most ${MAX_COMBINATIONS} can be painted at once`,
    );
    expect(() => allChoices('{a|b}'.repeat(1000))).toThrow(/more than a million/);
    for (const hostile of [
      '{'.repeat(10_000),
      '}'.repeat(10_000),
      '{|'.repeat(5000),
      `${'{a|'.repeat(3000)}b${'}'.repeat(3000)}`,
      '\\',
    ])
      expect(() => pickChoices(hostile, 1)).not.toThrow();
  });
});

describe('groups', () => {
  it('paint one seed at several strengths, with the same words', () => {
    const all = variations(settings({ count: 3 }), { kind: 'strengths', strengths: [0.2, 1] });
    expect(all.map(({ strength, seed, count }) => [strength, seed, count])).toEqual([
      [0.2, 7, 1],
      [1, 7, 1],
    ]);
    expect(new Set(all.map(({ prompt }) => prompt)).size).toBe(1);
  });

  it('paint the seeds behind one, or as many as are wanted from it, each with its own words', () => {
    const seeds = variations(settings(), { kind: 'seeds', count: 3 });
    expect(seeds.map(({ seed }) => seed)).toEqual([8, 9, 10]);
    const pictures = variations(settings({ count: 30 }), { kind: 'pictures' });
    expect(pictures.map(({ seed }) => seed)).toEqual(Array.from({ length: 30 }, (_, index) => 7 + index));
    expect(new Set(pictures.map(({ prompt }) => prompt))).toEqual(new Set(['a red house', 'a blue house']));
    expect(pictures.every((one) => pickChoices('a {red|blue} house', one.seed) === one.prompt)).toBe(true);
    const last = variations(settings({ seed: Number.MAX_SAFE_INTEGER }), { kind: 'seeds', count: 1 });
    expect(last[0]?.seed).toBe(0);
  });

  it('paint every combination with one seed, and keep what was written only where the seed decides', () => {
    const all = variations(settings(), { kind: 'choices' });
    expect(all.map(({ prompt, promptTemplate, seed }) => [prompt, promptTemplate, seed])).toEqual([
      ['a red house', null, 7],
      ['a blue house', null, 7],
    ]);
    expect(withWords(settings()).promptTemplate).toBe('a {red|blue} house');
    expect(withWords(settings({ prompt: 'a house' })).promptTemplate).toBeNull();
  });

  it('take five strengths, all of which run a step', () => {
    expect(stripStrengths(20, 'floor')).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
    expect(stripStrengths(4, 'floor')).toEqual([0.25, 0.44, 0.63, 0.81, 1]);
    expect(stripStrengths(1, 'floor')).toEqual([1]);
    expect(stripStrengths(4, 'ceil')).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
  });
});
