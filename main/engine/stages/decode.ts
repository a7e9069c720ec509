/** Stage 3, local: scaled latents → pixels (pipelines.md 1.7, step 7). */
import { unscaleLatents, type LatentScale } from '../latents/latent-scale';
import { findIo } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import { assertSizeAccepted } from './fixed-size';
import { runTiled } from './tiled';

export interface Latents {
  /** [1, C, h, w] float32 in the scale of the denoising loop. */
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface DecodeOptions {
  readonly scale: LatentScale;
  readonly factor: number;
  /** Side of one tile in pixels; null: the whole picture at once. */
  readonly tilePx: number | null;
  readonly onTile: (done: number, of: number) => void;
}

/** Decodes to [1, 3, h·factor, w·factor] float32, nominally in [-1, 1]. */
export async function decodeLatents(
  session: Session,
  latents: Latents,
  options: DecodeOptions,
): Promise<Float32Array> {
  const input = findIo(
    session.inputs,
    ['latent_sample', 'latents', 'latent'],
    (spec) => spec.shape.length === 4,
    'VAE decoder input',
  );
  const output = findIo(session.outputs, ['sample', 'image', 'images'], () => true, 'VAE decoder output');
  const unscaled = unscaleLatents(latents.data, options.scale);

  const run = async (tile: Float32Array, width: number, height: number): Promise<Float32Array> => {
    assertSizeAccepted(input, width, height, options.factor);
    const results = await session.run({
      [input.name]: { data: tile, dims: [1, latents.channels, height, width] },
    });
    const pixels = results[output.name];
    if (pixels === undefined) throw new Error(`no output ${output.name}`);
    return pixels.data;
  };

  const { tilePx } = options;
  if (tilePx === null) return run(unscaled, latents.width, latents.height);
  return runTiled(
    unscaled,
    {
      channels: latents.channels,
      width: latents.width,
      height: latents.height,
      tile: tilePx / options.factor,
      scale: options.factor,
    },
    run,
    options.onTile,
  );
}
