/** Settings survive a restart, a corrupt file, and many changes at once. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SettingsStore } from '../../../main/services/settings-store';
import { generationSettingsSchema } from '../../../shared/generation';
import { temporaryFolder } from '../../support/temporary-folder';

const draft = (prompt: string) => ({
  settings: generationSettingsSchema.parse({ prompt }),
  isSeedLocked: true,
  sourceId: 'abc',
});

async function load(filePath: string): Promise<SettingsStore> {
  const store = new SettingsStore(filePath, () => {});
  await store.load();
  return store;
}

describe('SettingsStore', () => {
  it('starts with defaults where there is no file, and makes none by reading', async () => {
    const folder = temporaryFolder();
    const store = await load(path.join(folder, 'settings.json'));
    expect(store.current).toMatchObject({ theme: 'system', draft: null, window: null, modelFolders: [] });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gives back what was saved', async () => {
    const file = path.join(temporaryFolder(), 'new', 'settings.json');
    const store = await load(file);
    await store.update({ draft: draft('a boat'), theme: 'dark' });
    await store.update({ window: { width: 900, height: 700, x: 5, y: 6, isMaximized: false } });
    const again = await load(file);
    expect(again.current).toEqual(store.current);
    expect(again.current.draft?.settings.prompt).toBe('a boat');
  });

  it('has the last of many changes on disk when it says so, and leaves no temporary file', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'settings.json');
    const store = await load(file);
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.update({ draft: draft(`${index}`) })));
    expect((await load(file)).current.draft?.settings.prompt).toBe('49');
    void store.update({ draft: draft('last') });
    await store.flush();
    expect((await load(file)).current.draft?.settings.prompt).toBe('last');
    expect(readdirSync(folder)).toEqual(['settings.json']);
  });

  it.each(['', '{', '[]', '{"version":2}', '{"draft":{"settings":{"prompt":3}}}', '\u0000\u0000'])(
    'puts a corrupt file (%j) aside and uses the defaults',
    async (content) => {
      const folder = temporaryFolder();
      const file = path.join(folder, 'settings.json');
      writeFileSync(file, content);
      const store = await load(file);
      expect(store.current.draft).toBeNull();
      const aside = readdirSync(folder).filter((name) => name.startsWith('settings.json.corrupt-'));
      expect(aside).toHaveLength(1);
      expect(readFileSync(path.join(folder, aside[0] ?? ''), 'utf8')).toBe(content);
      await store.update({ theme: 'light' });
      expect((await load(file)).current.theme).toBe('light');
    },
  );

  it('keeps the rest when a preference makes no sense, of a later version perhaps', async () => {
    const file = path.join(temporaryFolder(), 'settings.json');
    const preferences = { theme: 'sepia', language: 'English', zoom: 'large', keys: { open: ['Mod+L'] } };
    writeFileSync(file, JSON.stringify({ ...preferences, modelFolders: ['/models/a'] }));
    expect((await load(file)).current).toMatchObject({
      theme: 'system',
      language: null,
      zoom: 1,
      keys: { open: ['Mod+L'] },
      modelFolders: ['/models/a'],
    });
  });

  it('keeps settings that it cannot write, and tells', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'blocked'), '');
    const store = await load(path.join(folder, 'blocked', 'settings.json'));
    await expect(store.update({ theme: 'dark' })).rejects.toThrow();
    await store.flush();
    expect(store.current.theme).toBe('dark');
  });
});
