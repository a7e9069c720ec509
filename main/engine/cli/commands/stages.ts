/** `underpaint encode` and `underpaint decode`: one stage alone. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../../shared/errors';
import type { DeviceChoice, Stage, StageReport } from '../../../../shared/placement';
import type { GenerationSettings } from '../../../../shared/generation';
import { latentScale, sizeMultiplePx } from '../../families/detect';
import { VAE_FACTOR } from '../../families/family-traits';
import { applyFit, planFit } from '../../image/fit';
import { readPicture } from '../../image/read';
import { encodePicture, writeAtomically } from '../../image/write';
import { readLatents, writeLatents } from '../../latent-file';
import { scaleLatents } from '../../latents/latent-scale';
import { ModelCache, type LoadedModel } from '../../model/loaded-model';
import { remoteDecode, remoteEncode } from '../../remote/client';
import { remotePlaces, rescuePlaces } from '../../remote/places';
import { StageLog } from '../../stage-log';
import { isFlat } from '../../stages/guards';
import { latentMean } from '../../stages/encode';
import { placed, StagePlaces } from '../../stages/placed';
import { decodeStage, encodeStage } from '../../stages/vae-stages';
import { APP_VERSION } from '../../version';
import { resolveTarget, type ImageFormat } from '../output-target';
import { parseDevice, parseFormat, parseSize, parseTiling } from '../parse-options';
import { ProgressLine } from '../progress';
import { addRemoteOptions, placesOf, remoteAccess, type RemoteOptions } from '../remote-options';

interface StageOptions extends RemoteOptions {
  output: string;
  model?: string;
  vae?: string;
  device?: DeviceChoice;
  tiling?: GenerationSettings['tiling'];
  size?: GenerationSettings['size'];
  format?: ImageFormat;
  json?: boolean;
}

export function addStageCommands(program: Command, signal: AbortSignal): void {
  common(
    program.command('encode').description('encode a picture into latents').argument('<image>', 'the picture'),
    'latent.safetensors',
    'encode',
  )
    .option('--size <WxH|input>', 'working size', parseSize)
    .action((image: string, options: StageOptions) => encodeCommand(resolve(image), options, signal));
  common(
    program
      .command('decode')
      .description('decode latents into a picture')
      .argument('<latents>', 'a safetensors file'),
    'image',
    'decode',
  )
    .option('--format <format>', 'png, jpg or webp', parseFormat)
    .action((latents: string, options: StageOptions) => decodeCommand(resolve(latents), options, signal));
}

function common(command: Command, output: string, stage: Stage): Command {
  return addRemoteOptions(command, [stage])
    .requiredOption(`-o, --output <${output}>`, 'where to write')
    .option('--model <folder>', 'model folder; without it the bundled starter model')
    .option('--vae <file|folder>', "an autoencoder in place of the model's own")
    .option('--device <device>', 'auto, gpu or cpu', parseDevice)
    .option('--tiling <mode>', 'auto, on or off', parseTiling)
    .option('--json', 'print one JSON object on stdout');
}

async function withModel<T>(
  options: StageOptions,
  work: (model: LoadedModel, log: StageLog, places: StagePlaces) => Promise<T>,
): Promise<T> {
  const models = new ModelCache();
  const progress = new ProgressLine();
  const log = new StageLog((event) => progress.show(event));
  try {
    const model = await models.load(
      options.model === undefined ? null : resolve(options.model),
      options.device ?? 'auto',
      [],
      'float32',
      options.vae === undefined ? null : resolve(options.vae),
    );
    model.runtime.listen((message) => log.notice(message));
    const access = remoteAccess(options);
    const places = new StagePlaces(
      await remotePlaces(placesOf(options), model.traits.family, access),
      access,
      rescuePlaces(placesOf(options), model.traits.family, access),
    );
    return await work(model, log, places);
  } finally {
    progress.end();
    await models.release();
  }
}

async function encodeCommand(image: string, options: StageOptions, signal: AbortSignal): Promise<void> {
  const path = resolve(options.output);
  if (!path.endsWith('.safetensors')) {
    throw new AppError(
      'usage',
      `Latents are written as .safetensors, not as "${options.output}"; give the output that ending.`,
    );
  }
  await withModel(options, async (model, log, places) => {
    const picture = await readPicture(image);
    const multiple = sizeMultiplePx(model.folder);
    const limits = {
      multiple,
      minSidePx: multiple,
      maxPixels: 8192 ** 2,
      nativeSidePx: model.defaults.sidePx,
    };
    const fitted = await applyFit(picture, planFit(picture, options.size ?? 'input', limits, 'crop'));
    const scale = latentScale(model.folder, model.traits);
    const working = { ...fitted, isFlat: isFlat(fitted.rgb) };
    const context = { signal, onProgress: () => undefined };
    const settings = { tiling: options.tiling ?? 'auto' };
    const encoded = await placed(
      { places, log, context },
      'encode',
      0,
      (call) => remoteEncode(call, working, { latentChannels: model.traits.latentChannels, scale }),
      () => encodeStage({ model, working, settings, log, context }),
    );
    const data = scaleLatents(latentMean(encoded), scale);
    const { channels, height, width } = encoded;
    await writeLatents(
      path,
      { data, channels, height, width },
      { scalingFactor: scale.factor, model: model.folder.id, family: model.traits.family },
    );
    print(options, {
      output: path,
      shape: [1, channels, height, width],
      scalingFactor: scale.factor,
      stage: stageOf(log, 'encode'),
    });
  });
}

async function decodeCommand(latentPath: string, options: StageOptions, signal: AbortSignal): Promise<void> {
  const target = await resolveTarget(options.output, options.format, latentPath);
  await withModel(options, async (model, log, places) => {
    const scale = latentScale(model.folder, model.traits);
    const latents = await readLatents(latentPath, scale, model.traits.latentChannels);
    const width = latents.width * VAE_FACTOR;
    const height = latents.height * VAE_FACTOR;
    const context = { signal, onProgress: () => undefined };
    const working = { width, height, isFlat: false };
    const settings = { tiling: options.tiling ?? 'auto' };
    const rgb = await placed(
      { places, log, context },
      'decode',
      0,
      (call) => remoteDecode(call, latents, { scale, isInputFlat: false }),
      () => decodeStage({ model, working, settings, log, context }, 0, latents),
    );
    const path = resolve(target.folder, `${target.name}.${target.format}`);
    const embedded = {
      parameters: '',
      json: JSON.stringify({
        app: 'underpaint',
        version: APP_VERSION,
        stage: 'decode',
        model: model.folder.id,
      }),
    };
    await writeAtomically(
      path,
      await encodePicture({ width, height, rgb: Buffer.from(rgb) }, target.format, embedded),
    );
    print(options, { output: path, width, height, stage: stageOf(log, 'decode') });
  });
}

const stageOf = (log: StageLog, stage: StageReport['stage']): StageReport | undefined =>
  log.reports().find((report) => report.stage === stage);

function print(options: StageOptions, result: { output: string } & Record<string, unknown>): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : `${result.output}\n`);
}
