/** Prompt → text embeddings: tokens, chunks of 77, weights, one text-encoder run per chunk (pipelines.md 3). */
import { findIo } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import type { ClipTokenizer } from '../text/clip-tokenizer';
import { applyWeights, concatChunks } from '../text/embed-prompt';
import type { PromptChunk } from '../text/prompt-chunks';

/** Hidden states of one prompt: [1, length, width] float32. */
export interface PromptEmbedding {
  readonly data: Float32Array;
  readonly length: number;
  readonly width: number;
}

/** Encodes every chunk ([77] ids each) and joins them along the sequence: [1, 77·k, D]. */
export async function embedChunks(
  session: Session,
  chunks: readonly PromptChunk[],
  tokenizer: ClipTokenizer,
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
  for (const chunk of chunks) {
    const results = await session.run({ [input.name]: { data: chunk.ids, dims: [1, tokenizer.maxLength] } });
    const hidden = results[output.name];
    if (hidden === undefined) throw new Error(`no output ${output.name}`);
    width = hidden.dims[2] ?? 0;
    parts.push(applyWeights(hidden.data, chunk.weights, width));
  }
  return { data: concatChunks(parts), length: tokenizer.maxLength * chunks.length, width };
}
