/// <reference types="vite/types/importMeta.d.ts" />
/**
 * The languages of the app: one file each in this folder, named by its two letters, that exports its `Words` under that name.
 * Adding a file adds the language; nothing else names it.
 */
import type { Words } from './words';
import { en } from './en';

const files = import.meta.glob<Readonly<Record<string, Words>>>('./[a-z][a-z].ts', { eager: true });

/** Two letters → the sentences. */
export const LANGUAGES: Readonly<Record<string, Words>> = Object.fromEntries(
  Object.entries(files).flatMap(([file, content]) => {
    const code = file.slice(2, 4);
    const words = content[code];
    return words === undefined ? [] : [[code, words]];
  }),
);

/** The sentences of a language; English for one that is not there. */
export const wordsOf = (language: string): Words => LANGUAGES[language] ?? en;

/** The chosen language if there is one, else the first of the system's that is there, else English. */
export function chooseLanguage(chosen: string | null, preferred: readonly string[]): string {
  const wanted = [...(chosen === null ? [] : [chosen]), ...preferred];
  return wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((code) => code in LANGUAGES) ?? 'en';
}

/** A language's name in its own words. */
export const nameOfLanguage = (language: string): string =>
  new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language;
