/** Puts the person's look into effect on the shell's side: theme of the platform's parts, size of everything. */
import { nativeTheme, type BrowserWindow } from 'electron';
import type { Preferences } from '../shared/settings';

/** Colour before the page's first paint, the same as `--ground` in its tokens, so that nothing flashes. */
export const BACKGROUNDS = { dark: '#19191a', light: '#dcdcde', contrast: '#000000' } as const;

/** Applies what the page cannot; without a window only the theme. */
export function applyLook(
  window: BrowserWindow | null,
  { theme, zoom }: Pick<Preferences, 'theme' | 'zoom'>,
): void {
  nativeTheme.themeSource = theme === 'contrast' ? 'dark' : theme;
  if (window === null || window.isDestroyed()) return;
  if (window.webContents.getZoomFactor() !== zoom) window.webContents.setZoomFactor(zoom);
}
