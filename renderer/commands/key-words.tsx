/** Key combinations as a person reads them, in the language and on the platform of the page. */
import { keysOfCommand, type CommandId } from '../../shared/commands';
import { splitKeys, toAriaKeys } from '../../shared/keys';
import { usePage } from '../app-context';
import type { en } from '../i18n/en';
import { useT, type Translate } from '../i18n/use-t';
import styles from './key-words.module.css';

type NamedKey = keyof (typeof en)['key'];
const NAMED = [
  ...(['Mod', 'Ctrl', 'Alt', 'Shift', 'Escape', 'Enter', 'Space', 'Plus', 'Tab', 'Backspace'] as const),
  ...(['Delete', 'Insert', 'Home', 'End', 'PageUp', 'PageDown'] as const),
  ...(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'] as const),
] as const satisfies readonly NamedKey[];
/** What is printed on a Mac's keys. */
const MAC: Readonly<Record<string, string>> = { Mod: '⌘', Ctrl: '⌃', Alt: '⌥', Shift: '⇧', Escape: 'esc' };

/** `Mod+Shift+P` → `Ctrl + Shift + P`, `Strg + Umschalt + P`, `⇧ ⌘ P`. */
export function keyWords(keys: string, isMac: boolean, t: Translate): string {
  const { modifiers, key } = splitKeys(keys);
  const wordOf = (name: string): string => {
    const mac = isMac ? MAC[name] : undefined;
    if (mac !== undefined) return mac;
    const named = NAMED.find((one) => one === name);
    return named === undefined ? name : t(`key.${named}`);
  };
  // A Mac names ⌘ last.
  const ordered = isMac
    ? [...modifiers.filter((name) => name !== 'Mod'), ...modifiers.filter((name) => name === 'Mod')]
    : modifiers;
  return [...ordered, key].map(wordOf).join(isMac ? ' ' : ' + ');
}

export interface CommandKeys {
  /** The best combination in words; empty when the command has none. */
  text: string;
  /** All of them for `aria-keyshortcuts`; undefined when there are none. */
  aria: string | undefined;
}

/** The keys that a command has now. */
export function useCommandKeys(id: CommandId): CommandKeys {
  const t = useT();
  const chosen = usePage((state) => state.preferences.keys);
  const isMac = usePage((state) => state.platform === 'darwin');
  const keys = keysOfCommand(id, chosen);
  const [best] = keys;
  return {
    text: best === undefined ? '' : keyWords(best, isMac, t),
    aria: best === undefined ? undefined : keys.map((one) => toAriaKeys(one, isMac)).join(' '),
  };
}

/** A combination, set like keys. */
export function Keys({ keys }: { keys: string }) {
  const t = useT();
  const isMac = usePage((state) => state.platform === 'darwin');
  return <kbd className={styles.keys}>{keyWords(keys, isMac, t)}</kbd>;
}
