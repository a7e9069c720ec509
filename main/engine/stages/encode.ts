/** Stage 1, local: picture → the VAE's latent distribution → scaled latents (pipelines.md 1.3). */
import { AppError } from '../../../shared/errors';
import { scaleLatents, type LatentScale } from '../latents/latent-scale';
import { findIo } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import { assertSizeAccepted } from './fixed-size';
import { toTensorPixels, type TensorPicture, type WorkingPicture } from './pixels';
import { runTiled } from './tiled';

/**
 * What a VAE encoder says about a picture. `moments`: [1, 2C, h, w], mean then log variance.
 * `sample`: [1, C, h, w], already drawn inside the graph (old exports), so nothing is left to draw.
 * `latents`: [1, C, h, w] of a tiny autoencoder, which knows no distribution.
 */
export const ENCODED_KINDS = ['moments', 'sample', 'latents'] as const;

export interface Encoded {
  readonly kind: (typeof ENCODED_KINDS)[number];
  readonly data: Float32Array;
  /** Latent channels C. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface EncodeOptions {
  readonly latentChannels: number;
  /** The encoder is one of AutoencoderTiny, which has no distribution. */
  readonly isTiny: boolean;
  readonly factor: number;
  /** Side of one tile in pixels; null: the whole picture at once. */
  readonly tilePx: number | null;
  readonly onTile: (done: number, of: number) => void;
}

/** Encodes a picture whose sides are multiples of the VAE factor. */
export async function encodeToLatents(
  session: Session,
  picture: WorkingPicture | TensorPicture,
  options: EncodeOptions,
): Promise<Encoded> {
  const input = findIo(
    session.inputs,
    ['sample', 'image', 'images'],
    (spec) => spec.shape.length === 4,
    'VAE encoder input',
  );
  const output = findIo(
    session.outputs,
    ['latent_parameters', 'latent_sample', 'latents'],
    () => true,
    'VAE encoder output',
  );
  const pixels = 'pixels' in picture ? picture.pixels : toTensorPixels(picture);

  const run = async (tile: Float32Array, width: number, height: number): Promise<Float32Array> => {
    assertSizeAccepted(input, width, height, 1);
    const results = await session.run({ [input.name]: { data: tile, dims: [1, 3, height, width] } });
    const latent = results[output.name];
    if (latent === undefined) throw new Error(`no output ${output.name}`);
    return latent.data;
  };

  const { tilePx } = options;
  const data =
    tilePx === null
      ? await run(pixels, picture.width, picture.height)
      : await runTiled(
          pixels,
          {
            channels: 3,
            width: picture.width,
            height: picture.height,
            tile: tilePx,
            scale: 1 / options.factor,
          },
          run,
          options.onTile,
        );

  const outChannels = (data.length * options.factor ** 2) / (picture.width * picture.height);
  const kind = options.isTiny ? 'latents' : outChannels === 2 * options.latentChannels ? 'moments' : 'sample';
  if (kind !== 'moments' && outChannels !== options.latentChannels) {
    throw new AppError(
      'model',
      `The model's VAE encoder makes ${outChannels} channels where ${options.latentChannels} or ${2 * options.latentChannels} are expected; use the VAE that belongs to this model.`,
    );
  }
  return {
    kind,
    data,
    channels: options.latentChannels,
    height: picture.height / options.factor,
    width: picture.width / options.factor,
  };
}

/** The mean of the distribution (or the graph's own sample, or a tiny autoencoder's latents): [1, C, h, w], unscaled. */
export function latentMean(encoded: Encoded): Float32Array {
  return encoded.data.slice(0, encoded.channels * encoded.height * encoded.width);
}

/** Whether diffusers draws random numbers for the posterior, before all others (pipelines.md 1.5). */
export const hasPosterior = ({ kind }: Encoded): boolean => kind !== 'latents';

/**
 * `mean + exp(clamp(logvar, −30, 20) / 2) · noise` in the loop's scale, all float32.
 * @param noise [1, C, h, w] from the request's generator, where there is a posterior; unused when the graph has sampled already, but it must
 *   have been drawn all the same, since diffusers draws it first (pipelines.md 1.5).
 */
export function sampleLatents(encoded: Encoded, noise: Float32Array, scale: LatentScale): Float32Array {
  const mean = latentMean(encoded);
  if (encoded.kind !== 'moments') return scaleLatents(mean, scale);
  const sample = mean.map((value, i) => {
    const logvar = Math.min(20, Math.max(-30, encoded.data[mean.length + i] ?? 0));
    return value + Math.fround(Math.fround(Math.exp(0.5 * logvar)) * (noise[i] ?? 0));
  });
  return scaleLatents(sample, scale);
}
