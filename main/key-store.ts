/** The system's key store as Electron reaches it: Keychain, DPAPI, or a Linux secret service. */
import { safeStorage } from 'electron';
import type { KeyStore } from './services/token-store';

/** Where Linux has no secret service, Electron would "encrypt" with a key that everyone knows; that counts as none. */
export const systemKeyStore: KeyStore = {
  isAvailable: () => safeStorage.isEncryptionAvailable() && backend() !== 'basic_text',
  encrypt: (text) => safeStorage.encryptString(text),
  decrypt: (bytes) => safeStorage.decryptString(bytes),
};

/** Which secret service Linux has; older Electrons and other platforms do not tell. */
const backend = (): string =>
  process.platform === 'linux' && 'getSelectedStorageBackend' in safeStorage
    ? safeStorage.getSelectedStorageBackend()
    : 'unknown';
