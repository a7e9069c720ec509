/** `underpaint bench`: how fast a model is on this machine. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../../shared/errors';
import type { Precision } from '../../../../shared/generation';
import type { DeviceChoice } from '../../../../shared/placement';
import { measureSteps, type StepsMeasured } from '../../bench/measure-steps';
import { sizeMultiplePx } from '../../families/detect';
import { ModelCache } from '../../model/loaded-model';
import { parseDevice, parseGuidance, parsePrecision, parseSize, parseSteps } from '../parse-options';
import { seconds } from '../progress';
import { addBenchVae } from './bench-vae';

interface StepsOptions {
  model?: string;
  device: DeviceChoice;
  precision: Precision;
  size?: ReturnType<typeof parseSize>;
  steps: number;
  guidance: number;
  json?: boolean;
}

export function addBench(program: Command, signal: AbortSignal): void {
  const bench = program.command('bench').description('measure a model on this machine');
  bench.exitOverride().configureOutput({ outputError: () => undefined });
  bench
    .command('steps')
    .description('time of a denoising step, time until the first one, and peak memory')
    .option(
      '--model <model>',
      'a model folder or a .safetensors checkpoint; without it the bundled starter model',
    )
    .option('--device <device>', 'auto, gpu or cpu', parseDevice, 'auto')
    .option('--precision <precision>', 'float32 or int8', parsePrecision, 'float32')
    .option('--size <WxH>', "picture size; without it the model's own", parseSize)
    .option('--steps <n>', 'how many steps', parseSteps, 5)
    .option('--guidance <g>', 'above 1 every step runs on two prompts', parseGuidance, 1)
    .option('--json', 'print one JSON object on stdout')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .action((options: StepsOptions) => stepsCommand(options, signal));
  addBenchVae(bench, signal);
}

async function stepsCommand(options: StepsOptions, signal: AbortSignal): Promise<void> {
  const models = new ModelCache();
  try {
    const model = await models.load(
      options.model === undefined ? null : resolve(options.model),
      options.device,
      [],
      options.precision,
    );
    const { sidePx } = model.defaults;
    const size = options.size === undefined || options.size === 'input' ? null : options.size;
    const { width, height } = size ?? { width: sidePx, height: sidePx };
    const multiple = sizeMultiplePx(model.folder);
    if (width % multiple !== 0 || height % multiple !== 0) {
      throw new AppError(
        'usage',
        `--size ${width}x${height} does not suit this model; give sides that are multiples of ${multiple} pixels.`,
      );
    }
    const { steps, guidance } = options;
    const measured = await measureSteps(model, { width, height, steps, guidance, signal });
    const result = {
      model: model.folder.id,
      family: model.traits.family,
      width,
      height,
      guidance,
      ...measured,
    };
    process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : human(result));
  } finally {
    await models.release();
  }
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

function human(result: StepsMeasured & { model: string; width: number; height: number }): string {
  const sorted = result.stepMs.toSorted((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return [
    `${result.model} on ${result.provider}, ${result.width} x ${result.height} pixels`,
    `Step         ${seconds(median)} (median of ${sorted.length}, ${seconds(sorted[0] ?? 0)} to ${seconds(sorted.at(-1) ?? 0)})`,
    `First step   ${seconds(result.firstStepAtMs)} after the start, of which ${seconds(result.openMs)} to open the denoiser`,
    `Memory       ${gib(result.openPeakBytes)} at most until it was open, ${gib(result.stepPeakBytes)} at most during the steps`,
    '',
  ].join('\n');
}
