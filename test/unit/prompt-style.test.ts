/** Styles around a prompt, and the history of prompts. */
import { describe, expect, it } from 'vitest';
import { forgetPrompt, MAX_HISTORY, rememberPrompt, searchHistory } from '../../shared/prompt-library';
import {
  applyStyle,
  asTyped,
  BUILT_IN_STYLES,
  insideStyle,
  isStyle,
  styleSchema,
} from '../../shared/prompt-style';

const style = (prompt: string, negativePrompt = '') => ({
  name: 'Oil',
  prompt,
  negativePrompt,
  typed: null,
});

describe('a style', () => {
  it.each([
    [true, { name: 'Oil', prompt: '{prompt}, oil', negativePrompt: '' }],
    [true, { name: ` ${'n'.repeat(60)} `, prompt: '', negativePrompt: ` ${'w'.repeat(2000)}\n` }],
    [false, { name: '  ', prompt: 'x', negativePrompt: '' }],
    [false, { name: 'n'.repeat(61), prompt: 'x', negativePrompt: '' }],
    [false, { name: 'Oil', prompt: 'w'.repeat(2001), negativePrompt: '' }],
    [false, { name: 'Oil', prompt: 'x', negativePrompt: 'w'.repeat(2001) }],
  ])('is in the form what the schema takes: %s', (isOne, candidate) => {
    expect(isStyle(candidate)).toBe(isOne);
    expect(styleSchema.safeParse(candidate).success).toBe(isOne);
  });

  it.each([
    ['a house', '{prompt}, oil', 'a house, oil'],
    ['a house', 'oil of {prompt}, warm, {prompt}', 'oil of a house, warm, a house'],
    ['a house', 'oil on canvas', 'a house, oil on canvas'],
    ['a house', '', 'a house'],
    ['', '{prompt}, oil', 'oil'],
    ['', 'oil, {prompt}, warm', 'oil, warm'],
    ['', 'oil', 'oil'],
    // Neither a replacement pattern nor another place.
    ["$& $' {prompt}", '{prompt}, oil', "$& $' {prompt}, oil"],
    ['a {red|blue} house', '{prompt}, oil', 'a {red|blue} house, oil'],
  ])('puts %j into %j', (typed, template, whole) => {
    expect(insideStyle(typed, template)).toBe(whole);
  });

  it('is applied once, keeps what was typed, and comes off again', () => {
    const form = {
      prompt: 'a house',
      negativePrompt: 'fog',
      style: style('oil of {prompt}', 'photo'),
      steps: 4,
    };
    const asked = applyStyle(form);
    expect(asked).toEqual({
      prompt: 'oil of a house',
      negativePrompt: 'fog, photo',
      style: { ...form.style, typed: { prompt: 'a house', negativePrompt: 'fog' } },
      steps: 4,
    });
    expect(applyStyle(asked)).toBe(asked);
    expect(asTyped(asked)).toEqual(form);
    expect(asTyped(form)).toBe(form);
    const plain = { prompt: 'x', negativePrompt: '', style: null };
    expect(applyStyle(plain)).toBe(plain);
  });

  it('that comes along has a place for the prompt', () => {
    for (const { prompt } of BUILT_IN_STYLES) expect(prompt).toContain('{prompt}');
  });
});

describe('the history', () => {
  const entry = (prompt: string, usedAt: number, negativePrompt = '') => ({ prompt, negativePrompt, usedAt });

  it('has each prompt once, the newest in front, and not without end', () => {
    let history = rememberPrompt([], entry('a', 1));
    history = rememberPrompt(history, entry('b', 2));
    history = rememberPrompt(history, entry('a', 3));
    history = rememberPrompt(history, entry('a', 4, 'fog'));
    expect(rememberPrompt(history, entry('  ', 5))).toEqual(history);
    expect(history).toEqual([entry('a', 4, 'fog'), entry('a', 3), entry('b', 2)]);
    expect(forgetPrompt(history, entry('a', 0))).toEqual([entry('a', 4, 'fog'), entry('b', 2)]);
    for (let i = 0; i < MAX_HISTORY; i++) history = rememberPrompt(history, entry(`n${i}`, i));
    expect(history).toHaveLength(MAX_HISTORY);
    expect(history.at(-1)?.prompt).toBe('n0');
  });

  it('is searched by all words of both prompts, in any order and case', () => {
    const history = [entry('A Harbour at dusk', 1), entry('a harbour', 2, 'dusk, fog'), entry('a hill', 3)];
    expect(searchHistory(history, 'DUSK harb')).toEqual(history.slice(0, 2));
    expect(searchHistory(history, '')).toEqual(history);
    expect(searchHistory(history, 'sea')).toEqual([]);
  });
});
