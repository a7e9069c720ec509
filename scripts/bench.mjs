// `npm run bench [-- <name>] [--runs N] [--json]`. Without a name: how long the main job takes on the starter model, on the CPU, in the engine that the app runs.
// Side by side and in alternation, so that a slow moment of the machine hits both: a new engine against one whose sessions are kept,
// and the decoder whole against in tiles. The comparisons are ratios within one machine; the times alone mean little elsewhere.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, main, say, ScriptError } from './bootstrap.mjs';
import { Engine } from './bench/engine.mjs';
import { median, seconds } from './bench/numbers.mjs';

const BASE = { prompt: 'a red house by a lake', seed: 7, device: 'cpu' };

/** Large enough for four tiles of 512 pixels, few steps, because the decoder is what is compared. */
const TILED_SIZE_PX = 896;

async function measure(folder, runs) {
  const fresh = [];
  const kept = [];
  const whole = [];
  const tiled = [];
  const warm = new Engine(folder);
  await warm.paint(BASE); // opens the sessions that the kept runs use
  for (let i = 0; i < runs; i++) {
    const settings = { ...BASE, prompt: `${BASE.prompt}, ${i}` }; // another prompt, so that no embedding is remembered
    const cold = new Engine(folder);
    fresh.push(await cold.paint(settings));
    await cold.end();
    kept.push(await warm.paint(settings));
    say(
      `run ${i + 1} of ${runs}: new engine ${seconds(fresh[i].wallMs)}, kept sessions ${seconds(kept[i].wallMs)}`,
    );
  }
  await warm.end();
  for (let i = 0; i < runs; i++) {
    for (const [tiling, reports] of [
      ['off', whole],
      ['on', tiled],
    ]) {
      const engine = new Engine(folder); // a process of its own, so that each has its own peak memory
      const size = { width: TILED_SIZE_PX, height: TILED_SIZE_PX };
      reports.push(await engine.paint({ ...BASE, tiling, size, steps: 2, strength: 1 }));
      await engine.end();
    }
    say(
      `run ${i + 1} of ${runs}: decode whole ${seconds(decodeMs(whole[i]))}, in tiles ${seconds(decodeMs(tiled[i]))}`,
    );
  }
  return {
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
    runs,
    pipeline: compare(
      ['new engine', fresh.map((report) => report.wallMs), fresh],
      ['kept sessions', kept.map((report) => report.wallMs), kept],
    ),
    decode: compare(['whole', whole.map(decodeMs), whole], ['in tiles', tiled.map(decodeMs), tiled]),
  };
}

function decodeMs(report) {
  return report.stages.find(({ stage }) => stage === 'decode').ms;
}

function compare([nameA, msA, reportsA], [nameB, msB, reportsB]) {
  const side = (name, ms, reports) => ({
    name,
    medianMs: median(ms),
    minMs: Math.min(...ms),
    maxMs: Math.max(...ms),
    peakRssBytes: median(reports.map((report) => report.peakRssBytes)),
  });
  // The median of the ratios of neighbours, not the ratio of the medians: drift of the machine cancels out.
  const ratio = median(msA.map((ms, i) => ms / msB[i]));
  return { a: side(nameA, msA, reportsA), b: side(nameB, msB, reportsB), ratio };
}

function table({ machine, runs, pipeline, decode }) {
  const row = ({ name, medianMs, minMs, maxMs, peakRssBytes }) =>
    `  ${name.padEnd(14)} ${seconds(medianMs).padStart(8)}   ${seconds(minMs)} to ${seconds(maxMs)}   ${(peakRssBytes / 2 ** 20).toFixed(0)} MiB\n`;
  const block = (title, { a, b, ratio }) =>
    `${title}\n${row(a)}${row(b)}  ${a.name} takes ${ratio.toFixed(2)} × the time of ${b.name}\n`;
  return `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; median, range and peak memory of ${runs} runs\n\n${block('Main job on the sketch', pipeline)}\n${block(`Decode of ${TILED_SIZE_PX} × ${TILED_SIZE_PX} pixels`, decode)}`;
}

/** Name → bench; each parses its own options. Loaded when asked for, because they need installed packages. */
const OTHERS = {
  checkpoint: async () => (await import('./bench/checkpoint.mjs')).benchCheckpoint,
  kill: async () => (await import('./bench/kill.mjs')).benchKill,
  gallery: async () => (await import('./bench/gallery.mjs')).benchGallery,
  int8: async () => (await import('./bench/int8.mjs')).benchInt8,
  pictures: async () => (await import('./bench/pictures.mjs')).benchPictures,
  paint: async () => (await import('./bench/paint.mjs')).benchPaint,
  starter: async () => (await import('./bench/starter.mjs')).benchStarter,
  window: async () => (await import('./bench/window.mjs')).benchWindow,
};

await main(async () => {
  const [name, ...rest] = process.argv.slice(2);
  if (name !== undefined && !name.startsWith('-')) {
    if (!(name in OTHERS)) {
      throw new ScriptError(
        `There is no bench "${name}"; choose one of ${Object.keys(OTHERS).join(', ')}, or none.`,
      );
    }
    await ensureInstalled();
    const bench = await OTHERS[name]();
    return bench(rest);
  }
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new ScriptError('--runs takes a whole number from 1 on.');
  await ensureInstalled();
  await ensureBuilt('engine');
  const folder = mkdtempSync(join(tmpdir(), 'underpaint-bench-'));
  try {
    const result = await measure(folder, runs);
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
