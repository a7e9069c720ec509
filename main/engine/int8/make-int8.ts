/**
 * Makes the 8-bit variant of a checkpoint's denoiser, once: observe the convolutions on real pictures, write the weights, and compare pictures with
 * float32. Nothing but the checkpoint is needed, and the checkpoint stays as it is.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { generationSettingsSchema, type GenerationSettings } from '../../../shared/generation';
import type { JobContext } from '../context';
import { placeGraph } from '../checkpoint/graph-files';
import {
  CPU_TARGET,
  DERIVED_FILE,
  RANGES_OUTPUT,
  type ConvRange,
  type ConvRanges,
} from '../graphs/graph-builder';
import { detectFamily, recommendedDefaults } from '../families/detect';
import { folderBytes } from '../folder-bytes';
import { img2img } from '../img2img';
import { readPicture } from '../image/read';
import { ModelCache } from '../model/loaded-model';
import { readModelFolder } from '../model/model-folder';
import type { ModelFolder } from '../model/model-folder-parts';
import { starterModelPath } from '../model/starter-path';
import { openSession, type Session } from '../onnx/session';
import type { SessionOpener } from '../onnx/providers';
import {
  denoiserOf,
  GRAPH_FILE,
  int8FolderOf,
  qualityPath,
  readQuality,
  withDenoiserOnCpu,
  type Int8Quality,
} from './int8-files';
import { writeTensors } from './write-tensors';

/** What is painted to observe ranges, and what to judge the quality by: different prompts and seeds. */
const OBSERVED: readonly Trial[] = [
  { prompt: 'snowy mountains at sunset, a small house, watercolour', seed: 1 },
  { prompt: 'a portrait of an old woman in a garden, photograph', seed: 2 },
];
const JUDGED: readonly Trial[] = [
  { prompt: 'a harbour with boats in the fog, oil painting', seed: 3 },
  { prompt: 'a red car in a city street at night, photograph', seed: 4 },
];
const STEPS = 6;
const STRENGTH = 0.9;

interface Trial {
  readonly prompt: string;
  readonly seed: number;
}

export interface Int8Report extends Int8Quality {
  readonly path: string;
  readonly folder: string;
}

/** Makes the variant, or answers the one that is there; throws `AppError`. `announce` gets plain sentences; `signal` ends it between steps. */
export async function makeInt8(
  model: string,
  signal: AbortSignal,
  announce: (message: string) => void,
): Promise<Int8Report> {
  const folder = await readModelFolder(resolve(model));
  const target = await int8FolderOf(folder);
  const known = await readQuality(target);
  if (known !== null) return { path: folder.path, folder: target, ...known };

  const work = await mkdtemp(join(tmpdir(), 'underpaint-int8-'));
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    announce('Observing the model on two pictures …');
    const ranges = await observe(folder, work, signal);
    announce('Writing the weights in 8 bits …');
    await mkdir(temporary, { recursive: true });
    const built = denoiserOf(folder).build({ ...CPU_TARGET, int8: { ranges } });
    await writeTensors(built.derived, join(temporary, DERIVED_FILE));
    await writeFile(join(temporary, GRAPH_FILE), built.bytes);
    announce('Comparing two pictures with float32 …');
    const psnr = await compare(folder, join(temporary, GRAPH_FILE), work, signal);
    const quality: Int8Quality = { psnr, sizeBytes: await folderBytes(temporary) };
    await writeFile(qualityPath(temporary), JSON.stringify(quality));
    await mkdir(dirname(target), { recursive: true });
    await rm(target, { recursive: true, force: true });
    await rename(temporary, target);
    return { path: folder.path, folder: target, ...quality };
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await rm(work, { recursive: true, force: true });
  }
}

/** Paints with a graph that tells the ranges of its convolutions, and answers the widest of all steps. */
async function observe(folder: ModelFolder, work: string, signal: AbortSignal): Promise<ConvRanges> {
  const built = denoiserOf(folder).build({ ...CPU_TARGET, int8: 'observe' });
  const path = await placeGraph(built, folder.denoiser, folder.name);
  const ranges = new Map<string, ConvRange>();
  const open: SessionOpener = async (graph, options) => {
    const session = await openSession(graph, options);
    return graph === path ? listening(session, (rows) => widen(ranges, built.observed, rows)) : session;
  };
  const observed = withDenoiserOnCpu(folder, { files: [], extensible: null, pathFor: async () => path });
  const models = new ModelCache(open, async () => observed);
  try {
    for (const trial of OBSERVED) await paint(trial, folder, { models, signal }, work);
  } finally {
    await models.release();
  }
  return ranges;
}

const listening = (session: Session, onRanges: (rows: Float32Array) => void): Session => ({
  ...session,
  async run(feeds) {
    const results = await session.run(feeds);
    const rows = results[RANGES_OUTPUT];
    if (rows !== undefined) onRanges(rows.data);
    return results;
  },
});

/** rows [n, 4]: smallest and largest input, smallest and largest output. */
function widen(ranges: Map<string, ConvRange>, names: readonly string[], rows: Float32Array): void {
  for (const [i, name] of names.entries()) {
    const [a = 0, b = 0, c = 0, d = 0] = rows.subarray(4 * i, 4 * i + 4);
    const { input, output } = ranges.get(name) ?? { input: [a, b], output: [c, d] };
    ranges.set(name, {
      input: [Math.min(input[0], a), Math.max(input[1], b)],
      output: [Math.min(output[0], c), Math.max(output[1], d)],
    });
  }
}

/** Peak signal-to-noise ratios of the variant's pictures to those in float32. */
async function compare(
  folder: ModelFolder,
  graph: string,
  work: string,
  signal: AbortSignal,
): Promise<(number | null)[]> {
  const variant = withDenoiserOnCpu(folder, {
    files: [],
    extensible: null,
    pathFor: () => Promise.resolve(graph),
  });
  const pictures: Buffer[][] = [];
  for (const version of [folder, variant]) {
    const models = new ModelCache(openSession, () => Promise.resolve(version));
    const painted: Buffer[] = [];
    try {
      for (const trial of JUDGED) painted.push(await paint(trial, folder, { models, signal }, work));
    } finally {
      await models.release();
    }
    pictures.push(painted);
  }
  const [exact = [], quick = []] = pictures;
  return exact.map((picture, i) => peakSignalToNoise(picture, quick[i] ?? Buffer.alloc(0)));
}

/** One picture at the model's own size from the bundled sketch, on the CPU: RGB bytes. */
async function paint(
  { prompt, seed }: Trial,
  folder: ModelFolder,
  context: Pick<JobContext, 'models' | 'signal'>,
  work: string,
): Promise<Buffer> {
  const { sidePx } = recommendedDefaults(folder, detectFamily(folder));
  const settings: GenerationSettings = generationSettingsSchema.parse({
    prompt,
    seed,
    steps: STEPS,
    strength: STRENGTH,
    size: { width: sidePx, height: sidePx },
    device: 'cpu',
  });
  const jobFolder = await mkdtemp(join(work, 'job-'));
  const params = {
    inputPath: join(starterModelPath(), 'sketch.png'),
    settings,
    outputFolder: jobFolder,
    outputName: 'picture',
    jobFolder,
    previews: false,
  };
  const report = await img2img(params, { ...context, onProgress: () => undefined });
  return (await readPicture(report.outputs[0]?.path ?? '')).rgb;
}

/** `10 · log10(255² / mean squared difference)` in dB; null: identical. */
export function peakSignalToNoise(a: Buffer, b: Buffer): number | null {
  if (a.length !== b.length) throw new Error('pictures of different sizes');
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum === 0 ? null : 10 * Math.log10((255 ** 2 * a.length) / sum);
}
