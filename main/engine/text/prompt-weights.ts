/** Reads the weighting syntax of Stable Diffusion web UI prompts: (up) [down] (exact:1.3) \(literal\) BREAK. */

/** A run of prompt text and the factor for its tokens. */
export interface PromptPart {
  readonly text: string;
  readonly weight: number;
}

/** Marks the places where `BREAK` was written: the next part starts a new chunk. Compare by identity. */
export const BREAK: PromptPart = Object.freeze({ text: 'BREAK', weight: -1 });

/** Factor of one pair of brackets. Source: A1111 prompt_parser.py. */
const ROUND_FACTOR = 1.1;
const SQUARE_FACTOR = 1 / 1.1;
/** Without a limit, hundreds of nested brackets would overflow float32 and turn the picture into NaN. */
const LARGEST_WEIGHT = 1000;

/** One lexical element: an escape, a bracket, a closing `:weight)`, a run of plain text or a lone colon. */
const ELEMENT =
  /\\(?<escaped>[()[\]\\]?)|:\s*(?<factor>[+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*\)|[()[\]]|[^\\()[\]:]+|:/g;

interface OpenPart {
  text: string;
  weight: number;
  readonly isBreak: boolean;
}

/**
 * Splits a prompt into parts with weights (A1111 syntax: `(x)` × 1.1, `[x]` ÷ 1.1, `(x:1.5)` exact, nesting multiplies,
 * unclosed brackets reach to the end, unopened ones are text); never throws. An empty prompt is one empty part.
 */
export function parseWeightedPrompt(text: string): PromptPart[] {
  const parts: OpenPart[] = [];
  // Index of the first part inside each open bracket.
  const roundStarts: number[] = [];
  const squareStarts: number[] = [];
  const multiplyFrom = (start: number, factor: number): void => {
    for (const part of parts.slice(start)) part.weight = limited(part.weight * limited(factor));
  };

  for (const { 0: element, groups } of text.matchAll(ELEMENT)) {
    if (groups?.['escaped'] !== undefined) {
      parts.push({ text: groups['escaped'], weight: 1, isBreak: false });
    } else if (element === '(') {
      roundStarts.push(parts.length);
    } else if (element === '[') {
      squareStarts.push(parts.length);
    } else {
      const factor = groups?.['factor'];
      const isRoundEnd = factor !== undefined || element === ')';
      const start = isRoundEnd ? roundStarts.pop() : element === ']' ? squareStarts.pop() : undefined;
      if (start === undefined) parts.push(...splitAtBreaks(element));
      else if (isRoundEnd) multiplyFrom(start, factor === undefined ? ROUND_FACTOR : Number(factor));
      else multiplyFrom(start, SQUARE_FACTOR);
    }
  }
  for (const start of roundStarts) multiplyFrom(start, ROUND_FACTOR);
  for (const start of squareStarts) multiplyFrom(start, SQUARE_FACTOR);
  return joinEqualWeights(parts);
}

/** Plain text, cut at every `BREAK` that stands as a word of its own; the spaces around it go. */
function splitAtBreaks(text: string): OpenPart[] {
  const pieces = text.split(/(?<![\p{L}\p{N}_])BREAK(?![\p{L}\p{N}_])/u);
  return pieces.flatMap((piece, index) => {
    const startTrimmed = index > 0 ? piece.trimStart() : piece;
    const trimmed = index < pieces.length - 1 ? startTrimmed.trimEnd() : startTrimmed;
    const part = { text: trimmed, weight: 1, isBreak: false };
    return index === 0 ? [part] : [{ text: BREAK.text, weight: BREAK.weight, isBreak: true }, part];
  });
}

/** Joins neighbours of equal weight and drops empty parts. */
function joinEqualWeights(parts: readonly OpenPart[]): PromptPart[] {
  const joined: PromptPart[] = [];
  for (const part of parts) {
    if (part.isBreak) {
      joined.push(BREAK);
      continue;
    }
    const last = joined.at(-1);
    if (last !== undefined && last !== BREAK && last.weight === part.weight) {
      joined[joined.length - 1] = { text: last.text + part.text, weight: last.weight };
    } else {
      joined.push({ text: part.text, weight: part.weight });
    }
  }
  const filled = joined.filter(({ text }) => text !== '');
  return filled.length > 0 ? filled : [{ text: '', weight: 1 }];
}

const limited = (weight: number): number => Math.min(LARGEST_WEIGHT, Math.max(-LARGEST_WEIGHT, weight));
