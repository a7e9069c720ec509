/** Cuts prompts of any length into runs of the text encoder: 75 tokens between start and end, with weights. */
import type { ClipTokenizer } from './clip-tokenizer';
import { BREAK, parseWeightedPrompt } from './prompt-weights';

/** One run of the text encoder; both arrays have `tokenizer.maxLength` (77) entries. */
export interface PromptChunk {
  /** ids: [77] start, up to 75 tokens, end, padding. */
  readonly ids: Int32Array;
  /** weights: [77] factor per position; 1 for start, end and padding. */
  readonly weights: Float32Array;
  /** How many prompt tokens the chunk holds, without start, end and padding (0..75). */
  readonly tokenCount: number;
}

/** The runs of a prompt in order; never empty. */
export type PromptChunks = readonly PromptChunk[];

/** How far back a full chunk looks for a comma to cut at, in tokens. Source: A1111 `comma_padding_backtrack`. */
const COMMA_BACKTRACK = 20;

interface WeightedToken {
  readonly id: number;
  readonly weight: number;
}

/**
 * Reads the weighting syntax of a prompt and cuts it into chunks of 75 tokens as A1111 does (sd_hijack_clip.py): a comma
 * among the last 20 tokens of a full chunk moves what follows it to the next chunk, `BREAK` ends a chunk early.
 * A prompt of up to 75 tokens without syntax gives exactly diffusers' padded ids.
 */
export function chunkPrompt(tokenizer: ClipTokenizer, prompt: string): PromptChunks {
  const capacity = tokenizer.maxLength - 2;
  const commaId = tokenizer.encode(',').at(-1);
  const chunks: PromptChunk[] = [];
  let current: WeightedToken[] = [];
  let afterLastComma: number | undefined;
  const closeChunk = (rest: WeightedToken[] = []): void => {
    chunks.push(buildChunk(tokenizer, current));
    current = rest;
    afterLastComma = undefined;
  };

  for (const part of parseWeightedPrompt(prompt)) {
    if (part === BREAK) {
      closeChunk();
      continue;
    }
    for (const id of tokenizer.encode(part.text)) {
      if (current.length === capacity) {
        const canMoveRest =
          id !== commaId && afterLastComma !== undefined && capacity - afterLastComma < COMMA_BACKTRACK;
        closeChunk(canMoveRest ? current.splice(afterLastComma ?? capacity) : []);
      }
      current.push({ id, weight: part.weight });
      if (id === commaId) afterLastComma = current.length;
    }
  }
  if (current.length > 0 || chunks.length === 0) closeChunk();
  return chunks;
}

/** One chunk as diffusers makes it: the text as it is, no weighting syntax, cut off after 75 tokens. */
export function truncatePrompt(tokenizer: ClipTokenizer, prompt: string): PromptChunk {
  const ids = tokenizer.encode(prompt).slice(0, tokenizer.maxLength - 2);
  return buildChunk(
    tokenizer,
    ids.map((id) => ({ id, weight: 1 })),
  );
}

/** Positive and negative prompt with equally many chunks: the shorter one is filled up with empty chunks, both to `atLeast`. */
export function padChunks(
  a: PromptChunks,
  b: PromptChunks,
  tokenizer: ClipTokenizer,
  atLeast = 1,
): [PromptChunks, PromptChunks] {
  const length = Math.max(a.length, b.length, atLeast);
  const pad = (chunks: PromptChunks): PromptChunks => [
    ...chunks,
    ...Array.from({ length: length - chunks.length }, () => buildChunk(tokenizer, [])),
  ];
  return [pad(a), pad(b)];
}

/** Start, tokens, end, then the model's padding id (the end token for SD 1, "!" for SD 2 and SDXL's second encoder). */
function buildChunk(tokenizer: ClipTokenizer, tokens: readonly WeightedToken[]): PromptChunk {
  const ids = new Int32Array(tokenizer.maxLength).fill(tokenizer.padId);
  const weights = new Float32Array(tokenizer.maxLength).fill(1);
  ids[0] = tokenizer.bosId;
  tokens.forEach((token, index) => {
    ids[index + 1] = token.id;
    weights[index + 1] = token.weight;
  });
  ids[tokens.length + 1] = tokenizer.eosId;
  return { ids, weights, tokenCount: tokens.length };
}
