/** The CLIP tokenizers of a model, one for each of its CLIP text encoders. */
import { loadClipTokenizer, type ClipTokenizer } from '../text/clip-tokenizer';
import type { TextEncoder } from './component';
import type { TokenizerSources } from './model-folder-parts';

export type ClipTokenizers = Readonly<Partial<Record<TextEncoder, ClipTokenizer>>>;

/** Loads those that the model has; throws `AppError('model')` for broken files. */
export async function loadClipTokenizers(
  sources: TokenizerSources,
  encoders: readonly TextEncoder[],
): Promise<ClipTokenizers> {
  const loaded: Partial<Record<TextEncoder, ClipTokenizer>> = {};
  for (const encoder of encoders) {
    const source = sources[encoder];
    if (source !== undefined) loaded[encoder] = await loadClipTokenizer(source.folder, source.padToken);
  }
  return loaded;
}

/** One that the model's family is known to need. */
export function needTokenizer(tokenizers: ClipTokenizers, encoder: TextEncoder): ClipTokenizer {
  const tokenizer = tokenizers[encoder];
  if (tokenizer === undefined) throw new Error(`the ${encoder} has no tokenizer`);
  return tokenizer;
}
