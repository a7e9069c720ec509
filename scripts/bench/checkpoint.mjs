// `npm run bench -- checkpoint --python <python>`: Stable Diffusion 1.5 in full size (random float16 weights) from one .safetensors file, beside the
// torch.onnx export of the same weights in the same engine, and beside diffusers on torch's CPU in float32 and bfloat16; and its second opening.
// One process per measurement, in alternation, each with its files out of the system's cache at the start.
import { lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, root, runQuiet, say, ScriptError } from '../bootstrap.mjs';
import { engineEnv } from '../engine-env.mjs';
import { fullSizeModel, runPython } from './full-size.mjs';
import { gigabytes, median, seconds } from './numbers.mjs';

/** Weights of the UNet in float32, which every float32 contender holds. */
const UNET_BYTES = 4 * 859_520_964;
export async function benchCheckpoint(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      runs: { type: 'string', default: '3' },
      /** Side in pixels : steps, for each size; empty: only the openings. */
      sizes: { type: 'string', default: '512:4,1024:2' },
      python: { type: 'string', default: 'python3' },
      folder: { type: 'string', default: join(root, '.cache/bench/sd15') },
      json: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new ScriptError('--runs takes a whole number from 1 on.');
  const asked = values.sizes === '' ? [] : values.sizes.split(',');
  const sizes = asked.map((size) => {
    const [side, steps] = size.split(':').map(Number);
    if (side > 0 && side % 64 === 0 && Number.isInteger(steps) && steps > 0) return { side, steps };
    throw new ScriptError(`--sizes ${values.sizes} is not usable; give side:steps, such as 512:4,1024:2.`);
  });
  await ensureInstalled();
  await ensureBuilt('engine');
  const model = await fullSizeModel(values.folder, values.python);
  // On the model's own disk, so that the checkpoint is opened in place.
  const home = mkdtempSync(join(values.folder, 'home-'));
  try {
    const result = await measure({ model, home, runs, wantedSizes: sizes, python: values.python });
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure({ model, home, runs, wantedSizes, python }) {
  const contenders = {
    'checkpoint, one file': (size) => engine(model.file, home, size),
    'torch.onnx export, same engine': (size) => engine(model.onnx, home, size),
    'diffusers, torch float32': (size) => diffusers(python, model.diffusers, 'float32', size),
    'diffusers, torch bfloat16': (size) => diffusers(python, model.diffusers, 'bfloat16', size),
  };
  const sizes = [];
  for (const size of wantedSizes) {
    const rows = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
    for (let i = 0; i < runs; i++) {
      for (const [name, take] of Object.entries(contenders)) {
        await forgetCached(model);
        rows[name].push(await take(size));
        say(`run ${i + 1} of ${runs}, ${size.side}²: ${name} ${described(rows[name][i])}`);
      }
    }
    sizes.push({ side: size.side, rows });
  }
  const newDiskBytes = newBytes(home);

  await prepare(model.file, home);
  const preparedBytes = newBytes(home) - newDiskBytes;
  const opening = await measureOpenings(model, home, runs);
  const processor = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}`;
  return { processor, runs, sizes, newDiskBytes, opening, preparedBytes };
}

/** The first opening of a file and one with a prepared copy, each with the file out of the system's cache and again right afterwards, from it. */
async function measureOpenings(model, home, runs) {
  const smallest = { side: 256, steps: 1 };
  const opening = { first: { cold: [], warm: [] }, second: { cold: [], warm: [] } };
  for (let i = 0; i < runs; i++) {
    for (const name of ['first', 'second']) {
      await forgetCached(model, home);
      for (const cache of ['cold', 'warm']) {
        const where = name === 'second' ? home : mkdtempSync(join(home, 'first-'));
        const result = await engine(model.file, where, smallest);
        opening[name][cache].push(result);
        say(`run ${i + 1} of ${runs}: ${name} opening, ${cache} cache, ${seconds(result.openMs)}`);
      }
    }
  }
  return opening;
}

const described = ({ stepMs, firstStepAtMs, openMs, openPeakBytes, stepPeakBytes }) =>
  `${seconds(median(stepMs))} a step, the first after ${seconds(firstStepAtMs)} (opening ${seconds(openMs)}), peaks ${gigabytes(openPeakBytes)} and ${gigabytes(stepPeakBytes)}`;

/** `underpaint bench steps`, in a process of its own. */
async function engine(model, home, { side, steps }) {
  const args = ['--model', model, '--size', `${side}x${side}`, '--steps', steps, '--device', 'cpu', '--json'];
  return JSON.parse(await underpaint(['bench', 'steps', ...args.map(String)], home));
}

const prepare = (model, home) => underpaint(['models', 'prepare', model, '--json'], home);

async function underpaint(args, home) {
  const env = { ...engineEnv(), UNDERPAINT_HOME: home };
  const { code, output } = await runQuiet(process.execPath, [join(root, 'out/main/cli.cjs'), ...args], {
    env,
  });
  if (code !== 0) throw new ScriptError(`underpaint ${args[0]} failed: ${output.trim()}`);
  return output.trim().split('\n').at(-1);
}

const diffusers = (python, folder, dtype, { side, steps }) =>
  runPython(python, 'run_diffusers.py', [folder, dtype, String(side), String(steps)]);

/** Drops files from the system's cache (GNU dd's way; elsewhere they stay, for every contender alike). */
async function forgetCached(model, ...folders) {
  for (const path of [
    model.file,
    ...filesIn(model.diffusers),
    ...filesIn(model.onnx),
    ...folders.flatMap(filesIn),
  ]) {
    await runQuiet('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']).catch(() => undefined);
  }
}

/** Bytes that a folder adds to the disk: hard links to the model add none. */
const newBytes = (folder) =>
  filesIn(folder)
    .map((path) => lstatSync(path))
    .reduce((sum, { nlink, size }) => sum + (nlink > 1 ? 0 : size), 0);

function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

function table({ processor, runs, sizes, newDiskBytes, opening, preparedBytes }) {
  const lines = [`${processor}; medians of ${runs} runs`, ''];
  for (const { side, rows } of sizes) {
    const summary = Object.entries(rows).map(([name, results]) => ({
      name,
      step: median(results.flatMap(({ stepMs }) => stepMs)),
      first: median(results.map(({ firstStepAtMs }) => firstStepAtMs)),
      open: median(results.map(({ openMs }) => openMs)),
      openPeak: median(results.map(({ openPeakBytes }) => openPeakBytes)),
      stepPeak: median(results.map(({ stepPeakBytes }) => stepPeakBytes)),
    }));
    lines.push(
      `| ${side} × ${side}, batch 1 | step | first step after | of it opening | peak, opening | peak, steps |`,
      '| --- | --- | --- | --- | --- | --- |',
    );
    for (const row of summary) {
      lines.push(
        `| ${row.name} | ${seconds(row.step)} | ${seconds(row.first)} | ${seconds(row.open)} | ${gigabytes(row.openPeak)} | ${gigabytes(row.stepPeak)} |`,
      );
    }
    const [ours, exported, ...others] = summary;
    const above = ({ stepPeak }) => stepPeak - UNET_BYTES;
    lines.push(
      '',
      `Step: ${(ours.step / exported.step).toFixed(2)} of the export's, ${others.map(({ name, step }) => `${(ours.step / step).toFixed(2)} of ${name}'s`).join(', ')}.`,
      `Memory above the weights (${gigabytes(UNET_BYTES)}) during the steps: ${gigabytes(above(ours))}, ${(above(ours) / above(exported)).toFixed(2)} of the export's ${gigabytes(above(exported))}.`,
      '',
    );
  }
  const row = (cache) => {
    const [first, second] = ['first', 'second'].map((name) => {
      const results = opening[name][cache];
      return {
        open: median(results.map(({ openMs }) => openMs)),
        step: median(results.map(({ firstStepAtMs }) => firstStepAtMs)),
      };
    });
    return `| ${cache} | ${seconds(first.open)} | ${seconds(second.open)} | ${(first.open / second.open).toFixed(1)} | ${seconds(first.step)} | ${seconds(second.step)} |`;
  };
  lines.push(
    `New on the disk after opening the one file: ${(newDiskBytes / 1e6).toFixed(2)} MB. A prepared copy, asked for: ${gigabytes(preparedBytes)}.`,
    '',
    '| file cache | opening the UNet, first | second, with a prepared copy | times as fast | first 256² step, first | second |',
    '| --- | --- | --- | --- | --- | --- |',
    row('cold'),
    row('warm'),
    '',
  );
  return lines.join('\n');
}
