/** Text and edges on every ground of every theme, by WCAG's own formula: AA, and AAA where more contrast is wanted. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../../renderer/styles/tokens.css', import.meta.url), 'utf8');

type Tokens = Readonly<Record<string, string>>;

/** Every block of the file that sets colours: what stands before its brace, and its tokens over those of the first block. */
function themes(): { name: string; tokens: Tokens }[] {
  const blocks = [...css.matchAll(/(@media[^{]+\{\s*)?(:root[^{]*)\{([^}]*--ground[^}]*)\}/g)].map(
    ([, media = '', selector = '', body = '']) => ({
      name: `${media.replace('{', '').trim()} ${selector.trim()}`.trim(),
      tokens: Object.fromEntries(
        [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{3,6});/g)].map(([, name = '', value = '']) => [
          name,
          value,
        ]),
      ),
    }),
  );
  return blocks.map(({ name, tokens }) => ({ name, tokens: { ...blocks[0]?.tokens, ...tokens } }));
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const full = hex.length === 4 ? hex.replace(/[0-9a-f]/g, '$&$&') : hex;
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(full.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ['ground', 'panel', 'raised', 'stage', 'hover', 'accent-soft', 'danger-ground'];
/** What is written, and on what. */
const TEXTS: readonly [text: string, grounds: readonly string[]][] = [
  ['text', GROUNDS],
  ['muted', ['ground', 'panel', 'raised', 'stage', 'accent-soft']],
  ['accent', ['panel', 'raised']],
  ['danger', ['panel', 'danger-ground']],
  ['on-accent', ['accent', 'accent-hover']],
];
/** What has to be seen: edges of fields, the focus, what is chosen. */
const EDGES: readonly [edge: string, grounds: readonly string[]][] = [
  ['edge', ['ground', 'panel', 'raised']],
  ['focus', ['ground', 'panel', 'raised', 'stage']],
  ['accent', ['panel', 'stage']],
];

describe.each(themes())('$name', ({ name, tokens }) => {
  const isStrong = name.includes('contrast');
  const below = (pairs: typeof TEXTS, least: number): string[] =>
    pairs.flatMap(([front, grounds]) =>
      grounds.flatMap((ground) => {
        const ratio = contrast(tokens[front] ?? '', tokens[ground] ?? '');
        return ratio >= least ? [] : [`${front} on ${ground}: ${ratio.toFixed(2)}`];
      }),
    );

  it('can be read', () => {
    expect(below(TEXTS, isStrong ? 7 : 4.5)).toEqual([]);
  });

  it('shows where things begin and what has the focus', () => {
    expect(below(EDGES, isStrong ? 4.5 : 3)).toEqual([]);
  });

  it('disturbs no judgement of colours: what lies around pictures is neutral', () => {
    for (const ground of ['ground', 'panel', 'stage']) {
      const full = (tokens[ground] ?? '').replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3');
      const channels = [1, 3, 5].map((at) => Number.parseInt(full.slice(at, at + 2), 16));
      expect(Math.max(...channels) - Math.min(...channels), ground).toBeLessThanOrEqual(4);
    }
  });
});

it('knows every theme', () => {
  expect(themes().map(({ name }) => name)).toHaveLength(6);
});
