// `npm run bench -- int8 [--picture <file.jpg>]`: how near int8 pictures come to float32 ones: the tiny golden models of every family on their golden prompts
// (random weights magnify every difference), and the bundled starter model, whose pictures go side by side into the file.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, root, say } from '../bootstrap.mjs';
import { Engine, makeInt8, SKETCH } from './engine.mjs';
import { median } from './numbers.mjs';

const FAMILIES = {
  'Stable Diffusion 1': ['sd1'],
  'Stable Diffusion 2': ['sd2'],
  'Stable Diffusion XL': ['sdxl'],
  Flux: ['flux-schnell', 'flux-dev'],
};
const GOLDEN = join(root, 'test/golden');
const STARTER = join(root, 'models/starter');
const STARTER_PROMPTS = [
  'a red house by a lake in the mountains, day, clear, flat',
  'a red house by a lake in the mountains, sunset, clear, watercolour',
  'a red house by a lake in the mountains, night, snow, flat',
  'a white windmill in the hills, day, fog, ink',
];

export async function benchInt8(argv) {
  const { values } = parseArgs({
    args: argv,
    options: { picture: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  await ensureInstalled();
  await ensureBuilt('engine');
  const home = mkdtempSync(join(tmpdir(), 'underpaint-bench-'));
  const engine = new Engine(home);
  try {
    const rows = [];
    for (const [family, models] of Object.entries(FAMILIES)) {
      const psnr = [];
      for (const model of models) {
        const folder = wholeModel(model, home);
        await makeInt8(folder, home);
        for (const golden of casesOf(model)) {
          const pair = await paintTwice(
            engine,
            { ...settingsOf(golden), model: folder },
            join(GOLDEN, golden.input),
          );
          psnr.push(await peakSignalToNoise(...pair));
        }
      }
      rows.push({ family, psnr });
      say(`${family}: ${psnr.map((value) => value.toFixed(1)).join(', ')} dB`);
    }
    await makeInt8(STARTER, home);
    const pairs = [];
    for (const [i, prompt] of STARTER_PROMPTS.entries()) {
      pairs.push(
        await paintTwice(
          engine,
          { prompt, seed: 7 + i, strength: 0.8, device: 'cpu', model: STARTER },
          SKETCH,
        ),
      );
    }
    const psnr = [];
    for (const pair of pairs) psnr.push(await peakSignalToNoise(...pair));
    rows.push({ family: 'The starter model', psnr });
    if (values.picture !== undefined) await sideBySide(pairs, values.picture);
    process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : table(rows));
  } finally {
    await engine.end();
    rmSync(home, { recursive: true, force: true });
  }
}

/** The model's folder; for one that shares encoders and autoencoder with another, a copy of both. */
function wholeModel(model, home) {
  const folder = join(GOLDEN, 'models', model);
  if (model !== 'flux-dev') return folder;
  const whole = join(home, model);
  for (const part of ['flux-schnell', model])
    cpSync(join(GOLDEN, 'models', part), whole, { recursive: true });
  return whole;
}

/** Recorded runs of a model with its own autoencoder on plain pictures. */
function casesOf(model) {
  const folder = join(GOLDEN, 'cases');
  return (
    readdirSync(folder)
      .filter((name) => name.endsWith('.json') && !/^(masked|inpaint|lcm)/.test(name))
      // Python writes -Infinity, which is no JSON.
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8').replaceAll('-Infinity', 'null')))
      .filter((golden) => golden.model === model && golden.vae === undefined)
  );
}

/** What a recorded run and a job call the same. */
const FIELDS = ['prompt', 'negativePrompt', 'seed', 'strength', 'steps', 'guidance', 'scheduler'];

const settingsOf = (golden) => ({
  ...Object.fromEntries(FIELDS.map((name) => [name, golden[name]])),
  size: { width: golden.width, height: golden.height },
  device: 'cpu',
});

/** Paths of the same picture in float32 and in int8. */
async function paintTwice(engine, settings, input) {
  const paths = [];
  for (const precision of ['float32', 'int8']) {
    const { outputs } = await engine.paint({ ...settings, precision }, input);
    paths.push(outputs[0].path);
  }
  return paths;
}

/** `10 · log10(255² / mean squared difference)` in dB over RGB; infinite when equal. */
async function peakSignalToNoise(...paths) {
  const { default: sharp } = await import('sharp');
  const [a, b] = await Promise.all(paths.map((path) => sharp(path).removeAlpha().raw().toBuffer()));
  const sum = a.reduce((total, value, i) => total + (value - b[i]) ** 2, 0);
  return 10 * Math.log10((255 ** 2 * a.length) / sum);
}

/** Float32 above, int8 below. */
async function sideBySide(pairs, path) {
  const { default: sharp } = await import('sharp');
  const side = 256;
  const composite = await Promise.all(
    pairs.flatMap((pair, column) =>
      pair.map(async (file, row) => ({
        input: await sharp(file).resize(side, side, { fit: 'contain' }).toBuffer(),
        left: column * side,
        top: row * side,
      })),
    ),
  );
  await sharp({
    create: { width: side * pairs.length, height: 2 * side, channels: 3, background: '#808080' },
  })
    .composite(composite)
    .jpeg({ quality: 85 })
    .toFile(path);
}

function table(rows) {
  const lines = rows.map(
    ({ family, psnr }) =>
      `| ${family} | ${psnr.length} | ${Math.min(...psnr).toFixed(1)} dB | ${median(psnr).toFixed(1)} dB |`,
  );
  return [
    '| int8 against float32 | pictures | lowest PSNR | median |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}
