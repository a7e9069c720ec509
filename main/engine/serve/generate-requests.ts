/** Generate as a server answers it (docs/hybrid-protocol.md): latents in, steps as they come, latents out. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../../shared/errors';
import { generationSettingsSchema, type GenerationSettings } from '../../../shared/generation';
import { Denoising } from '../denoising';
import { sizeMultiplePx } from '../families/detect';
import { VAE_FACTOR } from '../families/family-traits';
import { decodeStep, encodeStep } from '../journal/step-file';
import type { LoadedModel } from '../model/loaded-model';
import { JobPlan } from '../plan/job-plan';
import { MAX_SIDE_PX } from '../remote/wire-request';
import { drawSeed, resolveSettings } from '../resolve-settings';
import { isGuided } from '../stages/generate';
import { bad, RequestError } from './request-error';
import { tensorOf, tensorReply, type ServeReply, type ServeRequest } from './vae-requests';

/** What a client hears while it waits. */
export type GenerateEvents = (event: 'step', data: object) => void;

/** Runs the steps that are left; throws the signal's reason before the next step when the client has gone. */
export async function answerGenerate(
  model: LoadedModel,
  request: ServeRequest,
  tell: GenerateEvents | null,
): Promise<ServeReply> {
  const { query, body, contentType, signal } = request;
  const wanted = query.text('model');
  const { id, revision, name } = model.folder;
  if (wanted !== null && ![id, revision, name].includes(wanted)) {
    throw new RequestError(
      404,
      `This endpoint serves the model ${name} (revision ${revision}), not "${wanted.slice(0, 80)}".`,
    );
  }
  const settings = resolveSettings(settingsOf(request), model.defaults, model.traits.stepRule);
  if (settings.strength === 0) throw bad('Strength 0 leaves the latents as they are: no step would run.');
  const isCheckpoint = contentType.startsWith('application/x-safetensors');
  const shape = query.shape();
  const [batch, channels = 0, height = 0, width = 0] = shape ?? [];
  const multiple = sizeMultiplePx(model.folder) / VAE_FACTOR;
  if (
    shape?.length !== 4 ||
    batch !== 1 ||
    channels !== model.traits.latentChannels ||
    height % multiple ||
    width % multiple
  ) {
    throw bad(
      `The parameter "shape" must be [1, ${model.traits.latentChannels}, height / 8, width / 8] with sides that are multiples of ${multiple}, not [${shape?.join(', ') ?? ''}].`,
    );
  }
  if (Math.max(height, width) * VAE_FACTOR > MAX_SIDE_PX) {
    throw bad(`This endpoint takes at most ${MAX_SIDE_PX} pixels per side.`);
  }
  const denoising = new Denoising({
    model,
    settings,
    shape: { channels, height, width },
    seed: settings.seed ?? drawSeed(),
  });
  if (isCheckpoint) {
    const found = decodeStep(body);
    if (
      found === null ||
      found.state.latents.length !== channels * height * width ||
      found.state.stepsDone >= denoising.of
    ) {
      throw bad('The checkpoint does not belong to this request.');
    }
    denoising.resume(found.state);
  } else {
    const clean = Float32Array.from(tensorOf(query, body).data);
    denoising.drawPosterior();
    denoising.start(clean);
  }

  const plan = {
    widthPx: width * VAE_FACTOR,
    heightPx: height * VAE_FACTOR,
    stepsRun: denoising.of - denoising.stepsDone,
    isGuided: isGuided(settings.guidance),
    settings: { tiling: 'auto' as const },
  };
  await JobPlan.make(model, plan, { onNotice: () => undefined });
  const { positive, negative } = await model.traits.embed(model, {
    prompt: settings.prompt,
    negativePrompt: settings.negativePrompt,
    width: width * VAE_FACTOR,
    height: height * VAE_FACTOR,
    isExact: false,
  });
  const conditioning = {
    positive,
    negative: isGuided(settings.guidance) ? negative : null,
    guidance: settings.guidance,
  };
  while (denoising.stepsDone < denoising.of) {
    signal.throwIfAborted();
    const startedAt = performance.now();
    await denoising.step(conditioning);
    tell?.('step', {
      step: denoising.stepsDone,
      of: denoising.of,
      ms: performance.now() - startedAt,
      ...(query.flag('checkpoints')
        ? { checkpoint: encodeStep(denoising.exportState()).toString('base64') }
        : {}),
    });
    // Lets a disconnect in, since a step blocks this thread.
    await nextTurn();
  }
  return tensorReply(
    denoising.latents,
    [1, channels, height, width],
    query.dtype('output_dtype') ?? query.dtype() ?? 'float32',
  );
}

function settingsOf({ query }: ServeRequest): GenerationSettings {
  const parsed = generationSettingsSchema.safeParse({
    prompt: query.text('prompt') ?? '',
    negativePrompt: query.text('negative_prompt') ?? '',
    seed: query.number('seed'),
    steps: query.number('steps'),
    strength: query.number('strength'),
    guidance: query.number('guidance'),
    scheduler: query.text('scheduler'),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError(
    'usage',
    `The parameter "${issue?.path.join('.') ?? '?'}" is not usable: ${issue?.message ?? '?'}.`,
  );
}
