/** Styles and the history of prompts on disk: one file, replaced as a whole; what makes no sense is put aside. */
import { AppError } from '../../shared/errors';
import {
  forgetPrompt,
  MAX_STYLES,
  promptLibrarySchema,
  rememberPrompt,
  type HistoryEntry,
  type PromptLibrary,
  type PromptPair,
} from '../../shared/prompt-library';
import type { Style } from '../../shared/prompt-style';
import { writeFileAtomic } from './atomic-file';
import { readKept } from './kept-file';

export class PromptStore {
  readonly #filePath: string;
  readonly #log: (text: string) => void;
  #library: PromptLibrary = promptLibrarySchema.parse({});
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(filePath: string, log: (text: string) => void) {
    this.#filePath = filePath;
    this.#log = log;
  }

  get current(): PromptLibrary {
    return this.#library;
  }

  /** Reads the file; without one there is nothing yet. */
  async load(): Promise<void> {
    try {
      this.#library =
        (await readKept(this.#filePath, promptLibrarySchema, 'prompts', this.#log)) ?? this.#library;
    } catch (error) {
      this.#log(`the prompts could not be read: ${String(error)}`);
    }
  }

  /** Puts what was painted in front of the history. */
  remember(entry: HistoryEntry): Promise<PromptLibrary> {
    return this.#change({ history: rememberPrompt(this.#library.history, entry) });
  }

  /** Forgets one prompt, or (null) all of them. */
  forget(pair: PromptPair | null): Promise<PromptLibrary> {
    return this.#change({ history: pair === null ? [] : forgetPrompt(this.#library.history, pair) });
  }

  /** Adds a style, or puts it in the place of the one with the name `replaces`. Throws `usage` for a name that another one has. */
  saveStyle(style: Style, replaces: string | null): Promise<PromptLibrary> {
    const { styles } = this.#library;
    if (styles.some(({ name }) => name === style.name && name !== replaces)) {
      throw new AppError('usage', `There is a style “${style.name}” already; choose another name.`);
    }
    const isKnown = styles.some(({ name }) => name === replaces);
    if (!isKnown && styles.length >= MAX_STYLES) {
      throw new AppError('usage', `There are ${MAX_STYLES} styles already; remove one first.`);
    }
    return this.#change({
      styles: isKnown ? styles.map((known) => (known.name === replaces ? style : known)) : [...styles, style],
    });
  }

  removeStyle(name: string): Promise<PromptLibrary> {
    return this.#change({ styles: this.#library.styles.filter((style) => style.name !== name) });
  }

  /** Answers when everything is on disk, or could not be written. */
  async flush(): Promise<void> {
    await this.#lastWrite.catch(() => undefined);
  }

  async #change(change: Partial<PromptLibrary>): Promise<PromptLibrary> {
    this.#library = { ...this.#library, ...change };
    const write = this.#lastWrite
      .catch(() => undefined)
      .then(() => writeFileAtomic(this.#filePath, `${JSON.stringify(this.#library)}\n`));
    this.#lastWrite = write;
    await write;
    return this.#library;
  }
}
