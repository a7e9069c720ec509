/** Translation for components: typed keys over i18next, drawn again when the language changes. */
import i18next from 'i18next';
import { useSyncExternalStore } from 'react';
import { setFormatLanguage } from '../state/format';
import { en } from './en';
import { loadLanguage } from './language-codes';
import type { Said } from './said';

type Dictionary = typeof en;
type Plain<K extends string> = K extends `${infer Base}_${'one' | 'other'}` ? Base : K;

/** `group.key` of every sentence, without plural endings. */
export type TextKey = {
  [Group in keyof Dictionary & string]: `${Group}.${Plain<keyof Dictionary[Group] & string>}`;
}[keyof Dictionary & string];

export type Translate = (key: TextKey, values?: Record<string, string | number>) => string;

void i18next.init({
  lng: 'en',
  fallbackLng: 'en',
  initAsync: false,
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false },
});

/** Translates one key; `count` chooses the plural. */
const translate: Translate = (key, values) => i18next.t(key, values ?? {});

const subscribe = (listener: () => void): (() => void) => {
  i18next.on('languageChanged', listener);
  return () => i18next.off('languageChanged', listener);
};

/** The translate function for the current language. */
export function useT(): Translate {
  useLanguage();
  return translate;
}

/** The language in use, two letters. */
export function useLanguage(): string {
  return useSyncExternalStore(subscribe, () => i18next.language);
}

const said = new Map<string, Said>();

/** Sentences of the other processes in a language that the page has spoken; null for English. */
export const saidIn = (language: string): Said | null => said.get(language) ?? null;

let wanted = 'en';

/** Fetches a language if need be, and speaks it from then on. */
export async function setLanguage(language: string): Promise<void> {
  wanted = language;
  if (!i18next.hasResourceBundle(language, 'translation')) {
    const file = await loadLanguage(language);
    i18next.addResourceBundle(language, 'translation', file?.[language] ?? en);
    if (file?.said !== undefined) said.set(language, file.said);
  }
  if (wanted !== language) return; // another one was chosen meanwhile
  document.documentElement.lang = language;
  setFormatLanguage(language);
  if (i18next.language !== language) await i18next.changeLanguage(language);
}
