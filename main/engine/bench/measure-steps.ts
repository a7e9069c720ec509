/** How fast a model's denoiser is on this machine, and how much memory it takes: what `underpaint bench steps` prints. */
import type { Provider } from '../../../shared/placement';
import { isInpainting } from '../families/detect';
import { VAE_FACTOR } from '../families/family-traits';
import { TorchGenerator } from '../latents/noise';
import { largestRssBytes, measurePeak } from '../memory-peak';
import type { LoadedModel } from '../model/loaded-model';
import { isGuided, predict } from '../stages/generate';
import { throwIfStopped } from './cancelled';

export interface StepsRequest {
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidance: number;
  /** Looked at before every step. */
  readonly signal: AbortSignal;
}

export interface StepsMeasured {
  readonly provider: Provider;
  /** From the start of the process, in milliseconds: text embedded, denoiser open, first step done. */
  readonly embeddedAtMs: number;
  readonly openAtMs: number;
  readonly firstStepAtMs: number;
  /** Opening the denoiser alone: building or finding its graph, and making the session. */
  readonly openMs: number;
  readonly stepMs: readonly number[];
  /** Resident bytes: the peak until the denoiser was open, then the peak of the steps alone (of everything, where the system cannot tell). */
  readonly openPeakBytes: number;
  readonly stepPeakBytes: number;
}

const PROMPT = 'a red house by a lake';

/** Embeds a prompt and runs steps on noise; nothing is written. Every step is the same work, so that they can be compared. */
export async function measureSteps(model: LoadedModel, request: StepsRequest): Promise<StepsMeasured> {
  const { width, height, steps, guidance, signal } = request;
  const { positive, negative } = await model.traits.embed(model, {
    prompt: PROMPT,
    negativePrompt: '',
    width,
    height,
    isExact: true,
  });
  await model.runtime.releaseAll();
  const embeddedAtMs = performance.now();

  const session = await model.runtime.acquire(model.folder.denoiser);
  const openAtMs = performance.now();
  const openPeakBytes = largestRssBytes();
  const heldBytes = process.memoryUsage.rss();
  const endPeak = measurePeak();

  const shape = {
    // An inpainting UNet also sees a mask and the latents of what it leaves; noise is as much work.
    channels: isInpainting(model.folder) ? 2 * model.traits.latentChannels + 1 : model.traits.latentChannels,
    height: height / VAE_FACTOR,
    width: width / VAE_FACTOR,
  };
  const latents = {
    data: new TorchGenerator(0).randn(shape.channels * shape.height * shape.width),
    ...shape,
  };
  const conditioning = { positive, negative: isGuided(guidance) ? negative : null, guidance };
  const stepMs: number[] = [];
  let firstStepAtMs = 0;
  for (let step = 0; step < steps; step += 1) {
    throwIfStopped(signal);
    const startedAt = performance.now();
    await predict(session, model.traits.denoiser, latents, TIMESTEP, conditioning);
    stepMs.push(performance.now() - startedAt);
    if (step === 0) firstStepAtMs = performance.now();
  }
  const grownBytes = endPeak();
  return {
    provider: session.provider,
    embeddedAtMs,
    openAtMs,
    firstStepAtMs,
    openMs: openAtMs - embeddedAtMs,
    stepMs,
    openPeakBytes,
    stepPeakBytes: grownBytes === null ? largestRssBytes() : heldBytes + grownBytes,
  };
}

/** In the middle of the schedule. */
const TIMESTEP = 501;
