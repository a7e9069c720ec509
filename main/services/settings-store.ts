/** What the app remembers between starts: one JSON file, read through the shared schema, replaced as a whole. */
import { settingsSchema, type Settings } from '../../shared/settings';
import { writeFileAtomic } from './atomic-file';
import { readKept } from './kept-file';

/** The settings file. Reading never fails: what cannot be read is put aside and the defaults are used. */
export class SettingsStore {
  readonly #filePath: string;
  readonly #log: (text: string) => void;
  #settings: Settings = settingsSchema.parse({});
  #isDirty = false;
  #writing: Promise<void> | null = null;

  constructor(filePath: string, log: (text: string) => void) {
    this.#filePath = filePath;
    this.#log = log;
  }

  /** The settings as they are now. */
  get current(): Settings {
    return this.#settings;
  }

  /** Reads the file; a missing one means defaults, a corrupt one is renamed to `<name>.corrupt-<time>`. */
  async load(): Promise<Settings> {
    try {
      this.#settings =
        (await readKept(this.#filePath, settingsSchema, 'settings', this.#log)) ?? this.#settings;
    } catch (error) {
      this.#log(`settings could not be read: ${String(error)}`);
    }
    return this.#settings;
  }

  /** Changes some settings; answers when everything changed so far is on disk. */
  update(change: Partial<Settings>): Promise<void> {
    this.#settings = settingsSchema.parse({ ...this.#settings, ...change });
    this.#isDirty = true;
    this.#writing ??= this.#writeWhileDirty();
    return this.#writing;
  }

  /** Answers when nothing is left to write, or writing failed. */
  async flush(): Promise<void> {
    await this.#writing?.catch(() => undefined);
  }

  async #writeWhileDirty(): Promise<void> {
    try {
      while (this.#isDirty) {
        this.#isDirty = false;
        await writeFileAtomic(this.#filePath, `${JSON.stringify(this.#settings, null, 2)}\n`);
      }
    } finally {
      this.#writing = null;
    }
  }
}
