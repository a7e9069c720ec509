/** What a test of the command line needs: the built programs, a folder to work in, and in it an app folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ensurePrograms } from './programs';

/** Call at the top of a test file; both are gone afterwards. `home` need not exist yet. */
export function useCliFolder(): { readonly folder: string; readonly home: string } {
  const folder = mkdtempSync(join(tmpdir(), 'underpaint-test-'));
  beforeAll(ensurePrograms);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, home: join(folder, 'home') };
}
