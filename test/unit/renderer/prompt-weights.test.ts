/** Ctrl+arrow in the prompt: weights of the selected words. */
import { describe, expect, it } from 'vitest';
import { changeWeight } from '../../../renderer/state/prompt-weights';

/** `[` and `]` mark the selection. */
const select = (marked: string) => {
  const start = marked.indexOf('[');
  const end = marked.indexOf(']') - 1;
  return { text: marked.replace(/[[\]]/g, ''), start, end };
};
const mark = ({ text, start, end }: { text: string; start: number; end: number }): string =>
  `${text.slice(0, start)}[${text.slice(start, end)}]${text.slice(end)}`;

describe('changeWeight', () => {
  it.each([
    ['a [red house] here', 1, 'a [(red house:1.1)] here'],
    ['a [red house] here', -1, 'a [(red house:0.9)] here'],
    ['a [(red house:1.1)] here', 1, 'a [(red house:1.2)] here'],
    ['a ([red house]:1.1) here', 1, 'a [(red house:1.2)] here'],
    ['a [(red house:1.1)] here', -1, 'a [red house] here'],
    ['a [(red:0.9)]', 1, 'a [red]'],
    ['a re[]d house', 1, 'a [(red:1.1)] house'],
    ['a [ red ] house', 1, 'a  [(red:1.1)]  house'],
    ['[(x:2)]', 1, '[(x:2)]'],
    ['[(x:0.1)]', -1, '[(x:0.1)]'],
    ['Vögel über d[]em Meer', 1, 'Vögel über [(dem:1.1)] Meer'],
    ['[two\nlines]', 1, '[(two\nlines:1.1)]'],
  ] as const)('%s by %i → %s', (before, direction, after) => {
    expect(mark(changeWeight(select(before), direction))).toBe(after);
  });

  it('leaves the text alone where there is no word', () => {
    const selection = { text: 'a , b', start: 3, end: 3 };
    expect(changeWeight(selection, 1)).toEqual(selection);
  });

  it('comes back to the same text after as many steps up as down', () => {
    let now = select('a [red] house');
    for (let step = 0; step < 7; step += 1) now = changeWeight(now, 1);
    expect(now.text).toBe('a (red:1.7) house');
    for (let step = 0; step < 7; step += 1) now = changeWeight(now, -1);
    expect(now.text).toBe('a red house');
  });
});
