/** Steps 5 and 6 of the main job: from the encoder's output to the finished latents of one picture, here or on an endpoint. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Provider } from '../../shared/placement';
import { throwIfCancelled } from './context';
import { Denoising } from './denoising';
import { isInpainting, latentScale } from './families/detect';
import { VAE_FACTOR } from './families/family-traits';
import type { Job } from './job';
import { scaleLatents } from './latents/latent-scale';
import { poolMask } from './latents/mask';
import { measurePeak } from './memory-peak';
import { placeHere } from './plan/place-here';
import { fitToPicture, PreviewWriter } from './previews';
import type { Remote, RemoteCall } from './remote/client';
import { remoteGenerate } from './remote/generate';
import type { StagePlace } from './stage-log';
import type { Latents } from './stages/decode';
import type { Conditioning } from './stages/generate';
import { placed } from './stages/placed';
import { hasPosterior, latentMean, sampleLatents, type Encoded } from './stages/encode';
import { encodeStage } from './stages/vae-stages';
import { maskedPicture } from './stages/pixels';

/** Latents to decode, and after which step they were taken when the person stopped early; null for finished ones. */
export interface MadeLatents {
  readonly latents: Latents;
  readonly stoppedAfter: number | null;
}

/** Steps 5 and 6: the random draws in diffusers' order (pipelines.md 1.5), then the loop of pipelines.md 1.7. */
export async function generatePicture(
  job: Job,
  image: number,
  seed: number,
  conditioning: () => Promise<Conditioning>,
  encoded: Encoded,
): Promise<MadeLatents> {
  const { context, journal, log, model, settings } = job;
  const shape = { channels: encoded.channels, height: encoded.height, width: encoded.width };
  const denoising = new Denoising({ model, settings, shape, seed, exact: context.exact });

  // 5 · Noise at strength: the encoder's posterior is drawn first, where it has one, then the noise. With a mask, and with an inpainting model,
  // strength 1 begins with noise alone; without a mask an inpainting model is told that everything is to be painted anew.
  const scale = latentScale(model.folder, model.traits);
  const sampled = (from: Encoded): Float32Array =>
    sampleLatents(from, hasPosterior(from) ? denoising.drawPosterior() : new Float32Array(), scale);
  const inpaints = isInpainting(model.folder);
  const beginsWithNoise = settings.strength === 1 && (inpaints || job.mask !== null);
  const clean = inpaints && beginsWithNoise ? scaleLatents(latentMean(encoded), scale) : sampled(encoded);
  context.inspect?.('encoded_latent', clean);
  const noise = beginsWithNoise ? denoising.startFromNoise() : denoising.start(clean);
  context.inspect?.('noise', noise);
  if (inpaints || job.mask !== null) {
    const mask = latentMask(job, shape);
    if (inpaints) {
      denoising.showMask(mask, sampled(await encodeMasked(job)));
    } else {
      // diffusers encodes what the mask leaves also where nobody sees it; only its draw matters.
      if (hasPosterior(encoded)) denoising.drawPosterior();
      denoising.keepOutside({ mask, clean, noise });
    }
  }
  context.inspect?.('latents_start', denoising.latents);

  // An interrupted job goes on after the last step that was journalled.
  const checkpoint = await journal.readStep();
  if (checkpoint !== null && checkpoint.image === image) denoising.resume(checkpoint);

  // 6 · Steps: predict, guide, step, preview.
  const previews = new PreviewWriter(
    job.params.jobFolder,
    image,
    fitToPicture(clean, shape, job.working),
    VAE_FACTOR,
    context.onProgress,
  );
  const { of } = denoising;
  const planned = job.plans.here('generate');
  const placeOn = (provider: Provider): StagePlace => {
    const place = placeHere(planned, provider, null);
    return { ...place, reason: `${place.reason}; ${of} of ${settings.steps} steps` };
  };
  const afterStep = async (ms: number): Promise<void> => {
    await journal.writeStep({ image, ...denoising.exportState() });
    const { stepsDone } = denoising;
    const stepsLeft = of - stepsDone + (settings.count - image - 1) * of;
    log.step(image, stepsDone, of, ms, stepsLeft, settings.count - image);
  };
  /** What the picture would be, as the last step saw it, for a person who stops here. */
  const early: { latents: Float32Array | null } = { latents: null };
  const runHere = (): Promise<null> => {
    const { denoiser } = model.folder;
    let provider = model.runtime.expectedProvider(denoiser) ?? 'cpu';
    return log.run('generate', image, placeOn(provider), async () => {
      const isCold = !model.runtime.isOpen(denoiser);
      const startedWith = denoising.stepsDone;
      let computedMs = 0;
      const endPeak = measurePeak();
      while (denoising.stepsDone < of) {
        throwIfCancelled(context);
        const prompts = await conditioning();
        const startedAt = performance.now();
        const { predicted, session } = await denoising.step(prompts);
        if (session.provider !== provider) {
          provider = session.provider;
          log.moved('generate', image, placeOn(provider));
        }
        computedMs += performance.now() - startedAt;
        context.inspect?.(`latents_step_${denoising.stepsDone - 1}`, denoising.latents);
        if (job.params.previews) await previews.offer(predicted, shape);
        await afterStep(performance.now() - startedAt);
        // Lets messages in (cancel), since a run blocks this thread.
        await nextTurn();
        if (context.finish?.aborted === true && denoising.stepsDone < of) {
          early.latents = predicted;
          break;
        }
      }
      const peak = endPeak();
      const memoryBytes = provider === 'cpu' && isCold ? peak : null;
      const steps = denoising.stepsDone - startedWith;
      if (steps > 0) {
        await job.plans.hasRun('generate', { provider, tilePx: null, steps, ms: computedMs, memoryBytes });
      }
      return { value: null, place: { ...placeOn(provider), memoryBytes } };
    });
  };
  const runThere = (call: RemoteCall): Promise<Remote<null>> =>
    remoteGenerate(call, {
      clean: { data: clean, ...shape },
      seed,
      settings: { ...settings, prompt: job.prompt },
      loras: job.loras.length,
      hasMask: job.mask !== null || isInpainting(model.folder),
      model: model.folder.revision,
      state: denoising.exportState(),
      of,
      onStep: async (state, ms) => {
        denoising.resume(state);
        context.inspect?.(`latents_step_${state.stepsDone - 1}`, state.latents);
        if (job.params.previews) await previews.offer(state.latents, shape);
        await afterStep(ms);
      },
    });
  await (denoising.stepsDone < of ? placed(job, 'generate', image, runThere, runHere) : runHere());
  const stoppedAfter = early.latents === null ? null : denoising.stepsDone;
  return { latents: { data: early.latents ?? denoising.latents, ...shape }, stoppedAfter };
}

/** Which cells of the latents are painted anew: [h, w] of 0 and 1. */
function latentMask(
  { mask, working, context }: Job,
  { height, width }: { height: number; width: number },
): Uint8Array {
  if (mask === null) return new Uint8Array(height * width).fill(1);
  return poolMask(mask.working, working, VAE_FACTOR, context.exact?.mask ?? false);
}

/** The encoder's distribution of what the mask leaves of the picture; of middle grey when there is no mask. Made here, also where an endpoint encodes the picture. */
async function encodeMasked(job: Job): Promise<Encoded> {
  const { model, working, settings, mask } = job;
  const left =
    mask === null ? 'grey' : createHash('sha256').update(working.rgb).update(mask.working).digest('hex');
  const key = `masked ${left} ${working.width}x${working.height} ${settings.tiling}`;
  const encoded =
    model.encoded.get(key) ??
    (await encodeStage({ ...job, working: maskedPicture(working, mask?.working ?? null) }));
  model.encoded.set(key, encoded);
  return encoded;
}
