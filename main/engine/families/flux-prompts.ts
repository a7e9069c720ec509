/** Prompts of Flux (pipelines.md 1.10): T5's states of the words, as typed, and CLIP's summary of the whole. There is no negative prompt. */
import { needTokenizer } from '../model/clip-tokenizers';
import type { TextEncoder } from '../model/component';
import type { LoadedModel } from '../model/loaded-model';
import { runGuarded } from '../model/model-runtime';
import { findIo, fixedDim } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import type { FloatTensor, IoSpec } from '../onnx/tensors';
import type { EmbeddedPrompt } from '../stages/embed';
import { findNonFinite } from '../stages/guards';
import { truncatePrompt } from '../text/prompt-chunks';
import { padT5 } from '../text/t5-tokenizer';
import type { EmbeddedPrompts, PromptRequest } from './family-traits';

/** hidden [1, 256 or 512, D] with padding that is attended, pooled [P]; remembered by their text. */
export async function embedForFlux(model: LoadedModel, { prompt }: PromptRequest): Promise<EmbeddedPrompts> {
  const { t5 } = model.traits;
  const { t5Tokenizer } = model;
  if (t5 === undefined || t5Tokenizer === null) throw new Error('Flux without T5');
  const key = JSON.stringify(['flux', prompt]);
  const known = model.embeddings.get(key);
  if (known !== undefined) return { positive: known, negative: null };

  const clip = needTokenizer(model.clipTokenizers, 'text_encoder');
  const pooled = await encode(model, 'text_encoder', {
    ids: () => truncatePrompt(clip, prompt).ids,
    outputs: ['pooler_output', 'text_embeds'],
    rank: 2,
  });
  const hidden = await encode(model, t5.encoder, {
    ids: (input) => padT5(t5Tokenizer, prompt, fixedDim(input, 1) ?? t5.longest),
    outputs: ['last_hidden_state'],
    rank: 3,
  });
  const [, length = 0, width = 0] = hidden.dims;
  const positive: EmbeddedPrompt = {
    hidden: { data: hidden.data, length, width },
    pooled: pooled.data,
    timeIds: null,
  };
  model.embeddings.set(key, positive);
  return { positive, negative: null };
}

interface Encoding {
  readonly ids: (input: IoSpec) => Int32Array;
  /** Names of the output that is wanted, else the only one of its rank. */
  readonly outputs: readonly string[];
  readonly rank: number;
}

async function encode(
  model: LoadedModel,
  encoder: TextEncoder,
  { ids, outputs, rank }: Encoding,
): Promise<FloatTensor> {
  const { result } = await runGuarded(
    model.runtime,
    encoder,
    async (session: Session) => {
      const isIds = (spec: IoSpec): boolean => spec.type.startsWith('int');
      const input = findIo(session.inputs, ['input_ids'], isIds, 'text encoder input');
      const isWanted = (spec: IoSpec): boolean => spec.shape.length === rank;
      const output = findIo(session.outputs, outputs, isWanted, 'text encoder output');
      const tokens = ids(input);
      const results = await session.run({ [input.name]: { data: tokens, dims: [1, tokens.length] } });
      const tensor = results[output.name];
      if (tensor === undefined) throw new Error(`no output ${output.name}`);
      return tensor;
    },
    ({ data }) => findNonFinite(data),
  );
  return result;
}
