/** Prompts of Stable Diffusion 1 and 2: the last hidden state of one CLIP text encoder (pipelines.md 1.7). */
import { needTokenizer } from '../model/clip-tokenizers';
import type { LoadedModel } from '../model/loaded-model';
import { runGuarded } from '../model/model-runtime';
import { embedChunks, lastHiddenState, type EmbeddedPrompt } from '../stages/embed';
import { findNonFinite } from '../stages/guards';
import { chunkPrompt, padChunks, truncatePrompt, type PromptChunks } from '../text/prompt-chunks';
import type { EmbeddedPrompts, PromptRequest } from './family-traits';

/** Both prompts, [1, 77·k, D] each with the same k, remembered by their text. */
export async function embedWithClip(
  model: LoadedModel,
  { prompt, negativePrompt, isExact }: PromptRequest,
): Promise<EmbeddedPrompts> {
  const tokenizer = needTokenizer(model.clipTokenizers, 'text_encoder');
  const chunk = (text: string): PromptChunks =>
    isExact ? [truncatePrompt(tokenizer, text)] : chunkPrompt(tokenizer, text);
  const [positive, negative] = padChunks(chunk(prompt), chunk(negativePrompt), tokenizer);
  return { positive: await embedOnce(model, positive), negative: await embedOnce(model, negative) };
}

async function embedOnce(model: LoadedModel, chunks: PromptChunks): Promise<EmbeddedPrompt> {
  const key = JSON.stringify(chunks.map((chunk) => [[...chunk.ids], [...chunk.weights]]));
  const known = model.embeddings.get(key);
  if (known !== undefined) return known;
  const { result } = await runGuarded(
    model.runtime,
    'text_encoder',
    (session) => embedChunks(session, chunks, lastHiddenState(session)),
    ({ hidden }) => findNonFinite(hidden.data),
  );
  const embedded = { ...result, timeIds: null };
  model.embeddings.set(key, embedded);
  return embedded;
}
