/** How long a prompt is for a model, without opening a session. */
import { detectFamily } from '../families/detect';
import { loadClipTokenizer } from '../text/clip-tokenizer';
import { countTokens } from '../text/embed-prompt';
import { loadT5Tokenizer } from '../text/t5-tokenizer';
import { readModelFolder } from './model-folder';

/** Tokens of a prompt, and how many fit before it is cut off (T5) or needs one more chunk (CLIP). */
export type PromptCounter = (prompt: string) => { tokens: number; limit: number };

/** Throws `AppError('model')`. */
export async function loadPromptCounter(path: string): Promise<PromptCounter> {
  const folder = await readModelFolder(path);
  const { t5 } = detectFamily(folder);
  const words = t5 === undefined ? undefined : folder.tokenizers[t5.encoder];
  if (t5 !== undefined && words !== undefined) {
    const tokenizer = await loadT5Tokenizer(words.folder);
    return (prompt) => ({ tokens: tokenizer.encode(prompt).length, limit: t5.longest - 1 });
  }
  const source = folder.tokenizers.text_encoder ?? folder.tokenizers.text_encoder_2;
  if (source === undefined) throw new Error(`${path} has no tokenizer`);
  const tokenizer = await loadClipTokenizer(source.folder, source.padToken);
  return (prompt) => countTokens(tokenizer, prompt);
}
