/// <reference types="vite/types/importMeta.d.ts" />
/**
 * Which languages there are, without their sentences: one file each in this folder, named by its two letters, that exports its `Words` under
 * that name, and may export `said`, the sentences of the other processes (those of errors in errors/).
 * Adding a file adds the language; nothing else names it.
 */
import type { Said } from './said';
import type { Words } from './words';

/** What the file of a language exports. */
export type LanguageFile = Readonly<Record<string, Words>> & { readonly said?: Said };

const files = import.meta.glob<LanguageFile>('./[a-z][a-z].ts');

/** `./de.ts` → `de`. */
export const codeOf = (file: string): string => file.slice(2, 4);

/** Two letters each. */
export const LANGUAGE_CODES: readonly string[] = Object.keys(files).map(codeOf);

/** Fetches the sentences of one of them. */
export const loadLanguage = async (code: string): Promise<LanguageFile | null> =>
  (await files[`./${code}.ts`]?.()) ?? null;

/** The chosen language if there is one, else the first of the system's that is there, else English. */
export function chooseLanguage(chosen: string | null, preferred: readonly string[]): string {
  const wanted = [...(chosen === null ? [] : [chosen]), ...preferred];
  return (
    wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((code) => LANGUAGE_CODES.includes(code)) ?? 'en'
  );
}

/** A language's name in its own words. */
export const nameOfLanguage = (language: string): string =>
  new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language;
