// `npm run bench -- starter [--pairs N] [--strength-pairs N] [--kind own|other|both] [--json]`: does the starter model follow the words, and does strength
// mean what it says? 300 held-out sketches with prompts (models/starter/train/pairs.py) go through the app's own engine on the CPU, and a classifier that was
// trained on renders alone (models/starter/train/classifier.py) reads the results.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, root, say, ScriptError } from '../bootstrap.mjs';
import { Engine } from './engine.mjs';

const MODEL = join(root, 'models/starter');
const TRAIN = join(MODEL, 'train');
const SIDE_PX = 256;
const COLUMNS = 20;
const JUDGED_STRENGTH = 0.8;
const STRENGTHS = [0.2, 0.3, 0.4, 0.6, 0.8, 0.9, 1];
/** What the model is asked to reach, in percent. */
const BOUNDS = { time: 90, terrain: 80, weather: 75, object: 65, style: 85 };

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

export async function benchStarter(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      pairs: { type: 'string', default: '300' },
      'strength-pairs': { type: 'string', default: '100' },
      kind: { type: 'string', default: 'both' },
      json: { type: 'boolean', default: false },
    },
  });
  const rows = readJson(join(TRAIN, 'pairs.json'));
  const count = wholeNumber(values.pairs, '--pairs', rows.length);
  const strengthCount = wholeNumber(values['strength-pairs'], '--strength-pairs', rows.length);
  const kinds = { own: ['own'], other: ['other'], both: ['own', 'other'] }[values.kind];
  if (kinds === undefined) throw new ScriptError('--kind takes own, other or both.');
  await ensureInstalled();
  await ensureBuilt('engine');
  const folder = mkdtempSync(join(tmpdir(), 'underpaint-bench-'));
  const engine = new Engine(folder);
  try {
    const judge = await openJudge();
    const sketches = await cutSketches(folder, rows.slice(0, Math.max(count, strengthCount)));
    const result = { attributes: [], strengths: [] };
    for (const kind of kinds) {
      if (count > 0)
        result.attributes.push(await followsWords(engine, judge, sketches.slice(0, count), kind));
    }
    if (strengthCount > 0) {
      for (const strength of STRENGTHS) {
        result.strengths.push(await meansStrength(engine, judge, sketches.slice(0, strengthCount), strength));
      }
    }
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result, judge));
  } finally {
    await engine.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function wholeNumber(text, option, limit) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > limit) {
    throw new ScriptError(`${option} takes a whole number from 0 to ${limit}.`);
  }
  return number;
}

/** Cuts the sheet into one file per sketch; answers each with its row and its pixels. */
async function cutSketches(folder, rows) {
  const { default: sharp } = await import('sharp');
  const { data, info } = await sharp(join(TRAIN, 'pairs.webp'))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const sheet = { width: info.width, height: info.height, channels: info.channels };
  return Promise.all(
    rows.map(async (row, i) => {
      const path = join(folder, `sketch-${i}.png`);
      const left = (i % COLUMNS) * SIDE_PX;
      const top = Math.floor(i / COLUMNS) * SIDE_PX;
      await sharp(data, { raw: sheet })
        .extract({ left, top, width: SIDE_PX, height: SIDE_PX })
        .png()
        .toFile(path);
      return { row, path, pixels: await readPixels(path) };
    }),
  );
}

/** RGB bytes of a picture of 256 × 256. */
async function readPixels(path) {
  const { default: sharp } = await import('sharp');
  const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  if (info.width !== SIDE_PX || info.height !== SIDE_PX) throw new ScriptError(`${path} has another size.`);
  return data;
}

/** The classifier: pixels → attribute → index of the value that it reads. */
async function openJudge() {
  // Its telemetry stays off, as in the app.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const { side, attributes, accuracy_percent: accuracy } = readJson(join(TRAIN, 'classifier.json'));
  const session = await InferenceSession.create(join(TRAIN, 'classifier.onnx'));
  const read = async (pixels) => {
    const picture = new Tensor('float32', halve(pixels), [1, 3, side, side]);
    const { scores } = await session.run({ picture });
    const reading = {};
    let start = 0;
    for (const [name, options] of Object.entries(attributes)) {
      const part = scores.data.slice(start, start + options.length);
      reading[name] = part.indexOf(Math.max(...part));
      start += options.length;
    }
    return reading;
  };
  return { attributes, accuracy, read };
}

/** Averages blocks of 2 × 2 pixels: bytes [256, 256, 3] to [3, 128, 128] in -1 … 1. */
function halve(pixels) {
  const side = SIDE_PX / 2;
  const out = new Float32Array(3 * side * side);
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const at = (dy, dx) => pixels[((2 * y + dy) * SIDE_PX + 2 * x + dx) * 3 + channel];
        out[(channel * side + y) * side + x] = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4 / 127.5 - 1;
      }
    }
  }
  return out;
}

async function paint(engine, { row, path }, kind, strength) {
  const { prompt } = row[kind];
  const size = { width: SIDE_PX, height: SIDE_PX };
  const report = await engine.paint({ prompt, seed: row.seed, strength, size, device: 'cpu' }, path);
  return readPixels(report.outputs[0].path);
}

/** Percent of the pairs in which the judge reads the asked value; and how many the sketch alone would have given away. */
async function followsWords(engine, judge, sketches, kind) {
  const names = Object.keys(judge.attributes);
  const right = Object.fromEntries(names.map((name) => [name, 0]));
  const given = { ...right };
  const percent = (counts, done) =>
    Object.fromEntries(names.map((name) => [name, (100 * counts[name]) / done]));
  for (const [i, sketch] of sketches.entries()) {
    const read = await judge.read(await paint(engine, sketch, kind, JUDGED_STRENGTH));
    const before = await judge.read(sketch.pixels);
    for (const [j, name] of names.entries()) {
      const asked = sketch.row[kind].asked[j];
      if (judge.attributes[name][read[name]] === asked) right[name] += 1;
      if (judge.attributes[name][before[name]] === asked) given[name] += 1;
    }
    if (i % 10 === 9) {
      const soFar = Object.entries(percent(right, i + 1)).map(
        ([name, value]) => `${name} ${value.toFixed(1)}`,
      );
      say(`"${kind}" prompts, ${i + 1} of ${sketches.length}: ${soFar.join(', ')}`);
    }
  }
  const pairs = sketches.length;
  return { kind, pairs, right: percent(right, pairs), inSketch: percent(given, pairs) };
}

/** Mean distance to the sketches; and where terrain or object of prompt and sketch differ, which of them the judge reads. */
async function meansStrength(engine, judge, sketches, strength) {
  let [coarse, fine, asked, drawn, conflicts] = [0, 0, 0, 0, 0];
  for (const sketch of sketches) {
    const pixels = await paint(engine, sketch, 'other', strength);
    coarse += edgeCorrelation(pixels, sketch.pixels, 32) / sketches.length;
    fine += edgeCorrelation(pixels, sketch.pixels, 64) / sketches.length;
    const read = await judge.read(pixels);
    for (const [j, name] of [
      [1, 'terrain'],
      [3, 'object'],
    ]) {
      const wanted = sketch.row.other.asked[j];
      const present = sketch.row[name];
      if (wanted === present) continue;
      conflicts += 1;
      const seen = judge.attributes[name][read[name]];
      if (seen === wanted) asked += 1;
      if (seen === present) drawn += 1;
    }
  }
  const result = {
    strength,
    pairs: sketches.length,
    edgeCorrelation: { 32: coarse, 64: fine },
    asked: (100 * asked) / conflicts,
    drawn: (100 * drawn) / conflicts,
  };
  say(
    `strength ${strength}: edge correlation ${coarse.toFixed(3)} (64²: ${fine.toFixed(3)}), as asked ${result.asked.toFixed(1)}, as drawn ${result.drawn.toFixed(1)}`,
  );
  return result;
}

/** Pearson's correlation of the edges of two pictures at side × side. */
function edgeCorrelation(a, b, side) {
  const [x, y] = [edges(a, side), edges(b, side)];
  const mean = (v) => v.reduce((sum, value) => sum + value, 0) / v.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

/** Length of the Sobel gradient of the brightness (Rec. 709 weights) at side × side (32 is the resolution of the latents); the border repeats. */
function edges(pixels, side) {
  const block = SIDE_PX / side;
  const grey = new Float64Array(side * side);
  for (let i = 0; i < SIDE_PX * SIDE_PX; i++) {
    const [y, x] = [Math.floor(i / SIDE_PX), i % SIDE_PX];
    const light = 0.2126 * pixels[3 * i] + 0.7152 * pixels[3 * i + 1] + 0.0722 * pixels[3 * i + 2];
    grey[Math.floor(y / block) * side + Math.floor(x / block)] += light / block ** 2;
  }
  const clamp = (v) => Math.min(side - 1, Math.max(0, v));
  const at = (y, x) => grey[clamp(y) * side + clamp(x)];
  return Float64Array.from(grey, (_, i) => {
    const [y, x] = [Math.floor(i / side), i % side];
    const row = (dy) => at(y + dy, x - 1) + 2 * at(y + dy, x) + at(y + dy, x + 1);
    const column = (dx) => at(y - 1, x + dx) + 2 * at(y, x + dx) + at(y + 1, x + dx);
    return Math.hypot(row(1) - row(-1), column(1) - column(-1));
  });
}

function table({ attributes, strengths }, judge) {
  const cell = (value) => value.toFixed(1).padStart(7);
  const lines = [];
  for (const { kind, pairs, right, inSketch } of attributes) {
    const what = kind === 'own' ? "of the sketch's own terrain and object" : 'of any terrain and object';
    lines.push(
      `${pairs} sketches with prompts ${what}, strength ${JUDGED_STRENGTH}, default steps; percent`,
      'attribute   asked   bound  chance  sketch alone  classifier on renders',
    );
    for (const [name, options] of Object.entries(judge.attributes)) {
      lines.push(
        `${name.padEnd(10)}${cell(right[name])} ${cell(BOUNDS[name])} ${cell(100 / options.length)} ${cell(inSketch[name]).padStart(13)} ${cell(judge.accuracy[name]).padStart(22)}`,
      );
    }
    lines.push('');
  }
  if (strengths.length > 0) {
    lines.push(
      `${strengths[0].pairs} sketches with prompts of any terrain and object; where prompt and sketch differ, percent that show the one or the other`,
      'strength  edge correlation with the sketch at 32²  at 64²  as asked  as drawn',
    );
    for (const { strength, edgeCorrelation: at, asked, drawn } of strengths) {
      lines.push(
        `${String(strength).padEnd(9)} ${at[32].toFixed(3).padStart(38)} ${at[64].toFixed(3).padStart(7)} ${cell(asked)} ${cell(drawn)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
