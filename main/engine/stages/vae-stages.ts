/** Encode and decode as stages of a job: where the plan puts them, guarded, and reported. */
import { smallerTile } from '../../placement/planner';
import { AppError } from '../../../shared/errors';
import type { GenerationSettings } from '../../../shared/generation';
import { throwIfCancelled, type JobContext } from '../context';
import { latentScale } from '../families/detect';
import { VAE_FACTOR } from '../families/family-traits';
import type { LatentScale } from '../latents/latent-scale';
import { isTinyAutoencoder } from '../graphs/autoencoder-tiny';
import type { LoadedModel } from '../model/loaded-model';
import type { Component } from '../model/component';
import { measurePeak } from '../memory-peak';
import { runGuarded } from '../model/model-runtime';
import type { Session } from '../onnx/session';
import { JobPlan } from '../plan/job-plan';
import { placeHere } from '../plan/place-here';
import type { StageLog, StagePlace } from '../stage-log';
import { decodeLatents, type Latents } from './decode';
import { encodeToLatents, type Encoded } from './encode';
import { checkDecoded, checkEncoded } from './guards';
import { toBytes, type TensorPicture, type WorkingPicture } from './pixels';

export interface VaeJob {
  readonly model: LoadedModel;
  /** Working size in pixels, and whether the input is honestly one flat colour. */
  readonly working: { readonly width: number; readonly height: number; readonly isFlat: boolean };
  readonly settings: Pick<GenerationSettings, 'tiling'>;
  readonly log: StageLog;
  readonly context: Pick<JobContext, 'signal' | 'onProgress' | 'machine'>;
  /** Left out: the stage is planned by itself. */
  readonly plans?: JobPlan;
}

/** The picture's latent distribution. */
export async function encodeStage(
  job: VaeJob & { readonly working: WorkingPicture | TensorPicture },
): Promise<Encoded> {
  const { model, working } = job;
  return runVaePass(job, 'encode', 0, {
    run: (session, tilePx, onTile) =>
      encodeToLatents(session, working, {
        latentChannels: model.traits.latentChannels,
        isTiny: isTinyAutoencoder(model.folder.configs.vae_encoder),
        factor: VAE_FACTOR,
        tilePx,
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
    run: (session, tilePx, onTile) =>
      decodeLatents(session, latents, {
        scale,
        factor: VAE_FACTOR,
        tilePx,
        onTile,
      }),
    check: (decoded) => checkDecoded(decoded, working.isFlat),
  });
}

interface VaePass<T> {
  readonly run: (
    session: Session,
    tilePx: number | null,
    onTile: (tile: number, of: number) => void,
  ) => Promise<T>;
  readonly check: (result: T) => string | null;
}

/** One pass where the plan puts it, and down the ladder when memory runs out: smaller tiles, then the next provider, at last the CPU. */
async function runVaePass<T>(
  job: VaeJob,
  stage: 'encode' | 'decode',
  image: number,
  pass: VaePass<T>,
): Promise<T> {
  const { model, log, context } = job;
  const { runtime } = model;
  const component: Component = stage === 'encode' ? 'vae_encoder' : 'vae_decoder';
  const plan = job.plans ?? (await planAlone(job));
  const planned = plan.here(stage);
  const onTile = (tile: number, of: number): void => {
    context.onProgress({ kind: 'tile', stage, image, tile, of });
    throwIfCancelled(context);
  };
  const size = { widthPx: job.working.width, heightPx: job.working.height, tiling: job.settings.tiling };
  let provider = runtime.expectedProvider(component) ?? 'cpu';
  let tilePx = provider === planned.provider ? planned.tilePx : plan.tileOn(stage, provider);
  const place = (): StagePlace => placeHere(planned, provider, tilePx);

  return log.run(stage, image, place(), async () => {
    const isCold = !runtime.isOpen(component);
    const startedAt = performance.now();
    const endPeak = measurePeak();
    const { result } = await runGuarded(
      runtime,
      component,
      async (opened) => {
        let session = opened;
        for (;;) {
          if (session.provider !== provider) {
            provider = session.provider;
            tilePx = plan.tileOn(stage, provider);
            log.moved(stage, image, place());
          }
          try {
            return await pass.run(session, tilePx, onTile);
          } catch (error) {
            if (!(error instanceof AppError) || error.code !== 'out-of-memory') throw error;
            await plan.ranOut(stage, provider, tilePx);
            const smaller = smallerTile(size, tilePx);
            if (smaller === null) throw error;
            tilePx = smaller;
            log.notice(`The ${stage} stage ran out of memory and goes on in tiles of ${tilePx} px.`);
            log.moved(stage, image, place());
            // A session that ran out of memory stays slow: it is opened anew (product.md, "What goes wrong in other tools").
            await runtime.release(component);
            session = await runtime.acquire(component);
          }
        }
      },
      pass.check,
    );
    const ms = performance.now() - startedAt;
    const peak = endPeak();
    const memoryBytes = provider === 'cpu' && isCold ? peak : null;
    await plan.hasRun(stage, { provider, tilePx, steps: 1, ms, memoryBytes });
    return { value: result, place: { ...place(), memoryBytes } };
  });
}

/** A stage without a job around it: the command line's `encode` and `decode`, and `serve`. */
function planAlone({ model, working, settings, context, log }: VaeJob): Promise<JobPlan> {
  return JobPlan.make(
    model,
    {
      widthPx: working.width,
      heightPx: working.height,
      stepsRun: 1,
      isGuided: false,
      settings: { tiling: settings.tiling },
    },
    { machine: context.machine, onNotice: (message) => log.notice(message) },
  );
}
