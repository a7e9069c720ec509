/** What happens to the keys of all commands when a person chooses keys for one; pure. */
import {
  commandsOfKeys,
  COMMANDS,
  keysOfCommand,
  type ChosenKeys,
  type Command,
  type CommandId,
} from '../../shared/commands';
import { splitKeys } from '../../shared/keys';

/** Why a combination cannot be a command's: it edits text, or it moves about and presses what has the focus. */
export type KeysRefusal = 'edits' | 'moves';

const EDITING = new Set(['Mod+A', 'Mod+C', 'Mod+V', 'Mod+X', 'Mod+Z', 'Mod+Shift+Z', 'Mod+Y', 'Mod+Q']);
const MOVING = /^(Tab|Enter|Space|Arrow\w+|Backspace)$/;

/** Null when the combination may be chosen. */
export function refusalOf(keys: string): KeysRefusal | null {
  if (EDITING.has(keys)) return 'edits';
  const { modifiers, key } = splitKeys(keys);
  const isPlain = modifiers.every((name) => name === 'Shift');
  return isPlain && MOVING.test(key) ? 'moves' : null;
}

const scopeOf = (id: CommandId): Command['scope'] => (COMMANDS[id] as Command).scope;
/** Commands of two different scopes are never meant at once. */
const canMeet = (a: CommandId, b: CommandId): boolean => {
  const [one, other] = [scopeOf(a), scopeOf(b)];
  return one === undefined || other === undefined || one === other;
};

/** The other commands that have the combination and could be meant by it. */
export const holdersOf = (keys: string, id: CommandId, chosen: ChosenKeys): CommandId[] =>
  commandsOfKeys(keys, chosen).filter((other) => other !== id && canMeet(id, other));

/** Gives a command these keys and takes them away from those that had them. */
export function giveKeys(id: CommandId, wanted: readonly string[], chosen: ChosenKeys): ChosenKeys {
  const next: Record<string, readonly string[]> = { ...chosen, [id]: wanted };
  for (const keys of wanted) {
    for (const other of holdersOf(keys, id, chosen))
      next[other] = keysOfCommand(other, next).filter((one) => one !== keys);
  }
  return withoutDefaults(next);
}

/** Gives a command its own keys back. */
export const resetKeys = (id: CommandId, chosen: ChosenKeys): ChosenKeys =>
  giveKeys(id, COMMANDS[id].keys, chosen);

/** Only what differs from the table is worth remembering. */
function withoutDefaults(chosen: ChosenKeys): ChosenKeys {
  return Object.fromEntries(
    Object.entries(chosen).filter(([id, keys]) => {
      const own: readonly string[] | undefined = id in COMMANDS ? COMMANDS[id as CommandId].keys : undefined;
      return own?.join(' ') !== keys.join(' ');
    }),
  );
}
