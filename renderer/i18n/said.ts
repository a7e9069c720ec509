/** Sentences that main process and engine say in English, in the language of the page as far as it has them. */

/** English sentence with `{{values}}` → the same in another language. */
export type Said = Readonly<Record<string, string>>;

interface Pattern {
  expression: RegExp;
  names: readonly string[];
  sentence: string;
}

const compiled = new WeakMap<Said, readonly Pattern[]>();

/** What joins sentences, and reasons. */
const JOINTS = [/(?<=\.) /, /; /] as const;

/** The sentence in the other language; null when it is not among those that are known. Several sentences or reasons are known when each is. */
export function translateSaid(
  sentence: string,
  said: Said,
  wordOf: (value: string) => string,
): string | null {
  const whole = translateOne(sentence, said, wordOf);
  if (whole !== null) return whole;
  for (const joint of JOINTS) {
    const parts = sentence.split(joint).map((part) => translateOne(part, said, wordOf));
    if (parts.every((part) => part !== null)) return parts.join(joint === JOINTS[0] ? ' ' : '; ');
  }
  return null;
}

function translateOne(sentence: string, said: Said, wordOf: (value: string) => string): string | null {
  const exact = said[sentence];
  if (exact !== undefined) return exact;
  for (const pattern of patternsOf(said)) {
    const found = pattern.expression.exec(sentence);
    if (found === null) continue;
    const values = new Map(pattern.names.map((name, index) => [name, wordOf(found[index + 1] ?? '')]));
    return pattern.sentence.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values.get(name) ?? '');
  }
  return null;
}

function patternsOf(said: Said): readonly Pattern[] {
  const known = compiled.get(said);
  if (known !== undefined) return known;
  const patterns = Object.entries(said).map(([english, sentence]) => {
    const names = [...english.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '');
    const source = english
      .split(/\{\{\w+\}\}/)
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('(.+?)');
    return { expression: new RegExp(`^${source}$`, 's'), names, sentence };
  });
  compiled.set(said, patterns);
  return patterns;
}
