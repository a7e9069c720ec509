/** Prompt → text embeddings: tokens, chunks of 77, weights, one text-encoder run per chunk (pipelines.md 3). */
import { findIo } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import type { FloatTensor, IoSpec } from '../onnx/tensors';
import { concatFloats } from '../latents/concat';
import { applyWeights } from '../text/embed-prompt';
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

/** Which outputs of a text encoder are the hidden states [1, 77, D] and, where wanted, the summary [1, P]. */
export interface TextOutputs {
  readonly hidden: string;
  readonly pooled: string | null;
}

/** What SD1 and SD2 take: the last hidden states. */
export const lastHiddenState = ({ outputs }: Pick<Session, 'outputs'>): TextOutputs => ({
  hidden: findIo(outputs, ['last_hidden_state'], isSequence, 'text encoder output').name,
  pooled: null,
});

const isSequence = (spec: IoSpec): boolean => spec.shape.length === 3;

/** Encodes every chunk ([77] ids each) and joins them along the sequence: [1, 77·k, D]. The summary is the first chunk's, as in A1111. */
export async function embedChunks(
  session: Session,
  chunks: readonly PromptChunk[],
  outputs: TextOutputs,
): Promise<Pick<EmbeddedPrompt, 'hidden' | 'pooled'>> {
  const input = findIo(
    session.inputs,
    ['input_ids'],
    (spec) => spec.type.startsWith('int'),
    'text encoder input',
  );
  const names = [outputs.hidden, ...(outputs.pooled === null ? [] : [outputs.pooled])];
  const parts: Float32Array[] = [];
  let pooled: Float32Array | null = null;
  let width = 0;
  let length = 0;
  for (const chunk of chunks) {
    const ids = { data: chunk.ids, dims: [1, chunk.ids.length] };
    const results = await session.run({ [input.name]: ids }, names);
    const hidden = need(results, outputs.hidden);
    if (outputs.pooled !== null) pooled ??= need(results, outputs.pooled).data;
    width = hidden.dims[2] ?? 0;
    length += chunk.ids.length;
    parts.push(applyWeights(hidden.data, chunk.weights, width));
  }
  return { hidden: { data: concatFloats(parts), length, width }, pooled };
}

function need(results: Readonly<Record<string, FloatTensor>>, name: string): FloatTensor {
  const tensor = results[name];
  if (tensor === undefined) throw new Error(`no output ${name}`);
  return tensor;
}
