/** How a FluxTransformer2DModel is fed: packed latents, both embeddings, time, positions, and for dev the guidance (pipelines.md 1.10, 4.2). */
import { AppError } from '../../../shared/errors';
import { packLatents, unpackLatents } from '../latents/packing';
import { findIo, fixedDim } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import type { Feed, IoSpec } from '../onnx/tensors';
import type { DenoiserCall, DenoiserIo } from './family-traits';
import { concatFloats, repeatFloats } from '../latents/concat';

const latentInput = (session: Session): IoSpec => input(session, 'hidden_states', 3);

const input = (session: Session, name: string, rank: number): IoSpec =>
  findIo(
    session.inputs,
    [name],
    (spec) => spec.name.includes(name) && spec.shape.length === rank,
    `${name} input`,
  );

/** Throws `AppError('usage')` for a size or a prompt that a fixed export cannot take. */
export const fluxIo: DenoiserIo = {
  latentInput,

  feeds(session, call) {
    const { latents, timestep, prompts, guidance } = call;
    const hidden = latentInput(session);
    const text = input(session, 'encoder_hidden_states', 3);
    const batch = prompts.length;
    const tokens = (latents.height / 2) * (latents.width / 2);
    const features = fixedDim(hidden, 2) ?? 4 * latents.channels;
    if (features !== 4 * latents.channels) {
      throw new AppError(
        'model',
        `This Flux model wants ${features} features a token and not ${4 * latents.channels}, because it is made for masks, depth or outlines, which this version cannot run; choose FLUX.1 schnell or dev.`,
      );
    }
    const fixedTokens = fixedDim(hidden, 1);
    if (fixedTokens !== null && fixedTokens !== tokens) {
      throw new AppError(
        'usage',
        `This model was exported for pictures of ${fixedTokens * 256} pixels and not for ${tokens * 256}; choose a working size with as many pixels.`,
      );
    }
    const { data, channels, height, width } = latents;
    const packed = packLatents(data, channels, height, width);
    const feeds: Record<string, Feed> = {
      [hidden.name]: { data: repeatFloats(packed, batch), dims: [batch, tokens, 4 * channels] },
      [text.name]: textFeed(text, call),
      [input(session, 'pooled_projections', 2).name]: pooledFeed(call),
      // diffusers gives the transformer t / 1000 in float32.
      [input(session, 'timestep', 1).name]: filled(Math.fround(timestep / 1000), batch),
      ...ids(session, 'img_ids', imageIds(height / 2, width / 2), tokens),
      ...ids(session, 'txt_ids', new Float32Array(3 * textLength(call)), textLength(call)),
    };
    if (session.inputs.some(({ name }) => name === 'guidance')) feeds['guidance'] = filled(guidance, batch);
    return feeds;
  },

  read(session, results, { latents }) {
    const output = findIo(session.outputs, ['out_hidden_states', 'sample'], () => true, 'transformer output');
    const prediction = results[output.name];
    if (prediction === undefined) throw new Error(`no output ${output.name}`);
    const { channels, height, width } = latents;
    const size = channels * height * width;
    const rows = Array.from({ length: prediction.data.length / size }, (_, row) =>
      unpackLatents(prediction.data.subarray(row * size, (row + 1) * size), channels, height, width),
    );
    return concatFloats(rows);
  },
};

const textLength = ({ prompts }: DenoiserCall): number => prompts[0]?.hidden.length ?? 0;

const filled = (value: number, batch: number): Feed => ({
  data: new Float32Array(batch).fill(value),
  dims: [batch],
});

/** Ids as [n, 3]; older exports want a batch axis in front. */
function ids(session: Session, name: string, data: Float32Array, length: number): Record<string, Feed> {
  const spec = findIo(session.inputs, [name], () => false, `${name} input`);
  return { [spec.name]: { data, dims: spec.shape.length === 3 ? [1, length, 3] : [length, 3] } };
}

/** Positions of the packed tokens, [rows·columns, 3]: 0, row, column. */
function imageIds(rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: 3 * rows * columns }, (_, i) => {
    const token = Math.floor(i / 3);
    return [0, Math.floor(token / columns), token % columns][i % 3] ?? 0;
  });
}

function textFeed(spec: IoSpec, call: DenoiserCall): Feed {
  const [first] = call.prompts;
  if (first === undefined) throw new Error('no embedding');
  const { length, width } = first.hidden;
  const wantedLength = fixedDim(spec, 1);
  const wantedWidth = fixedDim(spec, 2);
  if ((wantedLength ?? length) !== length || (wantedWidth ?? width) !== width) {
    throw new AppError(
      'model',
      `The text encoder makes ${length} states of width ${width} but the transformer wants ${wantedLength ?? length} of ${wantedWidth ?? width}; the parts of this model do not belong together.`,
    );
  }
  return {
    data: concatFloats(call.prompts.map(({ hidden }) => hidden.data)),
    dims: [call.prompts.length, length, width],
  };
}

function pooledFeed({ prompts }: DenoiserCall): Feed {
  const rows = prompts.map(({ pooled }) => {
    if (pooled === null) throw new Error('no pooled embedding');
    return pooled;
  });
  return { data: concatFloats(rows), dims: [rows.length, rows[0]?.length ?? 0] };
}
