/** File names from a template: words in braces are filled in, and what any of the three systems refuses is left out. */

export const DEFAULT_FILE_NAME = '{date} {prompt} {seed}';
export const MAX_FILE_NAME_TEMPLATE = 200;

/** What a template may name. */
export const FILE_NAME_WORDS = [
  'date',
  'time',
  'prompt',
  'seed',
  'model',
  'strength',
  'steps',
  'size',
  'style',
  'input',
  'n',
] as const;
type FileNameWord = (typeof FILE_NAME_WORDS)[number];

export interface FileNameFacts {
  /** Milliseconds since 1970. */
  createdAt: number;
  prompt: string;
  seed: number;
  model: string;
  /** 0 … 1 */
  strength: number;
  steps: number;
  width: number;
  height: number;
  /** Empty without a style. */
  style: string;
  /** Name of the input's file. */
  input: string;
  /** Counts up until the name is free. */
  n: number;
}

/** So much of a prompt stands in a name; whole words. */
const MAX_PROMPT_PART = 60;
/** File systems take 255 bytes; the ending and a number need some of them. */
const MAX_NAME_BYTES = 200;
/** Names that Windows keeps for devices, whatever ending they have. */
const DEVICES = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/** The name without its ending, usable on Windows, macOS and Linux; an empty template means the default. */
export function fileNameOf(template: string, facts: FileNameFacts): string {
  const words = wordsOf(facts);
  const filled = (template.trim() === '' ? DEFAULT_FILE_NAME : template).replace(
    /\{([a-z]+)\}/g,
    (whole, name: string) => (isWord(name) ? words[name] : whole),
  );
  return safeFileName(filled);
}

/** Whether each next number makes another name by itself. */
export const hasNumber = (template: string): boolean => template.includes('{n}');

/** A text as a file's name without ending. */
export function safeFileName(text: string): string {
  const clean = text
    .normalize('NFC')
    // Control characters, marks that change the direction of writing, and halves of letters.
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, ' ')
    .replace(/[\\/:*?"<>|]/g, '_')
    .replace(/\s+/g, ' ');
  const cut = trimmed(cutBytes(trimmed(clean), MAX_NAME_BYTES));
  const stem = cut.split('.')[0] ?? '';
  if (cut === '') return 'picture';
  return DEVICES.test(stem.trim()) ? `_${cut}` : cut;
}

/** Dots in front hide a file, dots and spaces at the end are dropped by Windows. */
const trimmed = (text: string): string => text.replace(/^[\s.]+|[\s.]+$/g, '');

function wordsOf(facts: FileNameFacts): Record<FileNameWord, string> {
  const moment = new Date(facts.createdAt);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    date: `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`,
    time: `${two(moment.getHours())}-${two(moment.getMinutes())}-${two(moment.getSeconds())}`,
    prompt: cutWords(facts.prompt.replace(/\s+/g, ' ').trim(), MAX_PROMPT_PART),
    seed: String(facts.seed),
    model: facts.model,
    strength: `${Math.round(facts.strength * 100)}%`,
    steps: String(facts.steps),
    size: `${facts.width}x${facts.height}`,
    style: facts.style,
    input: facts.input.replace(/\.[^.]*$/, ''),
    n: String(facts.n),
  };
}

const isWord = (name: string): name is FileNameWord => FILE_NAME_WORDS.some((word) => word === name);

function cutWords(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length + 1);
  const space = cut.lastIndexOf(' ');
  return (space > length / 2 ? cut.slice(0, space) : cut.slice(0, length)).replace(/[\s,;]+$/, '');
}

/** At most so many bytes of UTF-8, without half a letter. */
function cutBytes(text: string, most: number): string {
  let length = 0;
  let cut = '';
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (length > most) return cut;
    cut += letter;
  }
  return text;
}
