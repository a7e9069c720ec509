/** The main job: a picture and a prompt in, pictures out. Reads top to bottom; the steps are numbered as in ARCHITECTURE.md. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stepsThatRun } from '../../shared/generation';
import type { JobOutput, JobReport, UsedLora } from '../../shared/job';
import { throwIfCancelled, type JobContext } from './context';
import { fitLimits, latentScale } from './families/detect';
import { generatePicture } from './generate-picture';
import { applyFit, planFit, undoFit } from './image/fit';
import { boundsOf, composite, readMask } from './image/mask';
import { planMaskedArea } from './image/masked-area';
import { readPicture } from './image/read';
import type { Picture } from './image/picture';
import { assertWritableFolder, encodePicture, writeAtomically, type ResultImage } from './image/write';
import type { Job, JobMask } from './job';
import { makeJobMask } from './job-mask';
import { Journal, journalledFile, type JobFiles } from './journal/journal';
import { resolveLoras } from './lora/resolve-loras';
import type { Img2ImgParams } from './messages';
import { largestRssBytes } from './memory-peak';
import type { LoadedModel } from './model/loaded-model';
import { sessionRunMsSoFar } from './onnx/session';
import { JobPlan } from './plan/job-plan';
import { networkPolicyFor } from './plan/network-policy';
import { remoteDecode, remoteEncode } from './remote/client';
import { remotePlaces, rescuePlaces } from './remote/places';
import { drawSeed, resolveSettings, type ResolvedSettings } from './resolve-settings';
import { embeddedSettings, maskReport } from './result-settings';
import { StageLog } from './stage-log';
import type { Latents } from './stages/decode';
import type { EmbeddedPrompt } from './stages/embed';
import { isGuided, type Conditioning } from './stages/generate';
import { isFlat } from './stages/guards';
import { isOutOfMemory, placed, StagePlaces } from './stages/placed';
import { latentMean, type Encoded } from './stages/encode';
import { decodeStage, encodeStage } from './stages/vae-stages';
import type { WorkingPicture } from './stages/pixels';

/** Runs one request to its end and answers what was made. Throws `AppError`; the journal keeps what is worth keeping. */
export async function img2img(params: Img2ImgParams, context: JobContext): Promise<JobReport> {
  const startedAt = performance.now();
  const runMsBefore = sessionRunMsSoFar();
  const log = new StageLog(context.onProgress);

  // 1 · Check the request against the model.
  await assertWritableFolder(params.outputFolder);
  const { prompt, wanted } = await resolveLoras(params.settings);
  const model = await context.models.load(
    params.settings.model,
    params.settings.device,
    wanted,
    params.settings.precision,
    params.settings.vae,
  );
  let plans: JobPlan | null = null;
  model.runtime.listen(
    (message) => log.notice(message),
    async (component, provider) => {
      if (component === model.folder.denoiser) await plans?.ranOut('generate', provider, null);
    },
  );
  for (const notice of model.loras.notices) log.notice(notice);
  const loras = model.loras.files.map(({ name, revision }, i): UsedLora => ({
    name,
    strength: wanted[i]?.strength ?? 0,
    revision,
  }));
  const settings = resolveSettings(params.settings, model.defaults, model.traits.stepRule);

  // 2 · Read the picture upright in sRGB, and fit it to a size that the model accepts.
  const files = await filesOf(params);
  const picture = await readPicture(files.input, {
    keepsOwnColours: settings.strength === 0 || files.mask !== null,
  });
  const found = files.mask === null ? null : await readMask(files.mask, picture);
  if (files.mask !== null && found === null) {
    log.notice('The mask is white all over, so the whole picture is painted, as without a mask.');
  }
  const limits = fitLimits(model.folder, model.defaults);
  const plan =
    found !== null && settings.mask.area === 'masked'
      ? planMaskedArea(picture, boundsOf(found), settings, limits)
      : planFit(picture, settings.size, limits, settings.fit);
  const mask = found === null ? null : makeJobMask(found, plan, settings.mask.blurPx);
  const fitted = await applyFit(picture, plan);
  const working: WorkingPicture = { ...fitted, isFlat: isFlat(fitted.rgb) };
  plans = await JobPlan.make(
    model,
    {
      widthPx: plan.width,
      heightPx: plan.height,
      stepsRun: stepsThatRun(settings.steps, settings.strength, model.traits.stepRule),
      isGuided: isGuided(settings.guidance),
      settings,
      network: await networkPolicyFor(model.traits.family, context.remote),
    },
    { machine: context.machine, onNotice: (message) => log.notice(message) },
  );
  const places = new StagePlaces(
    await remotePlaces(settings, model.traits.family, context.remote, plans.stages),
    context.remote,
    rescuePlaces(settings, model.traits.family, context.remote),
  );
  const journal = await Journal.open(
    params.jobFolder,
    jobKey(settings, loras, model, picture, mask),
    files,
    () => settings.seed ?? drawSeed(),
  );
  const job: Job = {
    params,
    settings,
    prompt,
    loras,
    model,
    picture,
    plan,
    plans,
    working,
    mask,
    journal,
    log,
    context,
    places,
  };

  const outputs: JobOutput[] = [...journal.outputs];
  if (settings.strength === 0) {
    if (outputs.length === 0) outputs.push(await saveUnchanged(job));
  } else {
    // 3 · Embed the prompts; 4 · encode the picture. Both are shared by all pictures of the request.
    if (journal.isResumed) log.notice(resumeNotice(outputs.length, await journal.readStep()));
    if (outputs.length < settings.count) {
      throwIfCancelled(context);
      // An endpoint that generates reads the prompts itself.
      const conditioning = once(() => embed(job));
      if (places.next('generate') === null) {
        // The stage itself meets this again, and may leave for an endpoint.
        await conditioning().catch((error: unknown) => {
          if (!isOutOfMemory(error)) throw error;
        });
      }
      throwIfCancelled(context);
      const encoded = await encode(job);
      for (let image = outputs.length; image < settings.count; image += 1) {
        outputs.push(await makePicture(job, image, conditioning, encoded));
        if (context.finish?.aborted === true) break;
      }
    }
  }
  await journal.clear();

  return {
    outputs,
    model: { id: model.folder.id, family: model.traits.family, revision: model.folder.revision },
    prompt: settings.prompt,
    negativePrompt: settings.negativePrompt,
    loras: [...loras],
    strength: settings.strength,
    steps: settings.steps,
    stepsRun: stepsThatRun(settings.steps, settings.strength, model.traits.stepRule),
    guidance: settings.guidance,
    scheduler: settings.scheduler,
    workingWidth: plan.width,
    workingHeight: plan.height,
    mask: maskReport(job),
    input: {
      width: picture.width,
      height: picture.height,
      format: picture.info.format,
      orientation: picture.info.orientation,
      profile: picture.info.profile,
      hasAlpha: picture.info.hasAlpha,
    },
    stages: log.reports(),
    notices: log.notices,
    totalMs: performance.now() - startedAt,
    sessionRunMs: sessionRunMsSoFar() - runMsBefore,
    peakRssBytes: largestRssBytes(),
  };
}

/** Steps 5 to 8 for one picture: noise at strength, the denoising loop, decode, write. */
async function makePicture(
  job: Job,
  image: number,
  conditioning: () => Promise<Conditioning>,
  encoded: Encoded,
): Promise<JobOutput> {
  const seed = job.journal.seed + image;
  let rgb = await job.journal.readDecoded(image);
  let stoppedAfter: number | null = null;
  if (rgb === null) {
    const made = await generatePicture(job, image, seed, conditioning, encoded);
    const { latents } = made;
    stoppedAfter = made.stoppedAfter;
    if (stoppedAfter !== null) job.log.notice(`Stopped after step ${stoppedAfter}; what was there is kept.`);
    throwIfCancelled(job.context);

    // 7 · Decode.
    rgb = await decode(job, image, latents);
    // What was stopped early is made again from its last step after a crash, and goes on to its end then.
    if (stoppedAfter === null) await job.journal.writeDecoded(image, rgb);
  }

  // 8 · Back to the picture's own size, what the mask keeps as it was, and write with the settings inside.
  const result = await undoFit(
    { ...job.working, rgb: Buffer.from(rgb.buffer, rgb.byteOffset, rgb.length) },
    job.plan,
    job.picture,
  );
  const pixels =
    job.mask === null ? { rgb: result.rgb } : composite(result.rgb, job.picture, job.mask.weights);
  const output = await save(job, image, seed, pixels, stoppedAfter);
  await job.journal.addOutput(output);
  if (job.settings.count > 1) job.context.onProgress({ kind: 'picture', image, output });
  return output;
}

/** Step 7: on an endpoint or here. */
function decode(job: Job, image: number, latents: Latents): Promise<Uint8Array> {
  const scale = latentScale(job.model.folder, job.model.traits);
  return placed(
    job,
    'decode',
    image,
    (call) => remoteDecode(call, latents, { scale, isInputFlat: job.working.isFlat }),
    () => decodeStage(job, image, latents),
  );
}

async function embed(job: Job): Promise<Conditioning> {
  const { settings, model, context } = job;
  const { positive, negative } = await model.traits.embed(model, {
    prompt: job.prompt,
    negativePrompt: settings.negativePrompt,
    width: job.plan.width,
    height: job.plan.height,
    isExact: context.exact?.prompt ?? false,
  });
  inspectPrompt(context, 'prompt_embeds', positive);
  if (negative !== null) inspectPrompt(context, 'negative_prompt_embeds', negative);
  else if (settings.negativePrompt !== '') {
    job.log.notice('This model takes no negative prompt; it was left out.');
  }
  return { positive, negative: isGuided(settings.guidance) ? negative : null, guidance: settings.guidance };
}

function inspectPrompt({ inspect }: JobContext, name: string, { hidden, pooled }: EmbeddedPrompt): void {
  inspect?.(name, hidden.data);
  if (pooled !== null) inspect?.(`pooled_${name}`, pooled);
}

/** The encoder's distribution: from the journal, from memory, or made now. */
async function encode(job: Job): Promise<Encoded> {
  const { journal, model, working, settings } = job;
  const where = job.places.next('encode')?.url ?? 'here';
  const key = `${createHash('sha256').update(working.rgb).digest('hex')} ${working.width}x${working.height} ${settings.tiling} ${job.plans.here('encode').tilePx ?? 'whole'} ${where}`;
  const known = (await journal.readEncoded()) ?? model.encoded.get(key);
  if (known !== undefined) {
    const place = { provider: null, isTiled: false, reason: 'the latents of this picture were still there' };
    await job.log.run('encode', 0, place, async () => ({ value: null, place }));
    return known;
  }
  const encoded = await placed(
    job,
    'encode',
    0,
    (call) =>
      remoteEncode(call, working, {
        latentChannels: model.traits.latentChannels,
        scale: latentScale(model.folder, model.traits),
      }),
    () => encodeStage(job),
  );
  job.context.inspect?.('encoded_mean', latentMean(encoded));
  await journal.writeEncoded(encoded);
  model.encoded.set(key, encoded);
  return encoded;
}

async function save(
  job: Job,
  image: number,
  seed: number,
  pixels: Pick<ResultImage, 'rgb' | 'ownRgba'>,
  stoppedAfter: number | null = null,
): Promise<JobOutput> {
  const { params, picture, settings } = job;
  const name = settings.count === 1 ? params.outputName : `${params.outputName}-${image + 1}`;
  const path = join(params.outputFolder, `${name}.${settings.format}`);
  const bytes = await encodePicture(
    { width: picture.width, height: picture.height, alpha: picture.alpha, ...pixels },
    settings.format,
    embeddedSettings(job, seed, stoppedAfter),
  );
  await writeAtomically(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const output = { path, seed, width: picture.width, height: picture.height, sha256 };
  return stoppedAfter === null ? output : { ...output, stoppedAfter };
}

/** Strength 0: the input's own pixels, upright and in sRGB, with the colours under its transparency. */
async function saveUnchanged(job: Job): Promise<JobOutput> {
  job.log.notice('Strength 0 leaves the picture as it is: no step ran.');
  return save(job, 0, job.journal.seed, { rgb: job.picture.rgb, ownRgba: job.picture.ownRgba });
}

/** Everything that decides the pixels, wherever the stages run: the same key may go on from the same journal. */
function jobKey(
  settings: ResolvedSettings,
  loras: readonly UsedLora[],
  model: LoadedModel,
  picture: Picture,
  mask: JobMask | null,
): string {
  const { encode: _, generate: __, decode: ___, promptTemplate: ____, ...rest } = settings;
  const decisive = {
    ...rest,
    loras,
    model: model.folder.revision,
    mask: mask === null ? null : { ...settings.mask, sha256: mask.sha256 },
  };
  return createHash('sha256')
    .update(JSON.stringify(decisive))
    .update(picture.rgb)
    .update(picture.alpha ?? '')
    .digest('hex');
}

/** The journal's copies stand in for files that were moved away; a file that was changed since makes another job. */
async function filesOf({ inputPath, maskPath = null, jobFolder }: Img2ImgParams): Promise<JobFiles> {
  const there = async (path: string, kept: keyof JobFiles): Promise<string> =>
    existsSync(path) ? path : ((await journalledFile(jobFolder, kept)) ?? path);
  return {
    input: await there(inputPath, 'input'),
    mask: maskPath === null ? null : await there(maskPath, 'mask'),
  };
}

function resumeNotice(finished: number, step: { stepsDone: number } | null): string {
  const pictures = finished > 0 ? `${finished} finished ${finished === 1 ? 'picture' : 'pictures'} and ` : '';
  return `This job goes on where it was interrupted: ${pictures}${step?.stepsDone ?? 0} steps were kept.`;
}

/** Made when it is first needed, and only once. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
