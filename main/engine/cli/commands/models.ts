/** `underpaint models`: what a model is and whether it can be used, without running it; and copies of it that open fast. */
import type { Command } from 'commander';
import { EXIT_CODES } from '../../../../shared/errors';
import { prepareModel, unprepareModel } from '../../model/prepare-model';
import { verifyModel, type ComponentReport, type VerifyReport } from '../../model/verify-model';

export function addModels(program: Command): void {
  const models = program.command('models').description('look models over');
  models.exitOverride().configureOutput({ outputError: () => undefined });
  models
    .command('verify')
    .description('tell family, variant, types, sizes, memory need and problems of a model')
    .argument('<model>', 'a model folder or a .safetensors checkpoint')
    .option('--json', 'print one JSON object on stdout')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .action(async (model: string, options: { json?: boolean }) => {
      const report = await verifyModel(model);
      process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : human(report));
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

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 1 : 0)} MiB`;

function human(report: VerifyReport): string {
  if (report.family === null) return '';
  const { memoryBytes } = report;
  return [
    `Model      ${report.name}, revision ${report.revision ?? 'unknown'}`,
    `Family     ${report.family}, ${report.variant ?? 'unknown'}, predicts ${report.prediction ?? 'unknown'}, ${report.scheduler ?? 'unknown'}`,
    ...report.components.map((part) => `${part.component.padEnd(13)}${describe(part)}`),
    `Disk       ${mib(report.sizeBytes)}`,
    `Memory     ${memoryBytes === null ? 'not told by this format' : `${mib(memoryBytes)} of weights in float32 when every part is open`}`,
    `Problems   ${report.problems.length === 0 ? 'none' : report.problems.length}`,
    '',
  ].join('\n');
}

function describe({ format, parameters, sizeBytes }: ComponentReport): string {
  const dtypes = Object.entries(parameters ?? {}).map(
    ([dtype, count]) => `${(count / 1e6).toFixed(1)} M ${dtype}`,
  );
  return [format, ...dtypes, mib(sizeBytes)].join(', ');
}
