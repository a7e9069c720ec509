/** Finds commands by words: every word has to occur, in any order, without regard to case and accents. */

export interface Findable {
  /** As it is shown. */
  label: string;
  /** What it is also found by. */
  alias?: string;
}

const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();

/** Those that the words find, best first: the label begins with them, then a word of it does, then the rest; else as they were. */
export function findByWords<T extends Findable>(entries: readonly T[], words: string): T[] {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [...entries];
  const rankOf = (entry: T): number | null => {
    const label = plain(entry.label);
    const all = `${label} ${plain(entry.alias ?? '')}`;
    if (!wanted.every((word) => all.includes(word))) return null;
    if (label.startsWith(wanted.join(' '))) return 0;
    return wanted.every((word) => ` ${all}`.includes(` ${word}`)) ? 1 : 2;
  };
  return entries
    .map((entry) => ({ entry, rank: rankOf(entry) }))
    .filter((found): found is { entry: T; rank: number } => found.rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .map(({ entry }) => entry);
}
