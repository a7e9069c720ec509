/** Commands are found by words, and keys are chosen without two commands meaning the same press. */
import { describe, expect, it } from 'vitest';
import { giveKeys, holdersOf, refusalOf, resetKeys } from '../../../renderer/commands/choose-keys';
import { findByWords } from '../../../renderer/commands/find-commands';
import { COMMANDS, keysOfCommand } from '../../../shared/commands';

describe('finding', () => {
  const entries = ['Open picture…', 'Open model folder…', 'Größe ändern', 'Show results folder'].map(
    (label) => ({ label, alias: label === 'Größe ändern' ? 'Size' : '' }),
  );
  const found = (words: string): string[] => findByWords(entries, words).map(({ label }) => label);

  it('takes words in any order, without case and accents, and the English name too', () => {
    expect(found('PICTURE open')).toEqual(['Open picture…']);
    expect(found('grosse')).toEqual([]);
    expect(found('grö')).toEqual(['Größe ändern']);
    expect(found('gro andern')).toEqual(['Größe ändern']);
    expect(found('size')).toEqual(['Größe ändern']);
    expect(found('folder')).toEqual(['Open model folder…', 'Show results folder']);
    expect(found('')).toHaveLength(4);
    expect(found('nothing like it')).toEqual([]);
  });

  it('puts those first that begin with the words', () => {
    expect(findByWords([{ label: 'Use as input' }, { label: 'Input size' }], 'input')[0]?.label).toBe(
      'Input size',
    );
  });
});

describe('choosing keys', () => {
  it('takes them away from the command that had them, which is told before', () => {
    expect(holdersOf('Mod+S', 'generate', {})).toEqual(['save']);
    const chosen = giveKeys('generate', ['Mod+S'], {});
    expect(keysOfCommand('generate', chosen)).toEqual(['Mod+S']);
    expect(keysOfCommand('save', chosen)).toEqual([]);
    expect(holdersOf('Mod+S', 'generate', chosen)).toEqual([]);
  });

  it('gives own keys back, and remembers only what differs', () => {
    const chosen = giveKeys('generate', ['Mod+S'], {});
    const back = resetKeys('save', chosen);
    expect(keysOfCommand('save', back)).toEqual(['Mod+S']);
    expect(keysOfCommand('generate', back)).toEqual([]);
    expect(resetKeys('generate', back)).toEqual({});
    expect(giveKeys('save', COMMANDS.save.keys, {})).toEqual({});
  });

  it('keeps what a later version chose for a command that this one does not know', () => {
    expect(giveKeys('save', ['Mod+J'], { later: ['Mod+Alt+L'] })).toEqual({
      save: ['Mod+J'],
      later: ['Mod+Alt+L'],
    });
  });

  it('refuses what edits text, and what moves about', () => {
    expect(['Mod+C', 'Mod+Z'].map(refusalOf)).toEqual(['edits', 'edits']);
    expect(['Tab', 'Shift+Tab', 'Enter', 'ArrowLeft'].map(refusalOf)).toEqual(Array(4).fill('moves'));
    expect(['Mod+Enter', 'Alt+ArrowLeft', 'B', 'F5', 'Escape'].map(refusalOf)).toEqual(Array(5).fill(null));
  });
});
