/** Key presses become combinations, combinations become what menus and screen readers read. */
import { describe, expect, it } from 'vitest';
import {
  commandsOfKeys,
  COMMAND_IDS,
  COMMANDS,
  keysOfCommand,
  type Command,
  type CommandId,
} from '../../../shared/commands';
import { isTyping, keysOfPress, toAccelerator, toAriaKeys, type KeyPress } from '../../../shared/keys';

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

describe('a key press', () => {
  it.each([
    [press('p', { ctrlKey: true }), 'Mod+P', 'Ctrl+P'],
    [press('p', { metaKey: true }), null, 'Mod+P'],
    [press('P', { ctrlKey: true, shiftKey: true }), 'Mod+Shift+P', 'Ctrl+Shift+P'],
    [press('+', { ctrlKey: true, shiftKey: true }), 'Mod+Plus', 'Ctrl+Plus'],
    [press('?', { shiftKey: true }), '?', '?'],
    [press(' '), 'Space', 'Space'],
    [press('ArrowUp', { altKey: true, shiftKey: true }), 'Alt+Shift+ArrowUp', 'Alt+Shift+ArrowUp'],
    // A Russian layout, and Alt on a Mac: the letter that is printed on the key.
    [press('з', { code: 'KeyP', ctrlKey: true }), 'Mod+P', 'Ctrl+P'],
    [press('π', { code: 'KeyP', altKey: true }), 'Alt+P', 'Alt+P'],
    // A French layout: what the key makes, not where it lies.
    [press('a', { code: 'KeyQ', ctrlKey: true }), 'Mod+A', 'Ctrl+A'],
    // AltGr types the @ of a German layout.
    [press('@', { code: 'KeyQ', ctrlKey: true, altKey: true, isAltGraph: true }), '@', '@'],
    [press('Shift', { shiftKey: true }), null, null],
    [press('Dead', { code: 'Quote' }), null, null],
    [press('AudioVolumeUp'), null, null],
  ])('%j', (given, elsewhere, onMac) => {
    expect([keysOfPress(given, false), keysOfPress(given, true)]).toEqual([elsewhere, onMac]);
  });

  it('types something, or is a command everywhere', () => {
    expect(['B', 'Shift+B', 'Space', 'Delete', 'ArrowUp'].map(isTyping)).toEqual(Array(5).fill(true));
    expect(['Escape', 'F11', 'Mod+B', 'Alt+ArrowUp'].map(isTyping)).toEqual(Array(4).fill(false));
  });

  it('is written as menus and screen readers want it', () => {
    expect(['Mod+Shift+P', 'Mod+Plus', 'Alt+ArrowUp', 'Mod+ü'].map(toAccelerator)).toEqual([
      'CmdOrCtrl+Shift+P',
      'CmdOrCtrl+Plus',
      'Alt+Up',
      undefined,
    ]);
    expect([toAriaKeys('Mod+Shift+P', false), toAriaKeys('Mod+Shift+P', true)]).toEqual([
      'Control+Shift+P',
      'Meta+Shift+P',
    ]);
  });
});

describe('the table of commands', () => {
  const scopeOf = (id: CommandId): string | undefined => (COMMANDS[id] as Command).scope;

  it('gives no key to two commands that could both be meant', () => {
    const shared = COMMAND_IDS.flatMap((id) =>
      keysOfCommand(id, {}).flatMap((keys) =>
        commandsOfKeys(keys, {})
          .filter((other) => other !== id && scopeOf(other) === scopeOf(id))
          .map((other) => `${keys}: ${id}, ${other}`),
      ),
    );
    expect(shared).toEqual([]);
  });

  it('writes keys as a key press does, and as menus can show them', () => {
    for (const id of COMMAND_IDS) {
      for (const keys of keysOfCommand(id, {})) {
        expect(keys, id).toMatch(/^(Mod\+)?(Alt\+)?(Shift\+)?([^a-z\s]|[A-Z]\w+)$/);
        expect(toAccelerator(keys), id).toBeDefined();
      }
    }
  });

  it('takes the keys that a person chose in place of its own, also none', () => {
    const chosen = { open: ['Mod+J'], save: [] };
    expect(commandsOfKeys('Mod+J', chosen)).toEqual(['open']);
    expect(commandsOfKeys('Mod+O', chosen)).toEqual([]);
    expect(commandsOfKeys('Mod+S', chosen)).toEqual([]);
  });
});
