/** `underpaint img2img`: the main job. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../../shared/errors';
import {
  generationSettingsSchema,
  type GenerationSettings,
  type GenerationRequest,
} from '../../../../shared/generation';
import type { JobReport } from '../../../../shared/job';
import { img2img } from '../../img2img';
import { STAGES } from '../../../../shared/placement';
import { withWords } from '../../../../shared/variations';
import { journalledSeed } from '../../journal/journal';
import { ModelCache } from '../../model/loaded-model';
import type { RemoteAccess } from '../../remote/places';
import { drawSeed } from '../../resolve-settings';
import { takeJobFolder } from '../job-folder';
import { resolveTarget, type ImageFormat } from '../output-target';
import {
  parseCount,
  parseDevice,
  parseFit,
  parseFormat,
  parseGuidance,
  parseLora,
  parseMaskArea,
  parseMaskBlur,
  parseMaskPadding,
  parsePrecision,
  parseScheduler,
  parseSeed,
  parseSize,
  parseSteps,
  parseStrength,
  parseTiling,
} from '../parse-options';
import { ProgressLine } from '../progress';
import { addRemoteOptions, placesOf, remoteAccess, type RemoteOptions } from '../remote-options';
import { stageTable } from '../stage-table';

interface Img2ImgOptions extends RemoteOptions {
  prompt: string;
  negative?: string;
  strength?: number;
  steps?: number;
  guidance?: number;
  seed?: number;
  scheduler?: GenerationSettings['scheduler'];
  count?: number;
  size?: GenerationSettings['size'];
  fit?: GenerationSettings['fit'];
  mask?: string;
  maskBlur?: number;
  maskArea?: GenerationSettings['mask']['area'];
  maskPadding?: number;
  model?: string;
  lora?: GenerationSettings['loras'];
  vae?: string;
  device?: GenerationSettings['device'];
  precision?: GenerationSettings['precision'];
  tiling?: GenerationSettings['tiling'];
  output?: string;
  format?: ImageFormat;
  json?: boolean;
}

export function addImg2Img(program: Command, signal: AbortSignal): void {
  const command = program
    .command('img2img')
    .description('turn a picture into another picture')
    .argument('<image>', 'the picture to start from')
    .requiredOption(
      '-p, --prompt <text>',
      'what the result should show; (word:1.2) and [word] change a weight, of {a|b} the seed picks one',
    )
    .option('-n, --negative <text>', 'what it should not show')
    .option('--strength <0..1>', 'how far the result may move away from the picture', parseStrength)
    .option('--steps <n>', 'denoising steps before strength shortens them', parseSteps)
    .option('--guidance <x>', 'how closely the prompt is followed', parseGuidance)
    .option('--seed <n>', 'the same seed gives the same picture', parseSeed)
    .option(
      '--scheduler <name>',
      'ddim, pndm, euler, euler-ancestral, dpmpp-2m[-karras|-sde|-sde-karras], unipc, lcm',
      parseScheduler,
    )
    .option('--count <n>', 'how many pictures, with seeds counting up', parseCount)
    .option('--size <WxH|input>', 'working size; the result has the size of the input', parseSize)
    .option('--fit <mode>', 'crop, pad or stretch to a working size of another shape', parseFit)
    .option('--mask <image>', 'white is painted anew, everything else stays as it is, to the bit')
    .option('--mask-blur <px>', 'soft edge inside the mask (4)', parseMaskBlur)
    .option(
      '--mask-area <area>',
      'picture, or masked: only the part around the mask, enlarged',
      parseMaskArea,
    )
    .option(
      '--mask-padding <px>',
      'what is seen around the mask with --mask-area masked (32)',
      parseMaskPadding,
    )
    .option('--model <id|folder>', 'model folder; without it the bundled starter model')
    .option(
      '--lora <file[:strength]>',
      'add a LoRA, several times for several; <lora:name:0.8> in the prompt takes one from the app folder',
      parseLora,
    )
    .option('--vae <file|folder>', "an autoencoder in place of the model's own, also a tiny one (TAESD)")
    .option('--device <device>', 'auto, gpu or cpu', parseDevice)
    .option(
      '--precision <precision>',
      'float32 or int8, of the denoiser on the CPU (see "models quantize")',
      parsePrecision,
    )
    .option('--tiling <mode>', 'auto, on or off: encode and decode in tiles of 512 px', parseTiling)
    .option('-o, --output <file|folder>', 'where to write')
    .option('--format <format>', 'png, jpg or webp', parseFormat)
    .option('--json', 'print one JSON object on stdout');
  addRemoteOptions(command, STAGES);

  command.action(async (image: string, options: Img2ImgOptions) => {
    const report = await runImg2ImgCommand(image, options, signal);
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : `${humanReport(report)}\n`);
  });
}

async function runImg2ImgCommand(
  image: string,
  options: Img2ImgOptions,
  signal: AbortSignal,
): Promise<JobReport> {
  const inputPath = resolve(image);
  const target = await resolveTarget(options.output, options.format, inputPath);
  const settings = generationSettingsSchema.parse({
    prompt: options.prompt,
    negativePrompt: options.negative,
    strength: options.strength,
    steps: options.steps,
    guidance: options.guidance,
    seed: options.seed,
    scheduler: options.scheduler,
    count: options.count,
    size: options.size,
    fit: options.fit,
    model: options.model === undefined || options.model === 'starter' ? null : resolve(options.model),
    loras: options.lora,
    vae: options.vae === undefined ? null : resolve(options.vae),
    mask: maskOptions(options),
    device: options.device,
    precision: options.precision,
    tiling: options.tiling,
    ...placesOf(options),
    format: target.format,
  });
  const maskPath = options.mask === undefined ? null : resolve(options.mask);
  return runJob({ inputPath, maskPath, settings, target, signal, remote: remoteAccess(options) });
}

function maskOptions({ mask, maskBlur, maskArea, maskPadding }: Img2ImgOptions): GenerationRequest['mask'] {
  const given = { '--mask-blur': maskBlur, '--mask-area': maskArea, '--mask-padding': maskPadding };
  const [idle] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (mask === undefined && idle !== undefined) {
    throw new AppError(
      'usage',
      `${idle} says how a mask is used, but there is none; give --mask with a picture.`,
    );
  }
  return { blurPx: maskBlur, area: maskArea, paddingPx: maskPadding };
}

/** Runs one job with a journal of its own and progress on stderr. */
export async function runJob(job: {
  inputPath: string;
  maskPath?: string | null;
  settings: GenerationSettings;
  target: { folder: string; name: string };
  signal: AbortSignal;
  models?: ModelCache;
  remote?: RemoteAccess;
}): Promise<JobReport> {
  const { inputPath, maskPath = null, settings, target, signal, remote } = job;
  const folder = await takeJobFolder(JSON.stringify([inputPath, maskPath, target.folder, settings]));
  const models = job.models ?? new ModelCache();
  const progress = new ProgressLine();
  try {
    // The prompt's choices follow from the seed, so that the same seed gives the same picture; an interrupted job keeps the one it drew.
    const seed = settings.seed ?? (await journalledSeed(folder.path)) ?? drawSeed();
    const report = await img2img(
      {
        inputPath,
        maskPath,
        settings: withWords({ ...settings, seed }),
        outputFolder: target.folder,
        outputName: target.name,
        jobFolder: folder.path,
        previews: false,
      },
      { models, signal, onProgress: (event) => progress.show(event), remote },
    );
    await folder.remove();
    return report;
  } catch (error) {
    // What a correction of the command cannot make useful again is not kept.
    const isHopeless =
      error instanceof AppError && ['usage', 'input', 'model', 'output'].includes(error.code);
    await (isHopeless ? folder.remove() : folder.keep());
    throw error;
  } finally {
    progress.end();
    if (job.models === undefined) await models.release();
  }
}

function humanReport(report: JobReport): string {
  const lines = report.outputs.map(
    (output) => `${output.path}  (${output.width} × ${output.height}, seed ${output.seed})`,
  );
  return [...lines, '', stageTable(report)].join('\n');
}
