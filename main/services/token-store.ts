/** Bearer tokens of endpoints: encrypted by the system's key store on disk, else in memory for this run. Never in the settings, never in the page. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { serverOf } from '../../shared/network';
import { writeFileAtomic } from './atomic-file';

/** The system's key store. */
export interface KeyStore {
  /** False: there is none, or it would keep texts as they are. */
  isAvailable: () => boolean;
  encrypt: (text: string) => Buffer;
  /** Throws when the bytes were encrypted by another user or machine. */
  decrypt: (bytes: Buffer) => string;
}

const fileSchema = z.object({
  version: z.literal(1),
  /** Server (scheme, host, port) → encrypted token in base64. */
  tokens: z.record(z.string(), z.base64()),
});

export class TokenStore {
  readonly #filePath: string;
  readonly #keyStore: KeyStore;
  readonly #log: (text: string) => void;
  readonly #tokens = new Map<string, string>();
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(filePath: string, keyStore: KeyStore, log: (text: string) => void) {
    this.#filePath = filePath;
    this.#keyStore = keyStore;
    this.#log = log;
  }

  /** Reads what was kept. A token that cannot be decrypted any more is forgotten: it has to be given again. */
  async load(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#filePath, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#log(`tokens could not be read: ${String(error)}`);
      return;
    }
    const kept = parse(text);
    if (kept === null) return this.#log('the file of tokens makes no sense and is passed over');
    for (const [server, encrypted] of Object.entries(kept)) {
      try {
        this.#tokens.set(server, this.#keyStore.decrypt(Buffer.from(encrypted, 'base64')));
      } catch {
        this.#log(`the token for ${server} cannot be decrypted any more`);
      }
    }
  }

  /** Whether tokens outlive this run. */
  get canKeep(): boolean {
    return this.#keyStore.isAvailable();
  }

  /** Servers that have a token. */
  get servers(): string[] {
    return [...this.#tokens.keys()];
  }

  /** Token by server, for the engine alone. */
  all(): Record<string, string> {
    return Object.fromEntries(this.#tokens);
  }

  /** Sets or (null) forgets the token of the server that this address belongs to. */
  async set(url: string, token: string | null): Promise<void> {
    const server = serverOf(url);
    if (token === null) this.#tokens.delete(server);
    else this.#tokens.set(server, token);
    const write = this.#lastWrite.then(() => this.#write());
    this.#lastWrite = write.catch(() => undefined);
    await write;
  }

  async #write(): Promise<void> {
    if (!this.canKeep) return;
    const tokens = Object.fromEntries(
      [...this.#tokens].map(([server, token]) => [server, this.#keyStore.encrypt(token).toString('base64')]),
    );
    await writeFileAtomic(this.#filePath, `${JSON.stringify({ version: 1, tokens })}\n`);
  }
}

function parse(text: string): Readonly<Record<string, string>> | null {
  try {
    return fileSchema.parse(JSON.parse(text)).tokens;
  } catch {
    return null;
  }
}
