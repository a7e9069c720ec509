/** Translation for components: typed keys over i18next, drawn again when the language changes. */
import i18next from 'i18next';
import { useSyncExternalStore } from 'react';
import { setFormatLanguage } from '../state/format';
import type { en } from './en';
import { LANGUAGES } from './languages';

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
  resources: Object.fromEntries(
    Object.entries(LANGUAGES).map(([language, translation]) => [language, { translation }]),
  ),
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

/** Speaks another language from now on. */
export function setLanguage(language: string): void {
  document.documentElement.lang = language;
  setFormatLanguage(language);
  if (i18next.language !== language) void i18next.changeLanguage(language);
}
