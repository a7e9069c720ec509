/** Key stores for tests: none at all, and one that really encrypts. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyStore } from '../../main/services/token-store';

const refuse = (): never => {
  throw new Error('there is no key store');
};

export const NO_KEY_STORE: KeyStore = { isAvailable: () => false, encrypt: refuse, decrypt: refuse };

/** AES-256-GCM with a key of its own, as another user's or machine's store would have another one. */
export function cipherKeyStore(): KeyStore {
  const key = randomBytes(32);
  return {
    isAvailable: () => true,
    encrypt: (text) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]);
    },
    decrypt: (bytes) => {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    },
  };
}
