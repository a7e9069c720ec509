/** Theme, motion and language of the page, as the person likes them. */
import { useEffect } from 'react';
import type { Theme } from '../shared/look';
import { usePage } from './app-context';
import { setLanguage } from './i18n/use-t';

/** Keeps the document's look to the preferences. What was known before the first answer holds until then. */
export function useLook(): void {
  const { theme, hasLessMotion } = usePage((state) => state.preferences);
  const language = usePage((state) => state.language);
  const isReady = usePage((state) => state.phase === 'ready');
  useEffect(() => {
    if (!isReady) return;
    showTheme(theme);
    void setLanguage(language);
    document.documentElement.toggleAttribute('data-less-motion', hasLessMotion);
  }, [isReady, theme, hasLessMotion, language]);
}

/** Shows a theme; `system` follows what the system wants. */
export function showTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
