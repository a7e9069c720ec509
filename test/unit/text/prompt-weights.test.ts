/** The weighting syntax, against the examples in A1111's own documentation of its parser. */
import { describe, expect, it } from 'vitest';
import { BREAK, parseWeightedPrompt } from '../../../main/engine/text/prompt-weights';

const pairs = (prompt: string): [string, number][] =>
  parseWeightedPrompt(prompt).map(({ text, weight }) => [text, weight]);

describe('parseWeightedPrompt', () => {
  it.each<[string, [string, number][]]>([
    ['normal text', [['normal text', 1]]],
    [
      'an (important) word',
      [
        ['an ', 1],
        ['important', 1.1],
        [' word', 1],
      ],
    ],
    ['(unbalanced', [['unbalanced', 1.1]]],
    ['\\(literal\\]', [['(literal]', 1]]],
    ['(unnecessary)(parens)', [['unnecessaryparens', 1.1]]],
    [
      'a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).',
      [
        ['a ', 1],
        ['house', 1.5730000000000004],
        [' ', 1.1],
        ['on', 1],
        [' a ', 1.1],
        ['hill', 0.55],
        [', sun, ', 1.1],
        ['sky', 1.4641000000000006],
        ['.', 1.1],
      ],
    ],
    [
      'word BREAK word',
      [
        ['word', 1],
        ['BREAK', -1],
        ['word', 1],
      ],
    ],
  ])('reads %s as A1111 does, to the last bit', (prompt, expected) => {
    expect(pairs(prompt)).toEqual(expected);
  });

  it.each<[string, [string, number][]]>([
    ['', [['', 1]]],
    ['()', [['', 1]]],
    ['[x]', [['x', 1 / 1.1]]],
    [
      '(a:.5)(b: 2. )(c:-1)(d:+3)',
      [
        ['a', 0.5],
        ['b', 2],
        ['c', -1],
        ['d', 3],
      ],
    ],
    ['(a:0)', [['a', 0]]],
    ['a:1.5) b', [['a:1.5) b', 1]]],
    ['ratio 16:9', [['ratio 16:9', 1]]],
    ['(ratio 16:9)', [['ratio 16', 9]]],
    ['(a:b)', [['a:b', 1.1]]],
    ['(a:1.2.3)', [['a:1.2.3', 1.1]]],
    ['a) b] c', [['a) b] c', 1]]],
    ['[a:1.5]', [['a:1.5', 1 / 1.1]]],
    [
      '(a [b) c',
      [
        ['a ', 1.1],
        ['b', 1.1 / 1.1],
        [' c', 1 / 1.1],
      ],
    ],
    ['\\\\ \\[x\\] \\(y\\) \\z', [['\\ [x] (y) z', 1]]],
    ['\\', [['', 1]]],
    ['(\\(x\\):1.2)', [['(x)', 1.2]]],
  ])('reads %j', (prompt, expected) => {
    const actual = pairs(prompt);
    expect(actual.map(([text]) => text)).toEqual(expected.map(([text]) => text));
    actual.forEach(([, weight], index) => expect(weight).toBeCloseTo(expected[index]?.[1] ?? NaN, 12));
  });

  it('takes BREAK only as a word of its own, in capitals, and marks it by identity', () => {
    expect(parseWeightedPrompt('a BREAK b')[1]).toBe(BREAK);
    expect(pairs('BREAKFAST, unBREAKable, break, 日BREAK')).toEqual([
      ['BREAKFAST, unBREAKable, break, 日BREAK', 1],
    ]);
    expect(parseWeightedPrompt('(BRE\\AK:-1)')).not.toContain(BREAK);
    expect(pairs('a \n BREAK,b')).toEqual([
      ['a', 1],
      ['BREAK', -1],
      [',b', 1],
    ]);
    expect(pairs('a BREAK BREAK b').map(([text]) => text)).toEqual(['a', 'BREAK', 'BREAK', 'b']);
  });

  it('keeps a break a break inside brackets, and weighs the text on both sides of it', () => {
    const parts = parseWeightedPrompt('(a BREAK b:1.3)');
    expect(parts).toEqual([{ text: 'a', weight: 1.3 }, BREAK, { text: 'b', weight: 1.3 }]);
    expect(parts[1]).toBe(BREAK);
  });

  it('limits the weight of hundreds of nested brackets to a finite number', () => {
    expect(pairs(`${'('.repeat(9000)}x`)).toEqual([['x', 1000]]);
    expect(pairs(`${'['.repeat(9000)}x`)[0]?.[1]).toBeCloseTo(0, 12);
    expect(pairs(`((x:0):${'9'.repeat(400)})`)).toEqual([['x', 0]]);
  });

  it('reads 10,000 hostile characters in well under a second', () => {
    const started = performance.now();
    for (const piece of ['(a', '(:1', '1'.repeat(5000) + ':', ' ', 'BREAK ', '\\', '[(', ':  ']) {
      parseWeightedPrompt(`(x:${piece.repeat(Math.floor(10_000 / piece.length))}`);
    }
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
