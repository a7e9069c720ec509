/** Generate on an endpoint (docs/hybrid-protocol.md): latents go out, every step comes back, so that no step is ever repeated. */
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import type { DenoisingState } from '../denoising';
import { decodeStep, encodeStep } from '../journal/step-file';
import type { ResolvedSettings } from '../resolve-settings';
import type { Latents } from '../stages/decode';
import { findNonFinite } from '../stages/guards';
import { VAE_FACTOR } from '../families/family-traits';
import { assertSize, commonOf, megapixels, unusableAnswer, type Remote, type RemoteCall } from './client';
import { EventReader, type ServerSentEvent } from './server-sent-events';
import { EndpointError } from './network';
import { normalAddress } from '../../../shared/network';
import { tensorToBytes } from './tensor-bytes';
import { UnusableReply } from './wire-reply';
import { assertSendable, pythonQuery, type WireRequest } from './wire-request';
import { parseJson } from '../parse-json';

export interface GenerateWork {
  /** Clean scaled latents [1, C, h, w], before noise. */
  readonly clean: Latents;
  readonly seed: number;
  readonly settings: Pick<
    ResolvedSettings,
    'prompt' | 'negativePrompt' | 'steps' | 'strength' | 'guidance' | 'scheduler'
  >;
  /** How many LoRAs the job wants: no endpoint has them. */
  readonly loras: number;
  /** Whether the job keeps a part of the picture, or its model sees a mask: no endpoint knows masks. */
  readonly hasMask: boolean;
  /** The model's revision: the endpoint must have the same. */
  readonly model: string;
  /** What is done already; `stepsDone` 0: nothing. */
  readonly state: DenoisingState;
  /** Steps that have to run altogether. */
  readonly of: number;
  /** Each step as it comes; waited for before the next one counts. */
  readonly onStep: (state: DenoisingState, ms: number) => Promise<void>;
}

const stepSchema = z.object({
  step: z.number().int(),
  of: z.number().int(),
  ms: z.number().nonnegative(),
  checkpoint: z.base64(),
});
const errorSchema = z.object({ error: z.string() });

/** Runs the steps that are left. Throws `EndpointError`; what `onStep` has seen is done all the same. */
export async function remoteGenerate(call: RemoteCall, work: GenerateWork): Promise<Remote<null>> {
  const size = { width: work.clean.width * VAE_FACTOR, height: work.clean.height * VAE_FACTOR };
  assertSize(call.endpoint, size);
  if (work.loras > 0) {
    throw new EndpointError(
      'LoRAs are applied only on this machine, so nothing was sent to an endpoint; leave them out.',
      0,
    );
  }
  if (work.hasMask) {
    throw new EndpointError(
      'Masks and inpainting models work only on this machine, so nothing was sent to an endpoint; leave the mask out, or let this machine generate.',
      0,
    );
  }
  const progress = new Progress(work);
  const reader = new EventReader((event) => progress.take(event));
  const { endpoint } = call;
  let bytesSent = 0;
  try {
    const answer = await call.network.send({
      ...commonOf(call, 'generate'),
      path: new URL(endpoint.url).pathname.endsWith('/generate') ? undefined : '/generate',
      request: generateRequest(work),
      work: { megapixels: megapixels(size), steps: work.of - work.state.stepsDone },
      maxReplyBytes: Infinity,
      totalMs: (limits) => limits.generateMs,
      // A second request could repeat steps; what is left goes on with the next endpoint or here.
      repeats: 'refusals',
      onData: (chunk) => reader.push(chunk),
    });
    ({ bytesSent } = answer);
    await progress.settled();
    if (progress.failure !== null) throw new UnusableReply(progress.failure);
    if (progress.stepsDone < work.of)
      throw new UnusableReply(`only ${progress.stepsDone} of ${work.of} steps`);
    return { value: null, bytesSent };
  } catch (error) {
    await progress.settled();
    if (!(error instanceof UnusableReply)) throw error;
    throw progress.failure === null
      ? unusableAnswer(endpoint, error.message, bytesSent)
      : new EndpointError(
          `The endpoint ${normalAddress(endpoint.url)} stopped after ${progress.stepsDone} of ${work.of} steps ("${progress.failure}"); see what it logged.`,
          bytesSent,
        );
  }
}

function generateRequest(work: GenerateWork): WireRequest {
  const { settings, state, clean } = work;
  const isFresh = state.stepsDone === 0;
  if (isFresh) assertSendable(clean.data, [1, clean.channels, clean.height, clean.width]);
  const query = pythonQuery({
    prompt: settings.prompt,
    negative_prompt: settings.negativePrompt,
    seed: work.seed,
    steps: settings.steps,
    strength: settings.strength,
    guidance: settings.guidance,
    scheduler: settings.scheduler,
    model: work.model,
    shape: [1, clean.channels, clean.height, clean.width],
    dtype: 'float32',
    checkpoints: true,
  });
  return {
    query,
    headers: {
      'content-type': isFresh ? 'tensor/binary' : 'application/x-safetensors',
      accept: 'text/event-stream',
    },
    body: isFresh ? tensorToBytes(clean.data, 'float32') : encodeStep(state),
  };
}

/** Checks the steps as they come, in order, and hands each on once. */
class Progress {
  stepsDone: number;
  failure: string | null = null;
  private handed: Promise<void> = Promise.resolve();

  constructor(private readonly work: GenerateWork) {
    this.stepsDone = work.state.stepsDone;
  }

  /** Throws `UnusableReply`. */
  take({ event, data }: ServerSentEvent): void {
    if (event === 'error') {
      this.failure = (errorSchema.safeParse(parseJson(data)).data?.error ?? 'no reason given').slice(0, 200);
    }
    if (event !== 'step') return;
    const parsed = stepSchema.safeParse(parseJson(data));
    const found = parsed.success ? readState(parsed.data.checkpoint) : null;
    if (!parsed.success || found === null) throw new UnusableReply('a step that is not readable');
    const { state } = found;
    const { clean, of } = this.work;
    if (
      state.stepsDone !== this.stepsDone + 1 ||
      parsed.data.of !== of ||
      parsed.data.step !== state.stepsDone
    ) {
      throw new UnusableReply(
        `step ${state.stepsDone} of ${parsed.data.of} where step ${this.stepsDone + 1} of ${of} was due`,
      );
    }
    if (state.latents.length !== clean.data.length) throw new UnusableReply('latents of another size');
    const fault = findNonFinite(state.latents);
    if (fault !== null) throw new UnusableReply(fault);
    this.stepsDone = state.stepsDone;
    this.handed = this.handed.then(() => this.work.onStep(state, parsed.data.ms));
  }

  /** Resolves when every step has been handed on. */
  settled(): Promise<void> {
    return this.handed;
  }
}

function readState(base64: string): ReturnType<typeof decodeStep> {
  try {
    return decodeStep(Buffer.from(base64, 'base64'));
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
