/// <reference types="vite/types/importMeta.d.ts" />
/**
 * The languages of the app: one file each in this folder, named by its two letters, that exports its `Words` under that name, and may export `said`,
 * the sentences of the other processes (those of errors in errors/).
 * Adding a file adds the language; nothing else names it.
 */
import { en } from './en';
import type { Said } from './said';
import type { Words } from './words';

type Content = Readonly<Record<string, Words>> & { readonly said?: Said };
const files = import.meta.glob<Content>('./[a-z][a-z].ts', { eager: true });
/** `./de.ts` → `de`. */
const codeOf = (file: string): string => file.slice(2, 4);

/** Two letters → the sentences. */
export const LANGUAGES: Readonly<Record<string, Words>> = Object.fromEntries(
  Object.entries(files).flatMap(([file, content]) => {
    const words = content[codeOf(file)];
    return words === undefined ? [] : [[codeOf(file), words]];
  }),
);

/** Two letters → what it has of the sentences that main process and engine say; English has no need of it. */
export const SAID: Readonly<Record<string, Said>> = Object.fromEntries(
  Object.entries(files).flatMap(([file, { said }]) => (said === undefined ? [] : [[codeOf(file), said]])),
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
