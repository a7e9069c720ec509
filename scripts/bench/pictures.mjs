// `npm run bench -- pictures [--family sdxl] --python <python> [--optimum <python>]`: whole pictures of a model in full size (random weights), in the engine
// that the app runs, in float32 and int8, beside optimum's ONNX pipeline and diffusers on torch's CPU. One process per measurement, in alternation.
// In each, the first picture takes one step and loads everything, the second takes all steps.
import { copyFileSync, mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, root, say, ScriptError } from '../bootstrap.mjs';
import { Engine, makeInt8, SKETCH } from './engine.mjs';
import { fullSizeModel, fullSizeXl, runPython } from './full-size.mjs';
import { gigabytes, median, seconds } from './numbers.mjs';

/** Parameters of the denoiser, the text encoders and the autoencoder; and what each family is measured on. */
const FAMILIES = {
  sd15: {
    name: 'Stable Diffusion 1.5',
    parameters: 859_520_964 + 123_060_480 + 83_653_863,
    size: '512',
    steps: '20',
    guidance: '7.5',
    contenders: ['ours', 'int8', 'optimum', 'float32', 'bfloat16'],
    make: async (folder, python) => {
      const { file, ...model } = await fullSizeModel(folder, python);
      return { ...model, ours: file };
    },
  },
  sdxl: {
    name: 'Stable Diffusion XL',
    parameters: 2_567_463_684 + 123_060_480 + 694_659_840 + 83_653_863,
    size: '1024',
    steps: '4',
    guidance: '1',
    contenders: ['ours', 'float32', 'bfloat16'],
    make: async (folder, python) => {
      const { diffusers } = await fullSizeXl(folder, python);
      return { diffusers, ours: diffusers };
    },
  },
};
const NAMES = {
  ours: 'Underpaint, float32',
  int8: 'Underpaint, int8 denoiser',
  optimum: "optimum's ONNX pipeline, float32",
  float32: 'diffusers, torch float32',
  bfloat16: 'diffusers, torch bfloat16',
};

export async function benchPictures(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      family: { type: 'string', default: 'sd15' },
      runs: { type: 'string', default: '2' },
      /** Side in pixels. */
      size: { type: 'string' },
      steps: { type: 'string' },
      /** Above 1 every step runs on two prompts. */
      guidance: { type: 'string' },
      /** Contenders, separated by commas. */
      only: { type: 'string' },
      python: { type: 'string', default: 'python3' },
      /** A Python with optimum; left out: the same. */
      optimum: { type: 'string' },
      folder: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const family = FAMILIES[values.family];
  if (family === undefined)
    throw new ScriptError(`--family ${values.family} is not known; choose sd15 or sdxl.`);
  const [runs, side, steps, guidance] = ['runs', 'size', 'steps', 'guidance'].map((name) =>
    Number(values[name] ?? family[name]),
  );
  if (!(
    Number.isInteger(runs) &&
    runs > 0 &&
    Number.isInteger(steps) &&
    steps > 0 &&
    side > 0 &&
    side % 64 === 0 &&
    guidance >= 1
  )) {
    throw new ScriptError(
      '--runs and --steps take whole numbers from 1 on, --size a multiple of 64, --guidance a number from 1 on.',
    );
  }
  const names = values.only?.split(',') ?? family.contenders;
  const unknown = names.find((name) => !family.contenders.includes(name));
  if (unknown !== undefined)
    throw new ScriptError(
      `--only ${unknown} is not measured for ${family.name}; choose of ${family.contenders.join(', ')}.`,
    );

  await ensureInstalled();
  await ensureBuilt('engine');
  const folder = values.folder ?? join(root, '.cache/bench', values.family);
  const model = await family.make(folder, values.python);
  // Kept with the model, so that the int8 variant is made once.
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const request = {
    model,
    home,
    side,
    steps,
    guidance,
    python: values.python,
    optimum: values.optimum ?? values.python,
  };
  if (names.includes('int8')) say('Making the int8 variant (once, a few minutes) ...');
  const int8 = names.includes('int8') ? await makeInt8(model.ours, home) : null;
  const rows = Object.fromEntries(names.map((name) => [name, []]));
  for (let i = 0; i < runs; i++) {
    for (const name of names) {
      rows[name].push(await measure(name, request));
      const { firstMs, pictureMs, peakBytes, outside } = rows[name][i];
      const share =
        outside === undefined ? '' : `, ${(100 * outside).toFixed(1)} % of it outside session.run`;
      say(
        `run ${i + 1} of ${runs}: ${NAMES[name]} ${seconds(pictureMs)}, from the start to the first ${seconds(firstMs)}, peak ${gigabytes(peakBytes)}${share}`,
      );
    }
  }
  const processor = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}`;
  const result = {
    processor,
    model: family.name,
    parameters: family.parameters,
    runs,
    side,
    steps,
    guidance,
    int8,
    rows,
  };
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
}

function measure(name, request) {
  if (name === 'ours' || name === 'int8') return ours(name === 'int8' ? 'int8' : 'float32', request);
  const { model, home, side, steps, guidance } = request;
  const picture = join(home, 'sketch.png');
  copyFileSync(SKETCH, picture);
  const [python, kind, folder] =
    name === 'optimum'
      ? [request.optimum, 'optimum', model.onnx]
      : [request.python, 'diffusers', model.diffusers];
  const dtype = name === 'bfloat16' ? name : 'float32';
  return runPython(python, 'run_pictures.py', [
    kind,
    folder,
    dtype,
    picture,
    ...[side, steps, guidance].map(String),
  ]);
}

/** Both pictures in one engine; `sessionsOpened` of the second is told by the time outside `session.run`. */
async function ours(precision, { model, home, side, steps, guidance }) {
  const engine = new Engine(home);
  const base = {
    model: model.ours,
    precision,
    size: { width: side, height: side },
    strength: 1,
    guidance,
    seed: 7,
    device: 'cpu',
  };
  try {
    const first = await engine.paint({ ...base, prompt: 'a red house by a lake', steps: 1 });
    const second = await engine.paint({ ...base, prompt: 'a blue boat on the sea', steps });
    return {
      firstMs: first.wallMs,
      pictureMs: second.wallMs,
      peakBytes: second.peakRssBytes,
      outside: (second.wallMs - second.sessionRunMs) / second.wallMs,
    };
  } finally {
    await engine.end();
  }
}

function table({ processor, model, parameters, runs, side, steps, guidance, int8, rows }) {
  const middle = (name, key) => median(rows[name].map((row) => row[key]));
  const names = Object.keys(rows);
  const lines = [
    `${processor}; medians of ${runs} runs; ${model}, ${side} × ${side}, ${steps} steps, guidance ${guidance}`,
    '',
    '| | picture, model loaded | peak memory | from the start of the process to the first picture (1 step) |',
    '| --- | --- | --- | --- |',
    ...names.map(
      (name) =>
        `| ${NAMES[name]} | ${seconds(middle(name, 'pictureMs'))} | ${gigabytes(middle(name, 'peakBytes'))} | ${seconds(middle(name, 'firstMs'))} |`,
    ),
    '',
  ];
  // The median of the ratios of neighbours: drift of the machine cancels out.
  const ratio = (a, b, key) => median(rows[a].map((row, i) => row[key] / rows[b][i][key]));
  if (names.includes('ours')) {
    const above = middle('ours', 'peakBytes') - 4 * parameters;
    lines.push(
      ...names
        .filter((name) => name !== 'ours')
        .map(
          (name) =>
            `Underpaint's float32 picture takes ${ratio('ours', name, 'pictureMs').toFixed(2)} of the time of ${NAMES[name]}.`,
        ),
      `Outside session.run: ${(100 * middle('ours', 'outside')).toFixed(1)} % of the picture.`,
      `Peak memory above the weights in float32 (${gigabytes(4 * parameters)}): ${gigabytes(above)}.`,
    );
    if (int8 !== null) {
      lines.push(
        `int8: ${ratio('int8', 'ours', 'peakBytes').toFixed(2)} of the peak memory, ${int8.psnr.map((value) => (value === null ? 'identical' : `${value.toFixed(1)} dB`)).join(' and ')} to float32, ${gigabytes(int8.sizeBytes)} on the disk.`,
      );
    }
    lines.push('');
  }
  return lines.join('\n');
}
