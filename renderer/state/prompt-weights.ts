/** Changes the weight of the selected words of a prompt: `(words:1.1)`, the form that artists know from other tools. */

export interface Selection {
  text: string;
  start: number;
  end: number;
}

const STEP = 0.1;
const MIN = 0.1;
const MAX = 2;
const WEIGHTED = /^\((.*):(\d*\.?\d+)\)$/su;

/** Adds one step (0.1) up or down to the selection's weight; a weight of 1 drops the brackets. Limits: 0.1 … 2. */
export function changeWeight(selection: Selection, direction: 1 | -1): Selection {
  const { text } = selection;
  const [start, end] = grow(text, selection.start, selection.end);
  if (start === end) return selection;
  const part = text.slice(start, end);
  const match = WEIGHTED.exec(part);
  const words = match?.[1] ?? part;
  const before = match?.[2] === undefined ? 1 : Number(match[2]);
  const weight = Math.min(MAX, Math.max(MIN, Math.round((before + direction * STEP) * 100) / 100));
  const next = weight === 1 ? words : `(${words}:${weight})`;
  return { text: text.slice(0, start) + next + text.slice(end), start, end: start + next.length };
}

/** Grows the selection to the word under the caret, or to the weighted group just around it. */
function grow(text: string, from: number, to: number): [number, number] {
  let [start, end] = [from, to];
  if (start === end) {
    while (start > 0 && isWord(text[start - 1])) start -= 1;
    while (end < text.length && isWord(text[end])) end += 1;
  }
  while (start < end && isSpace(text[start])) start += 1;
  while (end > start && isSpace(text[end - 1])) end -= 1;
  const tail = /^:\d*\.?\d+\)/u.exec(text.slice(end));
  if (text[start - 1] === '(' && tail !== null) return [start - 1, end + tail[0].length];
  return [start, end];
}

const isSpace = (char: string | undefined): boolean => char !== undefined && /\s/u.test(char);
const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_'-]/u.test(char);
