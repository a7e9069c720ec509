/** Prompt → text embeddings: tokens, chunks of 77, weights, one text-encoder run per chunk (pipelines.md 3). */
import { findIo } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import { applyWeights, concatChunks } from '../text/embed-prompt';
import type { PromptChunk } from '../text/prompt-chunks';

/** Hidden states of one prompt: [1, length, width] float32. */
export interface PromptEmbedding {
  readonly data: Float32Array;
  readonly length: number;
  readonly width: number;
}

/** Everything that a denoiser is told about one prompt: one row of a batch. */
export interface EmbeddedPrompt {
  readonly hidden: PromptEmbedding;
  /** [P] summary of the whole prompt (SDXL, Flux); null where the family has none. */
  readonly pooled: Float32Array | null;
  /** SDXL's sizes and crop, [6] (or [5] with an aesthetic score); null elsewhere. */
  readonly timeIds: Float32Array | null;
}

/** Encodes every chunk ([77] ids each) and joins them along the sequence: [1, 77·k, D]. */
export async function embedChunks(
  session: Session,
  chunks: readonly PromptChunk[],
): Promise<PromptEmbedding> {
  const input = findIo(
    session.inputs,
    ['input_ids'],
    (spec) => spec.type.startsWith('int'),
    'text encoder input',
  );
  const output = findIo(
    session.outputs,
    ['last_hidden_state'],
    (spec) => spec.shape.length === 3,
    'text encoder output',
  );
  const parts: Float32Array[] = [];
  let width = 0;
  let length = 0;
  for (const chunk of chunks) {
    const results = await session.run({ [input.name]: { data: chunk.ids, dims: [1, chunk.ids.length] } });
    const hidden = results[output.name];
    if (hidden === undefined) throw new Error(`no output ${output.name}`);
    width = hidden.dims[2] ?? 0;
    length += chunk.ids.length;
    parts.push(applyWeights(hidden.data, chunk.weights, width));
  }
  return { data: concatChunks(parts), length, width };
}
