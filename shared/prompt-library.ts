/** What the app keeps of prompts: the person's own styles, and everything that was painted, newest first. */
import { z } from 'zod';
import { MAX_PROMPT_LENGTH, styleSchema } from './prompt-style';

/** As many prompts are kept; the oldest ones go. */
export const MAX_HISTORY = 1000;
export const MAX_STYLES = 500;

const prompt = z.string().max(MAX_PROMPT_LENGTH);

/** What tells two entries of the history apart. */
export const promptPairSchema = z.object({ prompt, negativePrompt: prompt.default('') });
export type PromptPair = z.infer<typeof promptPairSchema>;

export const historyEntrySchema = promptPairSchema.extend({
  /** Milliseconds since 1970. */
  usedAt: z.number(),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

export const promptLibrarySchema = z.object({
  styles: z.array(styleSchema).max(MAX_STYLES).default([]),
  history: z.array(historyEntrySchema).max(MAX_HISTORY).default([]),
});
export type PromptLibrary = z.infer<typeof promptLibrarySchema>;

const isSame = (a: PromptPair, b: PromptPair): boolean =>
  a.prompt === b.prompt && a.negativePrompt === b.negativePrompt;

/** The history with this entry in front, once; an empty prompt is not kept. */
export function rememberPrompt(history: readonly HistoryEntry[], entry: HistoryEntry): HistoryEntry[] {
  if (entry.prompt.trim() === '' && entry.negativePrompt.trim() === '') return [...history];
  return [entry, ...history.filter((known) => !isSame(known, entry))].slice(0, MAX_HISTORY);
}

/** The history without an entry. */
export const forgetPrompt = (history: readonly HistoryEntry[], pair: PromptPair): HistoryEntry[] =>
  history.filter((known) => !isSame(known, pair));

/** Entries that have every word of a search, in any order and in any case; both prompts count. */
export function searchHistory(history: readonly HistoryEntry[], text: string): HistoryEntry[] {
  const words = text.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
  return history.filter((entry) => {
    const whole = `${entry.prompt}\n${entry.negativePrompt}`.toLocaleLowerCase();
    return words.every((word) => whole.includes(word));
  });
}
