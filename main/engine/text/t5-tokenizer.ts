/** T5's unigram tokenizer for Flux prompts: normalise, split at added tokens and spaces, cut into pieces (pipelines.md 3.2). */
import { readCharsmap, type Charsmap } from './charsmap';
import {
  readT5TokenizerFiles,
  type T5AddedToken,
  type T5Normalizer,
  type T5PreTokenizer,
} from './t5-tokenizer-files';
import { broken } from './tokenizer-files';
import { Unigram } from './unigram';

export interface T5Tokenizer {
  readonly padId: number;
  readonly eosId: number;
  /** Ids of a text without the end token, not cut off; never throws. */
  encode(text: string): number[];
}

const END = '</s>';
const PAD = '<pad>';

/** A stretch of text that stands for itself, or an added token. */
type Segment = { readonly text: string; readonly isFirst: boolean } | { readonly id: number };

/** Loads a `tokenizer_2` folder; throws AppError `model` for missing or broken files. */
export async function loadT5Tokenizer(folder: string): Promise<T5Tokenizer> {
  const files = await readT5TokenizerFiles(folder);
  const unigram = new Unigram(files.vocabulary);
  const idOf = (token: string): number => {
    const id = files.addedTokens.find(({ content }) => content === token)?.id ?? unigram.idOf(token);
    if (id === undefined) throw broken(folder, 'tokenizer.json', `it has no token ${token}`);
    return id;
  };
  let normalize: Charsmap;
  try {
    normalize = normalizerOf(files.normalizers);
  } catch (error) {
    throw broken(folder, 'tokenizer.json', 'its normaliser cannot be used', error);
  }
  const added = addedPattern(files.addedTokens);
  return {
    padId: idOf(PAD),
    eosId: idOf(END),
    encode: (text) =>
      splitAtAdded(text, added, files.addedTokens).flatMap((segment) =>
        'id' in segment
          ? [segment.id]
          : splitWords(normalize(segment.text), segment.isFirst, files.preTokenizers).flatMap((word) =>
              unigram.encode(word),
            ),
      ),
  };
}

/** What the text encoder is fed: [length] ids, cut off so that the end token fits, then padding. */
export function padT5(tokenizer: T5Tokenizer, text: string, length: number): Int32Array {
  const ids = new Int32Array(length).fill(tokenizer.padId);
  const kept = tokenizer.encode(text).slice(0, length - 1);
  ids.set(kept);
  ids[kept.length] = tokenizer.eosId;
  return ids;
}

function normalizerOf(steps: readonly T5Normalizer[]): Charsmap {
  const functions = steps.map((step): Charsmap => {
    switch (step.type) {
      case 'Precompiled':
        return step.precompiled_charsmap === null || step.precompiled_charsmap === ''
          ? (text) => text
          : readCharsmap(Buffer.from(step.precompiled_charsmap, 'base64'));
      case 'Strip': {
        const left = step.strip_left ? /^\p{White_Space}+/u : /^(?!)/;
        const right = step.strip_right ? /\p{White_Space}+$/u : /^(?!)/;
        return (text) => text.replace(left, '').replace(right, '');
      }
      case 'Replace': {
        const { pattern, content } = step;
        const wanted = 'String' in pattern ? pattern.String : new RegExp(pattern.Regex, 'gu');
        return (text) => text.replaceAll(wanted, () => content);
      }
      default:
        return (text) => text.normalize(step.type);
    }
  });
  return (text) => functions.reduce((result, step) => step(result), text);
}

function addedPattern(tokens: readonly T5AddedToken[]): RegExp {
  const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const longestFirst = [...tokens].sort((a, b) => b.content.length - a.content.length);
  const alternatives = longestFirst.map(
    ({ content, lstrip, rstrip }) =>
      `${lstrip ? '\\p{White_Space}*' : ''}${escape(content)}${rstrip ? '\\p{White_Space}*' : ''}`,
  );
  return new RegExp(alternatives.length === 0 ? '(?!)' : alternatives.join('|'), 'gu');
}

/** Added tokens are found in the text as typed, before it is normalised. */
function splitAtAdded(text: string, pattern: RegExp, tokens: readonly T5AddedToken[]): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  const addText = (until: number): void => {
    if (until > end) segments.push({ text: text.slice(end, until), isFirst: end === 0 });
  };
  for (const match of text.matchAll(pattern)) {
    addText(match.index);
    const [found] = match;
    const id = tokens.find(({ content }) => content === found || content === found.trim())?.id;
    if (id !== undefined) segments.push({ id });
    end = match.index + found.length;
  }
  addText(text.length);
  return segments;
}

/** Words as the unigram model wants them: each begins with "▁" where a space was, or the text's beginning. */
function splitWords(text: string, isFirst: boolean, steps: readonly T5PreTokenizer[]): string[] {
  let words = [{ text, isFirst }];
  for (const step of steps) {
    words = words.flatMap((word) => {
      if (step.type === 'WhitespaceSplit') {
        return [...word.text.matchAll(/\P{White_Space}+/gu)].map((match) => ({
          text: match[0],
          isFirst: word.isFirst && match.index === 0,
        }));
      }
      const mark = step.replacement;
      const scheme = step.prepend_scheme ?? (step.add_prefix_space === false ? 'never' : 'always');
      const spaced = word.text.replaceAll(' ', mark);
      const isMarked = scheme === 'always' || (scheme === 'first' && word.isFirst);
      const whole = isMarked && !spaced.startsWith(mark) && spaced !== '' ? mark + spaced : spaced;
      const pieces = step.split ? splitBefore(whole, mark) : [whole];
      return pieces.map((piece, i) => ({ text: piece, isFirst: word.isFirst && i === 0 }));
    });
  }
  return words.map((word) => word.text).filter((word) => word !== '');
}

/** Cuts in front of every mark. */
function splitBefore(text: string, mark: string): string[] {
  const parts = text.split(mark);
  return parts.map((part, i) => (i === 0 ? part : mark + part));
}
