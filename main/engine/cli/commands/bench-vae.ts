/** `underpaint bench vae`: time and memory of autoencoders in full size, whole and in tiles, as a table. */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../../shared/errors';
import type { DeviceChoice, Provider } from '../../../../shared/placement';
import { ASKED_TILE_PX } from '../../../placement/planner';
import { measureVae, type VaeMeasured, type VaeUnderTest } from '../../bench/measure-vae';
import { FULL_SIZE_VAES, writeRandomVae } from '../../bench/random-vae';
import { VAE_FACTOR } from '../../families/family-traits';
import { findComponent } from '../../model/component-source';
import { readModelFolder } from '../../model/model-folder';
import { partOf } from '../../model/model-folder-parts';
import { providersFor } from '../../onnx/providers';
import { ProviderUnavailable } from '../../onnx/session-errors';
import { parseDevice, parseInteger } from '../parse-options';
import { seconds } from '../progress';

interface VaeOptions {
  model?: string;
  device: DeviceChoice;
  sizes: readonly number[];
  runs: number;
  markdown?: boolean;
  json?: boolean;
}

const SIZES = [512, 768, 1024, 1536, 2048];
const SIDE = { min: 64, max: 8192 } as const;

export function addBenchVae(bench: Command, signal: AbortSignal): void {
  bench
    .command('vae')
    .description('time and peak memory of encode and decode, whole and in tiles')
    .option(
      '--model <model>',
      "a model's autoencoder; without it those of SD v1 and SDXL in full size, with random weights",
    )
    .option('--device <device>', 'auto (all there are), gpu or cpu', parseDevice, 'auto')
    .option('--sizes <px,px,…>', 'sides of the square pictures', parseSizes, SIZES)
    .option(
      '--runs <n>',
      'how often each pass runs; the median counts',
      (text) => parseInteger('--runs', text, { min: 1, max: 100 }),
      3,
    )
    .option('--markdown', 'print a table in Markdown')
    .option('--json', 'print one JSON object on stdout')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .action((options: VaeOptions) => vaeCommand(options, signal));
}

function parseSizes(text: string): number[] {
  return text.split(',').map((side) => {
    const px = parseInteger('--sizes', side, SIDE);
    if (px % VAE_FACTOR === 0) return px;
    throw new AppError(
      'usage',
      `--sizes ${side} is not usable; give sides that are multiples of ${VAE_FACTOR}.`,
    );
  });
}

async function vaeCommand(options: VaeOptions, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'underpaint-bench-'));
  const measured: VaeMeasured[] = [];
  try {
    for (const vae of await autoencoders(options, folder)) {
      for (const provider of providersOf(options.device))
        measured.push(...(await measureOn(vae, provider, options, signal)));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (measured.length === 0) {
    throw new AppError(
      'usage',
      'No graphics card on this machine can be measured; leave --device out for the CPU.',
    );
  }
  const cpu = { model: cpus()[0]?.model.trim() ?? 'unknown', threads: availableParallelism() };
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ cpu, tilePx: ASKED_TILE_PX, runs: options.runs, measured })}\n`
      : `${table(measured, options.markdown === true)}\n\n${options.runs} ${options.runs === 1 ? 'run' : 'runs'} each, the median; memory is the most that the whole process held. CPU: ${cpu.model}, ${cpu.threads} threads.\n`,
  );
}

/** `gpu` is measured without the CPU, which is only where a job would go on. */
const providersOf = (device: DeviceChoice): Provider[] =>
  providersFor(device).filter((provider) => device !== 'gpu' || provider !== 'cpu');

async function autoencoders({ model }: VaeOptions, folder: string): Promise<VaeUnderTest[]> {
  if (model !== undefined) {
    const found = await readModelFolder(resolve(model));
    const [encoder, decoder] = [partOf(found, 'vae_encoder'), partOf(found, 'vae_decoder')];
    return [{ name: found.name, encoder, decoder }];
  }
  const made: VaeUnderTest[] = [];
  for (const [name, architecture] of Object.entries(FULL_SIZE_VAES)) {
    const path = join(folder, name);
    await writeRandomVae(path, architecture);
    made.push({
      name,
      encoder: await findComponent(path, 'vae_encoder'),
      decoder: await findComponent(path, 'vae_decoder'),
    });
  }
  return made;
}

/** Nothing where a provider does not start here, which is said. */
async function measureOn(
  vae: VaeUnderTest,
  provider: Provider,
  options: VaeOptions,
  signal: AbortSignal,
): Promise<VaeMeasured[]> {
  try {
    return await measureVae(vae, {
      provider,
      sizesPx: options.sizes,
      runs: options.runs,
      signal,
      onMeasured: (one) =>
        process.stderr.write(
          `${one.autoencoder} on ${one.provider}, ${one.stage} ${one.sizePx} px ${one.tilePx === null ? 'whole' : 'in tiles'}: ${cell(one)}\n`,
        ),
    });
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    process.stderr.write(`Not measured on ${provider}: ${error.message}\n`);
    return [];
  }
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

function cell({ ms, peakBytes }: Pick<VaeMeasured, 'ms' | 'peakBytes'>): string {
  if (ms === null) return 'does not fit';
  return peakBytes === null ? seconds(ms) : `${seconds(ms)}, ${gib(peakBytes)}`;
}

/** One row for each autoencoder, provider and size. */
function table(measured: readonly VaeMeasured[], isMarkdown: boolean): string {
  const tiles = `in tiles of ${ASKED_TILE_PX} px`;
  const rows = new Map<string, string[]>();
  for (const { autoencoder, provider, sizePx } of measured) {
    const own = measured.filter(
      (one) => one.autoencoder === autoencoder && one.provider === provider && one.sizePx === sizePx,
    );
    const of = (stage: 'encode' | 'decode', isTiled: boolean): string =>
      cell(
        own.find((one) => one.stage === stage && (one.tilePx !== null) === isTiled) ?? {
          ms: null,
          peakBytes: null,
        },
      );
    rows.set(`${autoencoder} ${provider} ${sizePx}`, [
      autoencoder,
      provider,
      `${sizePx} × ${sizePx}`,
      of('encode', false),
      of('encode', true),
      of('decode', false),
      of('decode', true),
    ]);
  }
  const head = ['Autoencoder', 'Device', 'Size', 'Encode', `Encode ${tiles}`, 'Decode', `Decode ${tiles}`];
  const all = [head, ...rows.values()];
  if (isMarkdown) {
    const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
    return [line(head), line(head.map(() => '---')), ...[...rows.values()].map(line)].join('\n');
  }
  const widths = head.map((_, i) => Math.max(...all.map((cells) => cells[i]?.length ?? 0)));
  return all
    .map((cells) =>
      cells
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
