/**
 * Prompts of Stable Diffusion XL (pipelines.md 1.9): the states before the last layer of both text encoders side by side, the second one's
 * summary of the prompt, and the numbers that say how large the picture is. The refiner has the second encoder alone.
 */
import { needTokenizer } from '../model/clip-tokenizers';
import { TEXT_ENCODERS, type TextEncoder } from '../model/component';
import type { LoadedModel } from '../model/loaded-model';
import type { ModelFolder } from '../model/model-folder-parts';
import { runGuarded } from '../model/model-runtime';
import { findIo } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import { embedChunks, type EmbeddedPrompt, type PromptEmbedding, type TextOutputs } from '../stages/embed';
import { findNonFinite } from '../stages/guards';
import { chunkPrompt, padChunks, truncatePrompt, type PromptChunks } from '../text/prompt-chunks';
import type { EmbeddedPrompts, PromptRequest } from './family-traits';

type Embedded = Pick<EmbeddedPrompt, 'hidden' | 'pooled'>;

/** Aesthetic scores that diffusers' pipeline tells the refiner. */
const AESTHETIC_SCORE = { positive: 6, negative: 2.5 } as const;

/**
 * Both prompts, [1, 77·k, D₁ + D₂] with the same k. Without a negative prompt its embedding is zeros where the model's `force_zeros_for_empty_prompt`
 * says so, as in diffusers when none is given.
 */
export async function embedWithTwoClips(
  model: LoadedModel,
  request: PromptRequest,
): Promise<EmbeddedPrompts> {
  const { prompt, negativePrompt, isExact } = request;
  const encoders = TEXT_ENCODERS.filter((encoder) => model.folder.parts.has(encoder));
  const forcesZeros = model.folder.index['force_zeros_for_empty_prompt'] !== false;
  const isZero = negativePrompt === '' && forcesZeros;

  const chunked = encoders.map((encoder) => {
    const tokenizer = needTokenizer(model.clipTokenizers, encoder);
    const chunk = (text: string): PromptChunks =>
      isExact ? [truncatePrompt(tokenizer, text)] : chunkPrompt(tokenizer, text);
    return { encoder, tokenizer, texts: [chunk(prompt), chunk(negativePrompt)] as const };
  });
  const atLeast = Math.max(...chunked.flatMap(({ texts }) => texts.map(({ length }) => length)));

  const positives: Embedded[] = [];
  const negatives: Embedded[] = [];
  // Both prompts through one encoder, then the other: with little memory each is opened once.
  for (const { encoder, tokenizer, texts } of chunked) {
    const [positive, negative] = padChunks(...texts, tokenizer, atLeast);
    positives.push(await embedOnce(model, encoder, positive));
    if (!isZero) negatives.push(await embedOnce(model, encoder, negative));
  }
  const joined = join(positives);
  return {
    positive: { ...joined, timeIds: timeIds(model.folder, request, AESTHETIC_SCORE.positive) },
    negative: {
      ...(isZero ? zerosLike(joined) : join(negatives)),
      timeIds: timeIds(model.folder, request, AESTHETIC_SCORE.negative),
    },
  };
}

async function embedOnce(model: LoadedModel, encoder: TextEncoder, chunks: PromptChunks): Promise<Embedded> {
  const key = JSON.stringify([encoder, chunks.map((chunk) => [[...chunk.ids], [...chunk.weights]])]);
  const known = model.embeddings.get(key);
  if (known !== undefined) return known;
  const { result } = await runGuarded(
    model.runtime,
    encoder,
    (session) => embedChunks(session, chunks, penultimate(session, model.folder, encoder)),
    ({ hidden, pooled }) => findNonFinite(hidden.data) ?? (pooled === null ? null : findNonFinite(pooled)),
  );
  model.embeddings.set(key, { ...result, timeIds: null });
  return result;
}

/** `hidden_states[-2]`, and of the second encoder its projection. Exports count the states from 0, the embeddings, to N, the normed last one. */
function penultimate(session: Session, folder: ModelFolder, encoder: TextEncoder): TextOutputs {
  const layers = folder.configs[encoder]['num_hidden_layers'];
  const numbers = session.outputs.flatMap(({ name }) => /^hidden_states\.(\d+)$/.exec(name)?.[1] ?? []);
  const index = typeof layers === 'number' ? layers - 1 : Math.max(0, ...numbers.map(Number)) - 1;
  const hidden = findIo(
    session.outputs,
    [`hidden_states.${index}`],
    () => false,
    `output hidden_states.${index} in its ${encoder}`,
  ).name;
  const isPooled = encoder === 'text_encoder_2';
  return {
    hidden,
    pooled: isPooled
      ? findIo(session.outputs, ['text_embeds'], ({ shape }) => shape.length === 2, 'text_embeds').name
      : null,
  };
}

/** k × [1, S, D] → [1, S, sum of D]; the summary is that of the one that has it. */
function join(parts: readonly Embedded[]): Embedded {
  const [first, ...more] = parts;
  if (first === undefined) throw new Error('no text encoder');
  return more.reduce(
    (joined, part) => ({
      hidden: sideBySide(joined.hidden, part.hidden),
      pooled: part.pooled ?? joined.pooled,
    }),
    first,
  );
}

function sideBySide(a: PromptEmbedding, b: PromptEmbedding): PromptEmbedding {
  const width = a.width + b.width;
  const data = new Float32Array(a.length * width);
  for (let row = 0; row < a.length; row += 1) {
    data.set(a.data.subarray(row * a.width, (row + 1) * a.width), row * width);
    data.set(b.data.subarray(row * b.width, (row + 1) * b.width), row * width + a.width);
  }
  return { data, length: a.length, width };
}

const zerosLike = ({ hidden, pooled }: Embedded): Embedded => ({
  hidden: { ...hidden, data: new Float32Array(hidden.data.length) },
  pooled: pooled === null ? null : new Float32Array(pooled.length),
});

/** Height and width of the original, crop from top and left, then height and width of the target, or the aesthetic score: [6] or [5]. */
function timeIds(folder: ModelFolder, { width, height }: PromptRequest, score: number): Float32Array {
  const about = hasAestheticScore(folder) ? [score] : [height, width];
  return Float32Array.of(height, width, 0, 0, ...about);
}

/** From the width that is left for the numbers in the UNet's added embedding; else as model_index.json says. */
export function hasAestheticScore({ configs, index }: Pick<ModelFolder, 'configs' | 'index'>): boolean {
  const all = configs.unet['projection_class_embeddings_input_dim'];
  const each = configs.unet['addition_time_embed_dim'];
  const text = configs.text_encoder_2['projection_dim'];
  if (typeof all === 'number' && typeof each === 'number' && typeof text === 'number') {
    return (all - text) / each === 5;
  }
  return index['requires_aesthetics_score'] === true;
}
