/**
 * Every command of the app, once: the native menu, the keyboard and the command palette are made from this table.
 *
 * To add one: a line here, its words in the group `command` of renderer/i18n/en.ts, and, for a command of the page, what it does and when
 * in renderer/commands/page-commands.ts. The types say what is missing. Ids stay as they are, since settings name them.
 */

export type MenuName = 'file' | 'edit' | 'picture' | 'view' | 'help';

export interface Command {
  /** The menu in which it stands, in the order of this table; null: it is reached by key and palette alone. */
  menu: MenuName | null;
  /** Keys as in shared/keys.ts; the menu shows the first. A person may choose others. */
  keys: readonly string[];
  /** `shell`: the main process does it (main/shell-commands.ts), else the page. */
  by?: 'shell';
  /** A line above it in the menu. */
  startsGroup?: true;
  /** Commands of different scopes may share a key: they are never enabled at the same time. */
  scope?: 'gallery' | 'mask';
}

export const COMMANDS = {
  open: { menu: 'file', keys: ['Mod+O'] },
  paste: { menu: 'file', keys: ['Mod+Shift+V'], by: 'shell' },
  'read-settings': { menu: 'file', keys: [] },
  'new-sketch': { menu: 'file', keys: ['Mod+N'] },
  'open-mask': { menu: 'file', keys: [] },
  'open-model': { menu: 'file', keys: [] },
  'recent-inputs': { menu: 'file', keys: ['Mod+Shift+O'] },
  save: { menu: 'file', keys: ['Mod+S'], startsGroup: true },
  'save-again': { menu: 'file', keys: ['Mod+Shift+S'] },
  'save-options': { menu: 'file', keys: [] },
  'reveal-result': { menu: 'file', keys: [] },
  'show-results-folder': { menu: 'file', keys: [], by: 'shell' },

  preferences: { menu: 'file', keys: ['Mod+,'], startsGroup: true },

  generate: { menu: 'picture', keys: ['Mod+Enter'] },
  cancel: { menu: 'picture', keys: ['Mod+.', 'Escape'] },
  'keep-as-it-is': { menu: 'picture', keys: ['Mod+Shift+K'] },
  'strength-strip': { menu: 'picture', keys: ['Mod+Shift+Enter'], startsGroup: true },
  'seed-variations': { menu: 'picture', keys: ['Mod+Alt+Enter'] },
  'all-choices': { menu: 'picture', keys: [] },
  'pause-queue': { menu: 'picture', keys: [], startsGroup: true },
  'cancel-all': { menu: 'picture', keys: ['Mod+Shift+Backspace'] },
  'use-as-input': { menu: 'picture', keys: [], startsGroup: true },
  'use-with-settings': { menu: 'picture', keys: [] },
  'reuse-settings': { menu: 'picture', keys: [] },
  'star-result': { menu: 'picture', keys: [] },
  'copy-picture': { menu: 'picture', keys: ['Mod+Shift+C'] },
  'copy-file': { menu: 'picture', keys: ['Mod+Alt+C'] },
  styles: { menu: 'picture', keys: ['Mod+Shift+Y'], startsGroup: true },
  history: { menu: 'picture', keys: ['Mod+Shift+H'] },
  'lock-seed': { menu: 'picture', keys: [], startsGroup: true },
  'roll-seed': { menu: 'picture', keys: [] },
  'reset-settings': { menu: 'picture', keys: [] },
  paint: { menu: 'picture', keys: ['Mod+D'], startsGroup: true },
  live: { menu: 'picture', keys: ['Mod+L'] },
  'keep-live': { menu: 'picture', keys: [] },
  offline: { menu: 'picture', keys: [], startsGroup: true },

  palette: { menu: 'view', keys: ['Mod+K', 'Mod+Shift+P'] },
  gallery: { menu: 'view', keys: ['Mod+G'] },
  'compare-side': { menu: 'view', keys: [], startsGroup: true },
  'compare-slider': { menu: 'view', keys: [] },
  lens: { menu: 'view', keys: ['L'] },
  'zoom-in': { menu: 'view', keys: ['Mod+Plus', 'Mod+='], by: 'shell', startsGroup: true },
  'zoom-out': { menu: 'view', keys: ['Mod+-'], by: 'shell' },
  'zoom-reset': { menu: 'view', keys: ['Mod+0'], by: 'shell' },
  'full-screen': { menu: 'view', keys: ['F11'], by: 'shell' },

  help: { menu: 'help', keys: ['F1'] },
  keys: { menu: 'help', keys: [] },
  'copy-diagnostics': { menu: 'help', keys: [] },
  'paint-undo': { menu: null, keys: ['Mod+Z'], scope: 'mask' },
  'paint-redo': { menu: null, keys: ['Mod+Shift+Z', 'Mod+Y'], scope: 'mask' },
  'paint-layer': { menu: null, keys: ['X'], scope: 'mask' },
  'tool-brush': { menu: null, keys: ['B'], scope: 'mask' },
  'tool-eraser': { menu: null, keys: ['E'], scope: 'mask' },
  'tool-lasso': { menu: null, keys: ['L'], scope: 'mask' },
  'tool-rectangle': { menu: null, keys: ['R'], scope: 'mask' },
  'tool-picker': { menu: null, keys: ['I'], scope: 'mask' },
  'brush-smaller': { menu: null, keys: ['['], scope: 'mask' },
  'brush-larger': { menu: null, keys: [']'], scope: 'mask' },
  'mask-all': { menu: null, keys: ['Mod+A'], scope: 'mask' },
  'mask-invert': { menu: null, keys: ['Mod+I'], scope: 'mask' },
  'layer-clear': { menu: null, keys: ['Delete', 'Backspace'], scope: 'mask' },
  'look-fit': { menu: null, keys: ['0'], scope: 'mask' },
  'look-full': { menu: null, keys: ['1'], scope: 'mask' },
  'look-in': { menu: null, keys: ['Plus', '='], scope: 'mask' },
  'look-out': { menu: null, keys: ['-'], scope: 'mask' },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandId = keyof typeof COMMANDS;
/** Commands that the main process does. */
export type ShellCommandId = {
  [C in CommandId]: (typeof COMMANDS)[C] extends { by: 'shell' } ? C : never;
}[CommandId];
/** Commands that the page does. */
export type PageCommandId = Exclude<CommandId, ShellCommandId>;

/** All ids in the order of the table. */
export const COMMAND_IDS = Object.keys(COMMANDS) as CommandId[];

const command = (id: CommandId): Command => COMMANDS[id];

/** True where the keys belong to a text while one is being edited, such as undo. */
export const isLeftToText = (id: CommandId): boolean => command(id).scope === 'mask';

export const isShellCommand = (id: CommandId): id is ShellCommandId => command(id).by === 'shell';
export const isPageCommand = (id: CommandId): id is PageCommandId => !isShellCommand(id);
export const SHELL_COMMAND_IDS = COMMAND_IDS.filter(isShellCommand);
export const PAGE_COMMAND_IDS = COMMAND_IDS.filter(isPageCommand);

/** Command → the keys that a person chose for it; a command that is not in it has its own. */
export type ChosenKeys = Readonly<Record<string, readonly string[]>>;

/** The keys of a command, best first. */
export const keysOfCommand = (id: CommandId, chosen: ChosenKeys): readonly string[] =>
  chosen[id] ?? command(id).keys;

/** The commands that a combination asks for, in the order of the table. */
export const commandsOfKeys = (keys: string, chosen: ChosenKeys): CommandId[] =>
  COMMAND_IDS.filter((id) => keysOfCommand(id, chosen).includes(keys));

/** The commands of one menu. */
export const commandsOfMenu = (menu: MenuName): CommandId[] =>
  COMMAND_IDS.filter((id) => command(id).menu === menu);

/** True where a line stands above the command in its menu. */
export const startsGroup = (id: CommandId): boolean => command(id).startsGroup === true;
