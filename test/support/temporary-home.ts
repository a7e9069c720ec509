/** An `UNDERPAINT_HOME` of a test file's own, so that what the engine keeps there is gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** Call at the top of a test file; answers where the folder is. */
export function useTemporaryHome(): { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'underpaint-home-'));
  const before = process.env['UNDERPAINT_HOME'];
  beforeAll(() => {
    process.env['UNDERPAINT_HOME'] = folder;
  });
  afterAll(() => {
    if (before === undefined) delete process.env['UNDERPAINT_HOME'];
    else process.env['UNDERPAINT_HOME'] = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder };
}
