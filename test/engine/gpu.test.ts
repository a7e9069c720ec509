/** `gpu` on WebGPU with the software driver agrees with the CPU; where no driver is found the CPU takes over and it is said. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerationSettings } from '../../shared/generation';
import { jobReportSchema, type JobReport } from '../../shared/job';
import { runCli } from '../support/cli';
import { EngineProcess } from '../support/engine-process';
import { maxDifference } from '../support/golden';
import { INPUT_64, readPixels, sha256OfFile, texture, writePng } from '../support/pictures';
import { ensurePrograms, NO_GPU, softwareGpu } from '../support/programs';
import { asArguments, smallJob } from '../support/settings';

/** A software driver compiles every shader on the CPU, and the machine may be small. */
const SLOW_MS = 300_000;

let folder: string;
let jobs = 0;

beforeAll(async () => {
  await ensurePrograms();
  folder = await mkdtemp(join(tmpdir(), 'underpaint-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A picture that no engine has encoded yet, so that the encoder has to run. */
async function anotherPicture(): Promise<string> {
  jobs += 1;
  return writePng(
    join(folder, `picture-${jobs}.png`),
    64,
    64,
    texture(64, 64 + jobs).subarray(0, 64 * 64 * 3),
  );
}

async function run(
  engine: EngineProcess,
  settings: GenerationSettings,
  inputPath = INPUT_64,
): Promise<{ report: JobReport; path: string }> {
  jobs += 1;
  const outputFolder = join(folder, `out-${jobs}`);
  const jobFolder = join(folder, `job-${jobs}`);
  for (const path of [outputFolder, jobFolder]) await mkdir(path);
  const { report } = await engine.img2img({
    inputPath,
    settings,
    outputFolder,
    outputName: 'result',
    jobFolder,
    previews: false,
  });
  return { report, path: report.outputs[0]?.path ?? '' };
}

const places = (report: JobReport): string[] =>
  report.stages.map((stage) => `${stage.device} ${stage.provider}`);

describe.each([
  ['sd1-onnx', ['ddim', 'dpmpp-2m']],
  ['sd2-onnx', ['pndm', 'euler-ancestral']],
] as const)('%s on a software Vulkan driver', (model, schedulers) => {
  let gpu: EngineProcess;
  let cpu: EngineProcess;

  beforeAll(async () => {
    gpu = new EngineProcess(await softwareGpu());
    cpu = new EngineProcess();
  });
  afterAll(() => Promise.all([gpu.kill(), cpu.kill()]));

  it.each(schedulers)(
    'is within 2/255 of the CPU with %s',
    async (scheduler) => {
      const settings = smallJob({ model, scheduler });
      const inputPath = await anotherPicture();
      const onGpu = await run(gpu, { ...settings, device: 'gpu' }, inputPath);
      const onCpu = await run(cpu, settings, inputPath);
      expect(places(onGpu.report)).toEqual(['gpu webgpu', 'gpu webgpu', 'gpu webgpu']);
      expect(places(onCpu.report)).toEqual(['cpu cpu', 'cpu cpu', 'cpu cpu']);
      expect(onGpu.report.notices).toEqual([]);
      const [gpuPixels, cpuPixels] = [await readPixels(onGpu.path), await readPixels(onCpu.path)];
      expect(maxDifference(gpuPixels.data, cpuPixels.data)).toBeLessThanOrEqual(2);
    },
    SLOW_MS,
  );

  it(
    'gives the same file twice',
    async () => {
      const settings = smallJob({ model, scheduler: schedulers[0], strength: 0.25, device: 'gpu' });
      const first = await run(gpu, settings);
      const second = await run(gpu, settings);
      expect(await sha256OfFile(second.path)).toBe(await sha256OfFile(first.path));
    },
    SLOW_MS,
  );
});

describe('without a graphics card', () => {
  const settings = smallJob();

  it('--device gpu says once that the CPU takes over, and makes its picture', async () => {
    const home = join(folder, 'home');
    const results: JobReport[] = [];
    for (const device of ['gpu', 'cpu'] as const) {
      const args = [
        'img2img',
        INPUT_64,
        ...asArguments({ ...settings, device }),
        '-o',
        join(folder, `${device}.png`),
        '--json',
      ];
      const result = await runCli(args, { home, env: NO_GPU });
      expect(result.code, result.lines.join('\n')).toBe(0);
      results.push(jobReportSchema.parse(JSON.parse(result.stdout)));
    }
    const [asked, plain] = results;
    expect(asked?.notices).toHaveLength(1);
    expect(asked?.notices[0]).toMatch(/^This job runs on "cpu": there is no graphics card/);
    expect(asked && places(asked)).toEqual(['cpu cpu', 'cpu cpu', 'cpu cpu']);
    for (const stage of asked?.stages ?? []) expect(stage.reason).toContain('could not be used');
    expect(asked?.outputs[0]?.sha256).toBe(plain?.outputs[0]?.sha256);
    expect(plain?.notices).toEqual([]);
  });

  it('a second job with the same engine still says why it runs on the CPU', async () => {
    const engine = new EngineProcess(NO_GPU);
    try {
      for (const seed of [1, 2]) {
        const { report } = await run(engine, smallJob({ seed, device: 'gpu' }), await anotherPicture());
        expect(places(report)).toEqual(['cpu cpu', 'cpu cpu', 'cpu cpu']);
        expect(report.stages[1]?.reason).toContain('could not be used');
      }
    } finally {
      await engine.kill();
    }
  });
});
