/** What the main process says itself: the page's own words, in menus, dialogs and notifications. */
import { LANGUAGE_CODES, nameOfLanguage } from './language';
import { wordsOf } from '../renderer/i18n/languages';
import type { Words } from '../renderer/i18n/words';

let language = 'en';

/** The sentences of the language in use. */
export const words = (): Words => wordsOf(language);

/** Speaks another language from now on. */
export const setWords = (chosen: string): void => {
  language = chosen;
};

/** Every language with its name in its own words. */
export const languageNames = (): readonly (readonly [code: string, name: string])[] =>
  LANGUAGE_CODES.map((code) => [code, nameOfLanguage(code)]);

/** Puts values in the place of `{{name}}`. */
export const fill = (sentence: string, values: Readonly<Record<string, string | number>>): string =>
  sentence.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''));
