/** Styles and the history on disk. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PromptStore } from '../../../main/services/prompt-store';
import { temporaryFolder } from '../../support/temporary-folder';

const ink = { name: 'Ink', prompt: '{prompt}, ink', negativePrompt: '' };

async function open(file: string): Promise<PromptStore> {
  const store = new PromptStore(file, () => {});
  await store.load();
  return store;
}

describe('the prompt store', () => {
  it('keeps styles and prompts over a restart', async () => {
    const file = path.join(temporaryFolder(), 'prompts.json');
    const store = await open(file);
    await Promise.all([
      store.remember({ prompt: 'a', negativePrompt: '', usedAt: 1 }),
      store.remember({ prompt: 'b', negativePrompt: 'fog', usedAt: 2 }),
      store.saveStyle(ink, null),
    ]);
    const again = await open(file);
    expect(again.current.history.map(({ prompt }) => prompt)).toEqual(['b', 'a']);
    expect(again.current.styles).toEqual([ink]);
    await again.forget({ prompt: 'b', negativePrompt: 'fog' });
    await again.saveStyle({ ...ink, name: 'Ink 2' }, 'Ink');
    expect((await open(file)).current).toMatchObject({
      styles: [{ name: 'Ink 2' }],
      history: [{ prompt: 'a' }],
    });
    await again.removeStyle('Ink 2');
    await again.forget(null);
    expect((await open(file)).current).toEqual({ styles: [], history: [] });
  });

  it('refuses a second style of one name', async () => {
    const store = await open(path.join(temporaryFolder(), 'prompts.json'));
    await store.saveStyle(ink, null);
    await store.saveStyle({ ...ink, name: 'Other' }, null);
    expect(() => store.saveStyle(ink, null)).toThrow('There is a style “Ink” already');
    expect(() => store.saveStyle(ink, 'Other')).toThrow('There is a style “Ink” already');
    await store.saveStyle({ ...ink, prompt: 'changed' }, 'Ink');
    expect(store.current.styles.map(({ prompt }) => prompt)).toEqual(['changed', ink.prompt]);
  });

  it('puts a file aside that makes no sense', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'prompts.json');
    writeFileSync(file, '{ half');
    const store = await open(file);
    expect(store.current.history).toEqual([]);
    const [aside] = readdirSync(folder);
    expect(aside).toMatch(/^prompts\.json\.corrupt-\d+$/);
    expect(readFileSync(path.join(folder, aside ?? ''), 'utf8')).toBe('{ half');
  });
});
