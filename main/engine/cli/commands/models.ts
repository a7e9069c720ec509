/** `underpaint models`: what a model is and whether it can be used, without running it; and copies of it that open fast. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { stat } from 'node:fs/promises';
import { AppError, EXIT_CODES } from '../../../../shared/errors';
import { describeFewSteps } from '../../lora/few-steps';
import { FAMILY_NAMES } from '../../lora/lora-family';
import { isLora, verifyLora, type LoraReport } from '../../lora/verify-lora';
import type { ParameterCounts } from '../../model/component-source';
import { forgetInt8 } from '../../int8/int8-files';
import { makeInt8 } from '../../int8/make-int8';
import { readModelFolder } from '../../model/model-folder';
import { prepareModel, unprepareModel } from '../../model/prepare-model';
import { verifyModel, type ComponentReport, type VerifyReport } from '../../model/verify-model';

export function addModels(program: Command, signal: AbortSignal): void {
  const models = program.command('models').description('look models over');
  models.exitOverride().configureOutput({ outputError: () => undefined });
  models
    .command('verify')
    .description('tell family, variant, types, sizes, memory need and problems of a model or LoRA')
    .argument('<model>', 'a model folder, a .safetensors checkpoint, or a LoRA')
    .option('--json', 'print one JSON object on stdout')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .action(async (model: string, options: { json?: boolean }) => {
      const report = (await isLoraFile(model)) ? await verifyLora(model) : await verifyModel(model);
      const text = 'kind' in report ? humanLora(report) : human(report);
      process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : text);
      if (report.problems.length === 0) return;
      process.stderr.write(`${report.problems.join('\n')}\n`);
      process.exitCode = EXIT_CODES.model;
    });
  models
    .command('prepare')
    .description('keep a copy of a checkpoint on the disk that opens many times faster on the CPU')
    .argument('<model>', 'a model folder with safetensors, or a .safetensors checkpoint')
    .option('--remove', 'delete the copy again')
    .option('--json', 'print one JSON object on stdout')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .action(prepareCommand);
  models
    .command('quantize')
    .description(
      'make a variant of a checkpoint whose denoiser works in int8: faster and smaller on the CPU, and less exact',
    )
    .argument('<model>', 'a model folder with safetensors, or a .safetensors checkpoint')
    .option('--remove', 'delete the variant again')
    .option('--json', 'print one JSON object on stdout')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .action((model: string, options: { remove?: boolean; json?: boolean }) =>
      quantizeCommand(model, options, signal),
    );
}

async function quantizeCommand(
  model: string,
  options: { remove?: boolean; json?: boolean },
  signal: AbortSignal,
): Promise<void> {
  if (options.remove === true) {
    const sizeBytes = await forgetInt8(await readModelFolder(resolve(model)));
    process.stdout.write(
      options.json === true ? `${JSON.stringify({ sizeBytes })}\n` : `${mib(sizeBytes)} are free again.\n`,
    );
    return;
  }
  const report = await makeInt8(model, signal, (message) => process.stderr.write(`${message}\n`));
  const psnr = report.psnr.map((value) => (value === null ? 'identical' : `${value.toFixed(1)} dB`));
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(report)}\n`
      : `Use it with --precision int8. Against float32: ${psnr.join(', ')}. ${mib(report.sizeBytes)} on the disk.\n`,
  );
}

async function prepareCommand(model: string, options: { remove?: boolean; json?: boolean }): Promise<void> {
  const isRemoval = options.remove === true;
  const report = isRemoval
    ? await unprepareModel(model)
    : await prepareModel(model, (message) => process.stderr.write(`${message}\n`));
  const told = isRemoval ? 'are free again' : 'on the disk';
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(report)}\n`
      : [
          ...report.parts.map(({ component, sizeBytes }) => `${component.padEnd(15)}${mib(sizeBytes)}`),
          `${mib(report.sizeBytes)} ${told}.`,
          '',
        ].join('\n'),
  );
}

/** A file that cannot be read is for the model's report to explain. */
const isLoraFile = async (path: string): Promise<boolean> =>
  /\.safetensors$/i.test(path) && (await stat(path).catch(() => null))?.isFile() === true
    ? isLora(path).catch((error: unknown) => {
        if (error instanceof AppError) return false;
        throw error;
      })
    : false;

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 1 : 0)} MiB`;

function human(report: VerifyReport): string {
  if (report.family === null) return '';
  const { memoryBytes } = report;
  return [
    `Model      ${report.name}, revision ${report.revision ?? 'unknown'}`,
    `Family     ${report.family}, ${report.variant ?? 'unknown'}, predicts ${report.prediction ?? 'unknown'}, ${report.scheduler ?? 'unknown'}`,
    ...report.components.map((part) => `${part.component.padEnd(15)}${describe(part)}`),
    `Disk       ${mib(report.sizeBytes)}`,
    `Memory     ${memoryBytes === null ? 'not told by this format' : `${mib(memoryBytes)} of weights in float32 when every part is open, ${mib(largestPart(report))} for the largest alone`}`,
    `Problems   ${report.problems.length === 0 ? 'none' : report.problems.length}`,
    '',
  ].join('\n');
}

/** Bytes of the part that needs the most memory: what has to fit when parts are opened one after the other. */
const largestPart = ({ components }: VerifyReport): number =>
  Math.max(0, ...components.map(({ memoryBytes }) => memoryBytes ?? 0));

function humanLora(report: LoraReport): string {
  const { naming, family, ranks, fewSteps } = report;
  if (naming === null || ranks === null) return '';
  const [low, high] = ranks;
  return [
    `LoRA       ${report.name}, revision ${report.revision ?? 'unknown'}, ${naming} names`,
    `Made for   ${family === null ? 'it does not show' : FAMILY_NAMES[family]}`,
    `Layers     ${report.layers}, rank ${low === high ? low : `${low} to ${high}`}`,
    ...report.parts.map(
      ({ part, layers, convolutions, parameters, sizeBytes }) =>
        `${part.padEnd(15)}${layers} layers${convolutions === 0 ? '' : `, ${convolutions} of them convolutions`}, ${counts(parameters)}, ${mib(sizeBytes)}`,
    ),
    ...(fewSteps === null ? [] : [describeFewSteps(report.name, fewSteps)]),
    `Disk       ${mib(report.sizeBytes)}`,
    `Problems   ${report.problems.length === 0 ? 'none' : report.problems.length}`,
    '',
  ].join('\n');
}

const counts = (parameters: ParameterCounts): string =>
  Object.entries(parameters)
    .map(([dtype, count]) => `${(count / 1e6).toFixed(1)} M ${dtype}`)
    .join(', ');

function describe({ format, parameters, sizeBytes }: ComponentReport): string {
  return [format, counts(parameters ?? {}), mib(sizeBytes)].filter((text) => text !== '').join(', ');
}
