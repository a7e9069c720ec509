/** How the person likes the window: kept in the settings, applied and told to everyone when it changes. */
import { preferencesSchema, type Preferences } from '../../shared/settings';
import type { SettingsStore } from './settings-store';

export interface PreferencesOptions {
  settings: SettingsStore;
  /** The language that these preferences mean on this system, two letters. */
  languageFor: (chosen: string | null) => string;
  /** Puts them into effect. */
  apply: (preferences: Preferences, language: string) => void;
}

/** The door to the preferences for page and menu alike. */
export class PreferencesDesk {
  readonly #options: PreferencesOptions;

  constructor(options: PreferencesOptions) {
    this.#options = options;
  }

  get current(): Preferences {
    return preferencesSchema.parse(this.#options.settings.current);
  }

  /** The language in use. */
  get language(): string {
    return this.#options.languageFor(this.#options.settings.current.language);
  }

  /** Changes some of them; answers when they are on disk. They hold at once. */
  async change(change: { [K in keyof Preferences]?: Preferences[K] | undefined }): Promise<void> {
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const saved = this.#options.settings.update(Object.fromEntries(given));
    this.#options.apply(this.current, this.language);
    await saved;
  }
}
