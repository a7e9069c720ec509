/**
 * Choices in a prompt: `a {red|blue} house`. Pure: the same prompt and seed always give the same words. Choices may lie in each other
 * and may be empty (`{|very }`); `\{`, `\|` and `\}` are the characters themselves; braces without a bar are ordinary text.
 */
import { AppError } from './errors';

/** More pictures than this from one press are a mistake rather than a wish. */
export const MAX_COMBINATIONS = 64;
/** Braces that lie deeper than this are ordinary text. */
const MAX_DEPTH = 50;

/** A stretch of text, or a place where one of several sequences stands. */
type Part = string | readonly Sequence[];
type Sequence = readonly Part[];

/** How many different ways there are to choose; 1 for a prompt without choices. */
export const countChoices = (prompt: string): number => countOf(parse(prompt));

/** One way, decided by the seed: every option of a choice is equally likely. */
export function pickChoices(prompt: string, seed: number): string {
  const draw = draws(seed);
  const say = (sequence: Sequence): string =>
    sequence
      .map((part) => (typeof part === 'string' ? part : say(part[Math.floor(draw() * part.length)] ?? [])))
      .join('');
  return say(parse(prompt));
}

/** Every way once, the last choice changing first. Throws `usage` when there are more than `MAX_COMBINATIONS`. */
export function allChoices(prompt: string): string[] {
  const sequence = parse(prompt);
  const count = countOf(sequence);
  if (count > MAX_COMBINATIONS) {
    throw new AppError(
      'usage',
      `The choices in this prompt make ${count > 1e6 ? 'more than a million' : count} combinations, and at most ${MAX_COMBINATIONS} can be painted at once; take some options away, or let the seed choose.`,
    );
  }
  return [...new Set(everyWay(sequence))];
}

function countOf(sequence: Sequence): number {
  return sequence.reduce<number>(
    (ways, part) =>
      typeof part === 'string' ? ways : ways * part.reduce((sum, option) => sum + countOf(option), 0),
    1,
  );
}

function everyWay(sequence: Sequence): string[] {
  return sequence.reduce<string[]>(
    (ways, part) => {
      const options = typeof part === 'string' ? [part] : part.flatMap(everyWay);
      return ways.flatMap((before) => options.map((option) => before + option));
    },
    [''],
  );
}

const ESCAPABLE = new Set(['{', '|', '}']);

/** Reads a prompt; whatever is not a whole choice is text, so nothing that can be typed is an error. */
function parse(prompt: string): Sequence {
  const ends = choicesIn(prompt);
  const whole: Part[] = [];
  const open: { options: Part[][]; end: number }[] = [];
  const here = (): Part[] => open.at(-1)?.options.at(-1) ?? whole;
  for (let at = 0; at < prompt.length; at += 1) {
    const letter = prompt.charAt(at);
    const choice = open.at(-1);
    const end = ends.get(at);
    if (letter === '\\' && ESCAPABLE.has(prompt.charAt(at + 1))) {
      at += 1;
      addText(here(), prompt.charAt(at));
    } else if (letter === '{' && end !== undefined) {
      open.push({ options: [[]], end });
    } else if (choice !== undefined && at === choice.end) {
      open.pop();
      here().push(choice.options);
    } else if (letter === '|' && choice !== undefined) {
      choice.options.push([]);
    } else {
      addText(here(), letter);
    }
  }
  return whole;
}

function addText(sequence: Part[], text: string): void {
  const last = sequence.at(-1);
  if (typeof last === 'string') sequence[sequence.length - 1] = last + text;
  else sequence.push(text);
}

/** Where each choice begins → where it ends: pairs of braces with at least one bar of their own. */
function choicesIn(prompt: string): Map<number, number> {
  const found = new Map<number, number>();
  const open: { start: number; hasBar: boolean }[] = [];
  for (let at = 0; at < prompt.length; at += 1) {
    const letter = prompt.charAt(at);
    const innermost = open.at(-1);
    if (letter === '\\') {
      if (ESCAPABLE.has(prompt.charAt(at + 1))) at += 1;
    } else if (letter === '{') {
      if (open.length < MAX_DEPTH) open.push({ start: at, hasBar: false });
    } else if (letter === '|' && innermost !== undefined) {
      innermost.hasBar = true;
    } else if (letter === '}' && innermost !== undefined) {
      open.pop();
      if (innermost.hasBar) found.set(innermost.start, at);
    }
  }
  return found;
}

/** Numbers in [0, 1) from a seed of up to 53 bits: mulberry32 over both halves, so that neighbours draw differently. */
function draws(seed: number): () => number {
  let state = Math.imul(seed >>> 0, 0x9e3779b1) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85ebca6b);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
