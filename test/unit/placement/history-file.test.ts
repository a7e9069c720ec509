/** The planner's history on disk: whole at any moment, and never in the way. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addToHistory, readHistory } from '../../../main/engine/plan/history-file';
import { NO_HISTORY, type HistoryEntry } from '../../../main/placement/history';
import { withFolder } from '../../support/golden';

const entry = (at: number): HistoryEntry => ({
  outcome: 'out-of-memory',
  at,
  device: 'cpu',
  provider: 'cpu',
  stage: 'decode',
  family: 'sd1',
  model: 'abc',
  passPx: 262_144,
  tiled: false,
  work: 0,
  ms: 0,
  memoryBytes: null,
  freeBytes: null,
});

describe('the history file', () => {
  it('keeps what several jobs add at once, and leaves no other file', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'home', 'history.json');
      await Promise.all([1, 2, 3, 4, 5].map((at) => addToHistory(entry(at), path)));
      expect((await readHistory(path)).entries.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5]);
      expect(await readdir(join(folder, 'home'))).toEqual(['history.json']);
    });
  });

  it('is replaced as a whole: whoever reads while it is written finds the old or the new', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'history.json');
      await addToHistory(entry(0), path);
      let isWriting = true;
      const writing = (async () => {
        for (let at = 1; at <= 30; at += 1) await addToHistory(entry(at), path);
        isWriting = false;
      })();
      const seen: number[] = [];
      while (isWriting) {
        const { entries } = JSON.parse(await readFile(path, 'utf8')) as { entries: HistoryEntry[] };
        seen.push(entries.length);
      }
      await writing;
      expect(seen.length).toBeGreaterThan(5);
      expect(seen).toEqual([...seen].sort((one, other) => one - other));
    });
  });

  it.each(['', '{', '{"entries": 7}', '{"version": 2}'])(
    'a file that says %j counts as none, and the next entry replaces it',
    async (text) => {
      await withFolder(async (folder) => {
        const path = join(folder, 'history.json');
        await writeFile(path, text);
        expect(await readHistory(path)).toEqual(NO_HISTORY);
        await addToHistory(entry(1), path);
        expect((await readHistory(path)).entries).toHaveLength(1);
      });
    },
  );
});
