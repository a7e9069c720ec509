/** Stage 2, local: one guided noise prediction by the UNet (pipelines.md 1.6, 1.7 step 6). */
import { AppError } from '../../../shared/errors';
import { findIo, fixedDim } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import type { Feed, IoSpec } from '../onnx/tensors';
import type { Latents } from './decode';
import { VAE_FACTOR } from '../families/detect';
import type { PromptEmbedding } from './embed';
import { assertSizeAccepted } from './fixed-size';

export interface Conditioning {
  readonly positive: PromptEmbedding;
  /** Null: no classifier-free guidance, one conditional pass. */
  readonly negative: PromptEmbedding | null;
  /** g of `e = u + g · (c − u)`; used only with `negative`. */
  readonly guidance: number;
}

/** Classifier-free guidance is active above 1 (pipelines.md 1.6). */
export const isGuided = (guidance: number): boolean => guidance > 1;

/**
 * Predicts at one timestep: [1, C, h, w]. With guidance the batch is [uncond, cond]; a graph whose batch is fixed to 1 runs twice.
 * @param input the latents after `scaleModelInput`
 */
export async function predict(
  session: Session,
  input: Latents,
  timestep: number,
  conditioning: Conditioning,
): Promise<Float32Array> {
  const io = denoiserIo(session);
  assertSizeAccepted(io.sample, input.width, input.height, VAE_FACTOR);
  const { positive, negative, guidance } = conditioning;
  if (negative === null) return runBatch(session, io, input, timestep, [positive]);

  if (fixedDim(io.sample, 0) === 1) {
    const unconditional = await runBatch(session, io, input, timestep, [negative]);
    const conditional = await runBatch(session, io, input, timestep, [positive]);
    return guide(unconditional, conditional, guidance);
  }
  const both = await runBatch(session, io, input, timestep, [negative, positive]);
  const half = both.length / 2;
  return guide(both.subarray(0, half), both.subarray(half), guidance);
}

/** `u + g · (c − u)` in float32. */
function guide(unconditional: Float32Array, conditional: Float32Array, guidance: number): Float32Array {
  return unconditional.map((u, i) => u + Math.fround(guidance * Math.fround((conditional[i] ?? 0) - u)));
}

interface DenoiserIo {
  readonly sample: IoSpec;
  readonly timestep: IoSpec;
  readonly text: IoSpec;
  readonly output: IoSpec;
}

function denoiserIo(session: Session): DenoiserIo {
  const known = ['sample', 'timestep', 'encoder_hidden_states'];
  const foreign = session.inputs.find((spec) => !known.includes(spec.name) && spec.name === 'timestep_cond');
  if (foreign !== undefined) {
    throw new AppError(
      'model',
      'This model was distilled with a guidance input (timestep_cond), which this version cannot feed; use an LCM export without it.',
    );
  }
  return {
    sample: findIo(session.inputs, ['sample'], (spec) => spec.shape.length === 4, 'UNet input'),
    timestep: findIo(session.inputs, ['timestep', 't'], (spec) => spec.shape.length <= 1, 'timestep input'),
    text: findIo(session.inputs, ['encoder_hidden_states'], (spec) => spec.shape.length === 3, 'text input'),
    output: findIo(session.outputs, ['out_sample', 'sample'], () => true, 'UNet output'),
  };
}

async function runBatch(
  session: Session,
  io: DenoiserIo,
  input: Latents,
  timestep: number,
  embeddings: readonly PromptEmbedding[],
): Promise<Float32Array> {
  const batch = embeddings.length;
  const results = await session.run({
    [io.sample.name]: {
      data: repeat(input.data, batch),
      dims: [batch, input.channels, input.height, input.width],
    },
    [io.timestep.name]: timestepFeed(io.timestep, timestep, batch),
    [io.text.name]: textFeed(io.text, embeddings),
  });
  const prediction = results[io.output.name];
  if (prediction === undefined) throw new Error(`no output ${io.output.name}`);
  return prediction.data;
}

/** A scalar, [1] or [batch], as the graph's own metadata says (pipelines.md 4.2). */
function timestepFeed(spec: IoSpec, timestep: number, batch: number): Feed {
  if (spec.shape.length === 0) return { data: Float32Array.of(timestep), dims: [] };
  const length = fixedDim(spec, 0) ?? batch;
  return { data: new Float32Array(length).fill(timestep), dims: [length] };
}

function textFeed(spec: IoSpec, embeddings: readonly PromptEmbedding[]): Feed {
  const [first] = embeddings;
  if (first === undefined) throw new Error('no embedding');
  const length = fixedDim(spec, 1);
  if (length !== null && length !== first.length) {
    throw new AppError(
      'usage',
      `This model takes prompts of at most ${length - 2} tokens and the prompt is longer; shorten the prompt.`,
    );
  }
  const width = fixedDim(spec, 2);
  if (width !== null && width !== first.width) {
    throw new AppError(
      'model',
      `The text encoder makes embeddings of width ${first.width} but the UNet wants ${width}; the parts of this model folder do not belong together.`,
    );
  }
  const data = new Float32Array(embeddings.length * first.data.length);
  embeddings.forEach((embedding, i) => data.set(embedding.data, i * first.data.length));
  return { data, dims: [embeddings.length, first.length, first.width] };
}

function repeat(data: Float32Array, times: number): Float32Array {
  const out = new Float32Array(times * data.length);
  for (let i = 0; i < times; i += 1) out.set(data, i * data.length);
  return out;
}
