/** Key combinations as text: modifiers in a fixed order, then the key, such as `Mod+Shift+P`. `Mod` is ⌘ on a Mac and Ctrl elsewhere. */

/** What a keyboard event tells, as far as it matters here. */
export interface KeyPress {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  /** AltGr makes characters; it is Ctrl and Alt at once on Windows. */
  isAltGraph?: boolean;
}

/** Named keys that can be part of a combination; every other one is a single character. */
const NAMED_KEYS = new Set([
  ...['Escape', 'Enter', 'Space', 'Plus', 'Tab', 'Backspace', 'Delete', 'Insert'],
  ...['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageUp', 'PageDown'],
  ...Array.from({ length: 24 }, (_, index) => `F${index + 1}`),
]);
const MODIFIERS = ['Mod', 'Ctrl', 'Alt', 'Shift'] as const;

/** The combination of a key press; null for a modifier alone and for keys that belong to the system. */
export function keysOfPress(press: KeyPress, isMac: boolean): string | null {
  if (press.metaKey && !isMac) return null;
  const isAltGraph = press.isAltGraph === true;
  const modifiers = {
    Mod: isMac ? press.metaKey : press.ctrlKey && !isAltGraph,
    Ctrl: isMac && press.ctrlKey && !isAltGraph,
    Alt: press.altKey && !isAltGraph,
    Shift: press.shiftKey,
  };
  const key = keyName(press, modifiers.Mod || modifiers.Ctrl || modifiers.Alt);
  if (key === null) return null;
  // Where Shift only makes another character of the key ("?"), that character already says it.
  if (key.length === 1 && !/[A-Z]/.test(key)) modifiers.Shift = false;
  if (key === 'Plus') modifiers.Shift = false;
  return [...MODIFIERS.filter((name) => modifiers[name]), key].join('+');
}

function keyName({ key, code }: KeyPress, hasModifier: boolean): string | null {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  // A layout without Latin letters, or Alt on a Mac, makes other characters of the letter keys.
  if (hasModifier && letter !== undefined && !/^[a-z]$/i.test(key)) return letter;
  if (key === ' ') return 'Space';
  if (key === '+') return 'Plus';
  if (NAMED_KEYS.has(key)) return key;
  return /^.$/u.test(key) ? key.toUpperCase() : null;
}

/** True for combinations that type something, so that they are no commands while a text is being edited. */
export const isTyping = (keys: string): boolean => {
  const { modifiers, key } = splitKeys(keys);
  const isPlain = modifiers.every((name) => name === 'Shift');
  return isPlain && !/^(Escape|F\d+)$/.test(key);
};

/** `Mod+Shift+P` → its modifiers and its key. */
export function splitKeys(keys: string): { modifiers: string[]; key: string } {
  const parts = keys.split('+');
  return { modifiers: parts.slice(0, -1), key: parts.at(-1) ?? '' };
}

const ACCELERATOR_NAMES: Readonly<Record<string, string>> = {
  Mod: 'CmdOrCtrl',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
};

/** The combination as Electron's menus write it; undefined for a key that they cannot show. */
export function toAccelerator(keys: string): string | undefined {
  const { modifiers, key } = splitKeys(keys);
  if (!NAMED_KEYS.has(key) && !/^[!-~]$/.test(key)) return undefined;
  return [...modifiers, key].map((name) => ACCELERATOR_NAMES[name] ?? name).join('+');
}

/** The combination for `aria-keyshortcuts`. */
export function toAriaKeys(keys: string, isMac: boolean): string {
  const { modifiers, key } = splitKeys(keys);
  const names: Readonly<Record<string, string>> = { Mod: isMac ? 'Meta' : 'Control', Ctrl: 'Control' };
  return [...modifiers.map((name) => names[name] ?? name), key].join('+');
}
