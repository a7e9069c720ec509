/** Tokens: encrypted on disk where the system can, in memory where it cannot, never readable in a file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { TokenStore } from '../../../main/services/token-store';
import { cipherKeyStore, NO_KEY_STORE } from '../../support/key-stores';
import { temporaryFolder } from '../../support/temporary-folder';

const SECRET = 'hf_open-sesame';
const URL_OF_STAGE = 'http://Studio:8765/decode';

describe('the token store', () => {
  it('keeps a token encrypted, for its server, until it is forgotten', async () => {
    const file = path.join(temporaryFolder(), 'tokens.json');
    const keys = cipherKeyStore();
    const logged: string[] = [];
    const store = new TokenStore(file, keys, (text) => logged.push(text));
    await store.load();
    expect(store.canKeep).toBe(true);
    await store.set(URL_OF_STAGE, SECRET);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(Buffer.from(SECRET).toString('base64'));

    const next = new TokenStore(file, keys, (line) => logged.push(line));
    await next.load();
    expect(next.all()).toEqual({ 'http://studio:8765': SECRET });
    await next.set('http://studio:8765', null);
    expect(next.servers).toEqual([]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, tokens: {} });
    expect(logged.join()).not.toContain(SECRET);
  });

  it('without a key store keeps it in memory and writes nothing', async () => {
    const file = path.join(temporaryFolder(), 'tokens.json');
    const store = new TokenStore(file, NO_KEY_STORE, () => undefined);
    await store.load();
    await store.set(URL_OF_STAGE, SECRET);
    expect(store.canKeep).toBe(false);
    expect(store.all()).toEqual({ 'http://studio:8765': SECRET });
    expect(existsSync(file)).toBe(false);
  });

  it('forgets what another machine encrypted, and passes over a file that makes no sense; both are logged without the token', async () => {
    const file = path.join(temporaryFolder(), 'tokens.json');
    await new TokenStore(file, cipherKeyStore(), () => undefined).set(URL_OF_STAGE, SECRET);
    const logged: string[] = [];
    const other = new TokenStore(file, cipherKeyStore(), (text) => logged.push(text));
    await other.load();
    expect(other.servers).toEqual([]);
    expect(logged).toEqual(['the token for http://studio:8765 cannot be decrypted any more']);
    writeFileSync(file, '{"tokens": 7}');
    await other.load();
    expect(logged.at(-1)).toBe('the file of tokens makes no sense and is passed over');
  });
});
