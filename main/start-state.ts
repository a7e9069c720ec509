/**
 * What the window needs to know before anything else is loaded. Read by hand, because the schemas and everything that needs them take longer
 * to load than the window takes to open; the settings are read properly right after.
 */
import { readFileSync } from 'node:fs';
import { THEMES, ZOOM_RANGE, type Theme } from '../shared/look';
import type { WantedBounds } from './services/window-bounds';

export interface StartState {
  /** Where the window was; null: nowhere yet. */
  place: (WantedBounds & { isMaximized: boolean }) | null;
  theme: Theme;
  zoom: number;
  /** Two letters; null: the system's. */
  language: string | null;
}

/** What the settings file says; the defaults for whatever is not there or makes no sense. Never fails. */
export function readStartState(settingsFile: string): StartState {
  try {
    return startStateOf(JSON.parse(readFileSync(settingsFile, 'utf8')));
  } catch {
    return startStateOf({}); // the settings' own reading tells what is wrong with the file
  }
}

/** The same of settings that were read already. */
export function startStateOf(settings: unknown): StartState {
  const { window, theme, zoom, language } = fieldsOf(settings);
  return {
    place: placeOf(window),
    theme: THEMES.find((known) => known === theme) ?? 'system',
    zoom: typeof zoom === 'number' && zoom >= ZOOM_RANGE.min && zoom <= ZOOM_RANGE.max ? zoom : 1,
    language: typeof language === 'string' && /^[a-z]{2}$/.test(language) ? language : null,
  };
}

function placeOf(window: unknown): StartState['place'] {
  const { width, height, x, y, isMaximized } = fieldsOf(window);
  if (!isWhole(width) || !isWhole(height)) return null;
  const corner = isWhole(x) && isWhole(y) ? { x, y } : {};
  return { width, height, ...corner, isMaximized: isMaximized === true };
}

const isWhole = (value: unknown): value is number => Number.isInteger(value);

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
