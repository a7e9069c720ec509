/** What happens to prompts around the text encoder: weights on its output, joined chunks, the token count. */
import type { ClipTokenizer } from './clip-tokenizer';
import { chunkPrompt } from './prompt-chunks';

/**
 * Emphasises one chunk of text encoder output. hidden: [77, D] float32, weights: [77]; returns a new [77, D].
 * Each position is multiplied by its weight, then the whole is scaled so that its mean is as before
 * (A1111 sd_emphasis.py "Original"; `restoreMean` false is its "No norm"). All weights 1: an exact copy.
 */
export function applyWeights(
  hidden: Float32Array,
  weights: Float32Array,
  D: number,
  restoreMean = true,
): Float32Array {
  if (hidden.length !== weights.length * D) {
    throw new RangeError(`hidden has ${hidden.length} values, expected ${weights.length} positions × ${D}`);
  }
  const weighted = hidden.slice();
  if (weights.every((weight) => weight === 1)) return weighted;
  weights.forEach((weight, position) => {
    for (let i = position * D; i < (position + 1) * D; i++) weighted[i] = (weighted[i] ?? 0) * weight;
  });
  if (!restoreMean) return weighted;
  const ratio = meanOf(hidden) / meanOf(weighted);
  // Weights that cancel the mean out leave nothing to restore.
  if (!Number.isFinite(ratio)) return weighted;
  return weighted.map((value) => value * ratio);
}

/** Tokens of a prompt without start, end and syntax, and how many fit before one more chunk is needed (75 × chunks). */
export function countTokens(tokenizer: ClipTokenizer, prompt: string): { tokens: number; limit: number } {
  const chunks = chunkPrompt(tokenizer, prompt);
  return {
    tokens: chunks.reduce((sum, chunk) => sum + chunk.tokenCount, 0),
    limit: (tokenizer.maxLength - 2) * chunks.length,
  };
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
