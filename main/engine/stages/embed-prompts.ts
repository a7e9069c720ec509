/** Both prompts of a request → embeddings of equal length, remembered by their text. */
import type { LoadedModel } from '../model/loaded-model';
import { chunkPrompt, padChunks, truncatePrompt, type PromptChunks } from '../text/prompt-chunks';
import { runGuarded } from '../model/model-runtime';
import { embedChunks, type PromptEmbedding } from './embed';
import { findNonFinite } from './guards';

/**
 * Embeds the prompt and the negative prompt: [1, 77·k, D] each, with the same k.
 * @param isExact cut at 77 tokens and ignore weights, as diffusers does
 */
export async function embedPrompts(
  model: LoadedModel,
  prompt: string,
  negativePrompt: string,
  isExact: boolean,
): Promise<{ positive: PromptEmbedding; negative: PromptEmbedding }> {
  const { tokenizer } = model;
  const chunk = (text: string): PromptChunks =>
    isExact ? [truncatePrompt(tokenizer, text)] : chunkPrompt(tokenizer, text);
  const [positive, negative] = padChunks(chunk(prompt), chunk(negativePrompt), tokenizer);
  return {
    positive: await embedOnce(model, positive),
    negative: await embedOnce(model, negative),
  };
}

async function embedOnce(model: LoadedModel, chunks: PromptChunks): Promise<PromptEmbedding> {
  const key = JSON.stringify(chunks.map((chunk) => [[...chunk.ids], [...chunk.weights]]));
  const known = model.embeddings.get(key);
  if (known !== undefined) return known;
  const { result } = await runGuarded(
    model.runtime,
    'text_encoder',
    (session) => embedChunks(session, chunks, model.tokenizer),
    (embedding) => findNonFinite(embedding.data),
  );
  model.embeddings.set(key, result);
  return result;
}
