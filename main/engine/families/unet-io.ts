/** How a UNet2DConditionModel is fed: latents, timestep and text, and SDXL's summary of the prompt and sizes (pipelines.md 4.2). */
import { AppError } from '../../../shared/errors';
import { findIo, fixedDim } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import type { Feed, IoSpec } from '../onnx/tensors';
import type { EmbeddedPrompt, PromptEmbedding } from '../stages/embed';
import { assertSizeAccepted } from '../stages/fixed-size';
import { guidanceEmbedding } from './distilled';
import { VAE_FACTOR, type DenoiserIo } from './family-traits';
import { repeatFloats } from '../latents/concat';

const latentInput = (session: Session): IoSpec =>
  findIo(session.inputs, ['sample'], (spec) => spec.shape.length === 4, 'UNet input');

/** The inputs that a UNet has. Throws `AppError('usage')` for a size or a prompt that a fixed export cannot take. */
export const unetIo: DenoiserIo = {
  latentInput,

  feeds(session, { latents, timestep, prompts, guidance }) {
    const sample = latentInput(session);
    const time = findIo(
      session.inputs,
      ['timestep', 't'],
      (spec) => spec.shape.length <= 1,
      'timestep input',
    );
    const text = findIo(
      session.inputs,
      ['encoder_hidden_states'],
      (spec) => spec.shape.length === 3,
      'text input',
    );
    assertSizeAccepted(sample, latents.width, latents.height, VAE_FACTOR);
    const batch = prompts.length;
    return {
      [sample.name]: {
        data: repeatFloats(latents.data, batch),
        dims: [batch, latents.channels, latents.height, latents.width],
      },
      [time.name]: timestepFeed(time, timestep, batch),
      [text.name]: textFeed(
        text,
        prompts.map(({ hidden }) => hidden),
      ),
      ...addedFeeds(session, prompts),
      ...guidanceFeed(session, prompts.length, guidance),
    };
  },

  read(session, results) {
    const output = findIo(session.outputs, ['out_sample', 'sample'], () => true, 'UNet output');
    const prediction = results[output.name];
    if (prediction === undefined) throw new Error(`no output ${output.name}`);
    return prediction.data;
  },
};

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

/** SDXL's two more inputs; nothing for graphs without them. */
function addedFeeds(session: Session, prompts: readonly EmbeddedPrompt[]): Record<string, Feed> {
  const feeds: Record<string, Feed> = {};
  for (const [name, values] of [
    ['text_embeds', prompts.map(({ pooled }) => pooled)],
    ['time_ids', prompts.map(({ timeIds }) => timeIds)],
  ] as const) {
    const spec = session.inputs.find((input) => input.name === name);
    if (spec !== undefined) feeds[name] = rowsFeed(spec, values);
  }
  return feeds;
}

/** What a distilled UNet is told in place of being guided; nothing for others. */
function guidanceFeed(session: Session, batch: number, guidance: number): Record<string, Feed> {
  const spec = session.inputs.find(({ name }) => name === 'timestep_cond');
  if (spec === undefined) return {};
  if (batch > 1) {
    throw new AppError(
      'model',
      'This model was distilled with a guidance input (timestep_cond), of which its unet/config.json says nothing; download the whole model folder again.',
    );
  }
  const embedding = guidanceEmbedding(guidance, fixedDim(spec, 1) ?? USUAL_GUIDANCE_FEATURES);
  return { [spec.name]: { data: embedding, dims: [1, embedding.length] } };
}

/** `time_cond_proj_dim` of the published LCMs. */
const USUAL_GUIDANCE_FEATURES = 256;

/** Rows [B, n]. */
function rowsFeed(spec: IoSpec, rows: readonly (Float32Array | null)[]): Feed {
  const present = rows.filter((row) => row !== null);
  const length = present[0]?.length ?? 0;
  const wanted = fixedDim(spec, 1) ?? length;
  if (present.length < rows.length || wanted !== length) {
    throw new AppError(
      'model',
      `The UNet of this model wants ${present.length < rows.length ? '' : `${wanted} `}numbers as ${spec.name} that its text encoders do not give; the parts of this model folder do not belong together.`,
    );
  }
  const data = new Float32Array(rows.length * length);
  present.forEach((row, i) => data.set(row, i * length));
  return { data, dims: [rows.length, length] };
}
