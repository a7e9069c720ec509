/** SentencePiece's unigram model: cuts text into the pieces whose scores have the largest sum (Kudo 2018), as the tokenizers library does. */

export interface UnigramVocabulary {
  /** Piece and log probability by id. */
  readonly pieces: readonly (readonly [piece: string, score: number])[];
  readonly unkId: number;
}

/** How much less likely than the least likely piece an unknown character is (SentencePiece's kUnkPenalty). */
const UNKNOWN_PENALTY = 10;

/** The best way to one position of the text. */
interface Best {
  readonly start: number;
  readonly score: number;
  /** Id of the last piece. */
  readonly id: number;
}

export class Unigram {
  private readonly ids = new Map<string, number>();
  private readonly unknownScore: number;
  /** Longest piece in UTF-16 code units. */
  private readonly longest: number;

  constructor(private readonly vocabulary: UnigramVocabulary) {
    let lowest = Infinity;
    let longest = 1;
    for (const [id, [piece, score]] of vocabulary.pieces.entries()) {
      this.ids.set(piece, id);
      lowest = Math.min(lowest, score);
      longest = Math.max(longest, piece.length);
    }
    this.unknownScore = lowest - UNKNOWN_PENALTY;
    this.longest = longest;
  }

  idOf(piece: string): number | undefined {
    return this.ids.get(piece);
  }

  /** Ids of a text; neighbouring unknown characters become one unknown piece. */
  encode(text: string): number[] {
    const best = this.bestWays(text);
    const { unkId } = this.vocabulary;
    const reversed: number[] = [];
    for (let end = text.length; end > 0;) {
      const way = best[end];
      if (way === undefined) throw new Error(`no way to position ${end}`);
      if (way.id !== unkId || reversed.at(-1) !== unkId) reversed.push(way.id);
      end = way.start;
    }
    return reversed.reverse();
  }

  private bestWays(text: string): (Best | undefined)[] {
    const best: (Best | undefined)[] = [];
    for (let start = 0; start < text.length;) {
      const before = best[start]?.score ?? 0;
      const oneCharacter = (text.codePointAt(start) ?? 0) > 0xffff ? 2 : 1;
      let isKnown = false;
      const limit = Math.min(this.longest, text.length - start);
      for (let length = oneCharacter; length <= limit; length += 1) {
        const id = this.ids.get(text.slice(start, start + length));
        if (id === undefined) continue;
        offer(best, start + length, { start, score: before + (this.vocabulary.pieces[id]?.[1] ?? 0), id });
        isKnown ||= length === oneCharacter;
      }
      if (!isKnown) {
        const score = before + this.unknownScore;
        offer(best, start + oneCharacter, { start, score, id: this.vocabulary.unkId });
      }
      start += oneCharacter;
    }
    return best;
  }
}

function offer(best: (Best | undefined)[], end: number, way: Best): void {
  const known = best[end];
  if (known === undefined || way.score > known.score) best[end] = way;
}
