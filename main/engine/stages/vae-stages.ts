/** Encode and decode as stages of a job: tiled when asked or when memory demands it, guarded, and reported. */
import { availableMemoryBytes } from '../../hardware/memory';
import { mustTile } from '../../placement/memory-model';
import { AppError } from '../../../shared/errors';
import type { GenerationSettings } from '../../../shared/generation';
import { cancelledError, type JobContext } from '../context';
import { latentScale } from '../families/detect';
import { VAE_FACTOR } from '../families/family-traits';
import type { LatentScale } from '../latents/latent-scale';
import { isTinyAutoencoder } from '../graphs/autoencoder-tiny';
import type { LoadedModel } from '../model/loaded-model';
import type { Component } from '../model/component';
import { runGuarded } from '../model/model-runtime';
import type { Session } from '../onnx/session';
import type { StageLog, StagePlace } from '../stage-log';
import { decodeLatents, type Latents } from './decode';
import { encodeToLatents, type Encoded } from './encode';
import { checkDecoded, checkEncoded } from './guards';
import { toBytes, type TensorPicture, type WorkingPicture } from './pixels';
import { TILE_PX } from './tiled';

export interface VaeJob {
  readonly model: LoadedModel;
  /** Working size in pixels, and whether the input is honestly one flat colour. */
  readonly working: { readonly width: number; readonly height: number; readonly isFlat: boolean };
  readonly settings: Pick<GenerationSettings, 'tiling'>;
  readonly log: StageLog;
  readonly context: Pick<JobContext, 'signal' | 'onProgress'>;
}

/** The picture's latent distribution. */
export async function encodeStage(
  job: VaeJob & { readonly working: WorkingPicture | TensorPicture },
): Promise<Encoded> {
  const { model, working } = job;
  return runVaePass(job, 'encode', 0, {
    run: (session, isTiled, onTile) =>
      encodeToLatents(session, working, {
        latentChannels: model.traits.latentChannels,
        isTiny: isTinyAutoencoder(model.folder.configs.vae_encoder),
        factor: VAE_FACTOR,
        isTiled,
        onTile,
      }),
    check: (encoded) => checkEncoded(encoded.data, working.isFlat),
  });
}

/** Pixels [h, w, 3] at working size. */
export async function decodeStage(job: VaeJob, image: number, latents: Latents): Promise<Uint8Array> {
  const pixels = await decodeFloats(job, image, latents, latentScale(job.model.folder, job.model.traits));
  return toBytes(pixels, job.working.width, job.working.height);
}

/** The decoder's own numbers, [1, 3, h, w] float32, nominally in [-1, 1]; `scale` tells what the latents were scaled by. */
export async function decodeFloats(
  job: VaeJob,
  image: number,
  latents: Latents,
  scale: LatentScale,
): Promise<Float32Array> {
  const { working } = job;
  return runVaePass(job, 'decode', image, {
    run: (session, isTiled, onTile) =>
      decodeLatents(session, latents, {
        scale,
        factor: VAE_FACTOR,
        isTiled,
        onTile,
      }),
    check: (decoded) => checkDecoded(decoded, working.isFlat),
  });
}

interface VaePass<T> {
  readonly run: (
    session: Session,
    isTiled: boolean,
    onTile: (tile: number, of: number) => void,
  ) => Promise<T>;
  readonly check: (result: T) => string | null;
}

async function runVaePass<T>(
  job: VaeJob,
  stage: 'encode' | 'decode',
  image: number,
  pass: VaePass<T>,
): Promise<T> {
  const { model, working, log, context } = job;
  const component: Component = stage === 'encode' ? 'vae_encoder' : 'vae_decoder';
  const tiling = planTiling(job, stage);
  let isTiled = tiling.isTiled;
  const onTile = (tile: number, of: number): void => {
    context.onProgress({ kind: 'tile', stage, image, tile, of });
    if (context.signal.aborted) throw cancelledError();
  };
  const place = (provider: StagePlace['provider']): StagePlace => ({
    provider,
    isTiled,
    reason: model.placeReason(provider) + tiling.reason,
  });

  return log.run(stage, image, place(model.runtime.expectedProvider(component)), async () => {
    const { result, session } = await runGuarded(
      model.runtime,
      component,
      async (opened) => {
        try {
          return await pass.run(opened, isTiled, onTile);
        } catch (error) {
          const canTile =
            !isTiled && job.settings.tiling !== 'off' && Math.max(working.width, working.height) > TILE_PX;
          if (!canTile || !(error instanceof AppError) || error.code !== 'out-of-memory') throw error;
          // A session that ran out of memory stays slow: it is opened anew (product.md, "What goes wrong in other tools").
          log.notice(`The ${stage} stage ran out of memory and goes on in tiles of ${TILE_PX} px.`);
          isTiled = true;
          await model.runtime.release(component);
          return pass.run(await model.runtime.acquire(component), isTiled, onTile);
        }
      },
      pass.check,
    );
    return { value: result, place: place(session.provider) };
  });
}

/** Tiles on request, or when the free memory demands it; a picture no larger than one tile is never cut. */
function planTiling(job: VaeJob, stage: 'encode' | 'decode'): { isTiled: boolean; reason: string } {
  const { working, settings, model } = job;
  if (settings.tiling === 'off' || Math.max(working.width, working.height) <= TILE_PX)
    return { isTiled: false, reason: '' };
  if (settings.tiling === 'on') return { isTiled: true, reason: `; in tiles of ${TILE_PX} px, as asked` };
  const blocks = model.folder.configs.vae_decoder['block_out_channels'];
  const width = Array.isArray(blocks) && typeof blocks[0] === 'number' ? blocks[0] : 128;
  return mustTile(stage, working.width, working.height, width, availableMemoryBytes())
    ? {
        isTiled: true,
        reason: `; in tiles of ${TILE_PX} px, because the whole picture would not fit into the free memory`,
      }
    : { isTiled: false, reason: '' };
}
