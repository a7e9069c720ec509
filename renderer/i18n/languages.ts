/// <reference types="vite/types/importMeta.d.ts" />
/** Every language with its sentences at once, for processes that speak several (the page fetches the one it needs). */
import { en } from './en';
import { codeOf, type LanguageFile } from './language-codes';
import type { Said } from './said';
import type { Words } from './words';

const files = import.meta.glob<LanguageFile>('./[a-z][a-z].ts', { eager: true });

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
