/**
 * The recovery ladder on this machine: smaller tiles, the next provider, the CPU. Each step is announced, latents are kept, no step runs
 * twice, and the next job knows what did not fit.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SessionOpener } from '../../main/engine/onnx/providers';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { machineWith } from '../support/plan-table';
import { testMachine, type TestMachine } from '../support/test-machine';
import { AppError } from '../../shared/errors';
import type { GenerationSettings } from '../../shared/generation';
import type { JobProgress, JobReport } from '../../shared/job';
import { networkSettingsSchema, type LedgerEntry } from '../../shared/network';
import type { RemoteAccess } from '../../main/engine/remote/places';
import { faultyOpener, type Fault } from '../support/faulty-sessions';
import { withFolder } from '../support/golden';
import { sha256OfPixels, texture, writePng } from '../support/pictures';
import { runJob } from '../support/run-job';
import { accessTo, serveModel } from '../support/served';
import { smallJob } from '../support/settings';

const WIDTH = 640;
const WIDE = smallJob({ size: { width: WIDTH, height: 64 }, steps: 4, strength: 0.5, device: 'auto' });
const noMemory = (): AppError => new AppError('out-of-memory', 'There is not enough memory.');

interface Run {
  readonly report: JobReport;
  readonly progress: readonly JobProgress[];
  readonly sha256: string;
  /** How often the UNet ran to its end. */
  readonly stepsRun: number;
}

async function run(
  fault: Fault | null,
  machine: TestMachine,
  settings: GenerationSettings = WIDE,
  remote?: RemoteAccess,
): Promise<Run> {
  return withFolder(async (folder) => {
    const counter = { runs: 0 };
    const models = new ModelCache(counted(faultyOpener(fault).open, counter));
    try {
      const inputPath = await writePng(join(folder, 'wide.png'), WIDTH, 64, texture(WIDTH, 64));
      const { report, progress } = await runJob({
        folder,
        inputPath,
        settings,
        context: { models, machine, remote },
      });
      const sha256 = await sha256OfPixels(report.outputs[0]?.path ?? '');
      return { report, progress, sha256, stepsRun: counter.runs };
    } finally {
      await models.release();
    }
  });
}

/** Counts the runs of the UNet that gave a result. */
function counted(open: SessionOpener, counter: { runs: number }): SessionOpener {
  return async (path, options) => {
    const session = await open(path, options);
    if (!path.includes('unet')) return session;
    return {
      ...session,
      run: async (feeds) => {
        const results = await session.run(feeds);
        counter.runs += 1;
        return results;
      },
    };
  };
}

const withCard = (): TestMachine => testMachine(machineWith(8));
const places = (progress: readonly JobProgress[], stage: string): string[] =>
  progress.flatMap((event) =>
    event.kind === 'stage-start' && event.stage === stage
      ? [`${event.provider ?? '-'}${event.tiled ? ' tiled' : ''}`]
      : [],
  );

describe('a plan', () => {
  it('is followed, and the report compares it with what happened', async () => {
    const machine = withCard();
    const { report, progress } = await run(null, machine);
    for (const stage of report.stages) {
      expect(stage).toMatchObject({ device: 'gpu', provider: 'webgpu', tiled: false });
      expect(stage.reason).toMatch(/^the graphics card has room for it \(\d\.\d GB of \d\.\d GB\)/);
      expect(stage.predictedMs).toBeGreaterThanOrEqual(0);
      expect(stage.predictedMemoryBytes).toBeGreaterThan(0);
    }
    const starts = progress.filter((event) => event.kind === 'stage-start');
    expect(starts.map(({ stage }) => stage)).toEqual(['encode', 'generate', 'decode']);
    for (const { predicted } of starts) expect(predicted?.memoryBytes).toBeGreaterThan(0);
    expect(machine.shown().entries.map(({ stage, outcome }) => [stage, outcome])).toEqual([
      ['encode', 'done'],
      ['generate', 'done'],
      ['decode', 'done'],
    ]);
  });

  it('of the CPU measures the memory that it took, and the next plan takes the measured time', async () => {
    const machine = testMachine();
    const first = await run(null, machine);
    for (const { device, provider } of first.report.stages)
      expect([device, provider]).toEqual(['cpu', 'cpu']);
    const [, generate] = machine.shown().entries;
    expect(generate).toMatchObject({ work: WIDTH * 64 * 2, device: 'cpu', family: 'sd1' });
    const second = await run(null, machine);
    expect(second.report.stages[1]?.predictedMs).toBe(Math.round(generate?.ms ?? -1));
    expect(second.sha256).toBe(first.sha256);
  });

  it('of a card that is too small takes the CPU and says why', async () => {
    const small = testMachine({ ...machineWith(8), reserveBytes: 7 * 2 ** 30 });
    const { report } = await run(null, small);
    expect(report.stages[1]?.device).toBe('cpu');
    expect(report.stages[1]?.reason).toMatch(/it needs .* and the graphics card has 0\.0 GB to spare/);
    expect(report.notices).toEqual([]);
  });
});

describe('decode runs out of memory', () => {
  /** Refuses passes of the decoder wider than `side` latents. */
  const fault = (on: Fault['on'], side: number): Fault => ({
    component: 'vae_decoder',
    on,
    refuse: (dims) => ((dims[3] ?? 0) > side ? noMemory() : null),
  });

  it('and goes on with ever smaller tiles, each announced, the latents kept', async () => {
    const machine = withCard();
    const { report, progress, stepsRun } = await run(fault('gpu', 32), machine);
    expect(stepsRun).toBe(2);
    expect(report.notices).toEqual(
      [512, 384, 256].map((side) => `The decode stage ran out of memory and goes on in tiles of ${side} px.`),
    );
    expect(places(progress, 'decode')).toEqual(['webgpu', 'webgpu tiled', 'webgpu tiled', 'webgpu tiled']);
    expect(places(progress, 'generate')).toEqual(['webgpu']);
    expect(report.stages[2]).toMatchObject({
      device: 'gpu',
      tiled: true,
      reason: 'in tiles of 256 px, because memory ran out',
    });
    const failed = machine.shown().entries.filter(({ outcome }) => outcome === 'out-of-memory');
    expect(failed.map(({ stage, passPx }) => [stage, passPx])).toEqual(
      [640, 512, 384].map((side) => ['decode', side * 64]),
    );

    // The next job starts with the tiles that fit, and makes the same picture.
    const again = await run(fault('gpu', 32), machine);
    expect(again.report.notices).toEqual([]);
    expect(places(again.progress, 'decode')).toEqual(['webgpu tiled']);
    expect(again.report.stages[2]?.reason).toContain('decoding the whole picture ran out of memory before');
  });

  it('with every tile on the card and goes on with the CPU, whole again; the steps are not repeated', async () => {
    const machine = withCard();
    const { report, progress, stepsRun, sha256 } = await run(fault('gpu', 0), machine);
    expect(stepsRun).toBe(2);
    expect(report.notices).toHaveLength(4);
    expect(report.notices.at(-1)).toBe('The VAE decoder goes on with "cpu": There is not enough memory.');
    expect(places(progress, 'decode').at(-1)).toBe('cpu');
    expect(report.stages.map(({ device }) => device)).toEqual(['gpu', 'gpu', 'cpu']);
    expect(report.stages[2]?.reason).toBe('the graphics card could not be used');
    expect(sha256).toBe((await run(null, testMachine())).sha256);

    const again = await run(fault('gpu', 0), machine);
    expect(again.report.notices).toEqual([]);
    expect(again.report.stages[2]).toMatchObject({
      device: 'cpu',
      reason: 'the graphics card ran out of memory with it before',
    });
  });

  it('everywhere and ends with that reason, nothing half-written', async () => {
    const machine = testMachine();
    await expect(run(fault('all', 0), machine)).rejects.toMatchObject({ code: 'out-of-memory' });
    const failed = machine.shown().entries.filter(({ outcome }) => outcome === 'out-of-memory');
    expect(failed.map(({ passPx }) => passPx)).toEqual([640, 512, 384, 256].map((side) => side * 64));
  });
});

describe('generate runs out of memory', () => {
  it('in the middle and goes on with the CPU after the last step that was done', async () => {
    const machine = withCard();
    const fault: Fault = { component: 'unet', on: 'gpu', onlyRun: 2, refuse: noMemory };
    const { report, progress, stepsRun, sha256 } = await run(fault, machine);
    expect(stepsRun).toBe(2);
    expect(report.notices).toEqual(['The UNet goes on with "cpu": There is not enough memory.']);
    expect(places(progress, 'generate')).toEqual(['webgpu', 'cpu']);
    const steps = progress.flatMap((event) => (event.kind === 'step' ? [event.step] : []));
    expect(steps).toEqual([1, 2]);
    expect(sha256).toBe((await run(null, testMachine())).sha256);
    expect(machine.shown().entries.find(({ outcome }) => outcome === 'out-of-memory')).toMatchObject({
      stage: 'generate',
      provider: 'webgpu',
      passPx: WIDTH * 64,
    });
    const again = await run(null, machine);
    expect(places(again.progress, 'generate')).toEqual(['cpu']);
  });

  it('when its session is opened and goes on with the next provider', async () => {
    const machine = withCard();
    const real = faultyOpener().open;
    const models = new ModelCache(async (path, options) => {
      if (options.provider !== 'cpu' && path.includes('unet')) throw noMemory();
      return real(path, options);
    });
    await withFolder(async (folder) => {
      const inputPath = await writePng(join(folder, 'wide.png'), WIDTH, 64, texture(WIDTH, 64));
      const { report } = await runJob({ folder, inputPath, settings: WIDE, context: { models, machine } });
      await models.release();
      expect(report.stages.map(({ device }) => device)).toEqual(['gpu', 'cpu', 'gpu']);
      expect(readdirSync(join(folder, 'out'))).toHaveLength(1);
    });
    expect(machine.shown().entries[1]).toMatchObject({ stage: 'generate', outcome: 'out-of-memory' });
  });
});

describe('this machine has no memory at all', () => {
  const allowing = (
    urls: Partial<Record<'generate' | 'decode', string>>,
  ): RemoteAccess & { ledger: LedgerEntry[] } =>
    accessTo(
      {},
      {
        settings: async () =>
          networkSettingsSchema.parse({
            limits: { networkRetries: 0 },
            endpoints: Object.fromEntries(Object.entries(urls).map(([stage, url]) => [stage, [{ url }]])),
            allowed: Object.values(urls).map((url) => ({ url, kinds: ['latent', 'prompt'] })),
          }),
      },
    );

  it('for decode: the endpoint that may be used is the last rung, announced, no step repeated', async () => {
    const { url } = await serveModel();
    const fault: Fault = { component: 'vae_decoder', on: 'all', refuse: noMemory };
    const remote = allowing({ decode: url });
    const { report, progress, stepsRun, sha256 } = await run(fault, withCard(), WIDE, remote);
    expect(stepsRun).toBe(2);
    expect(report.notices.slice(-2)).toEqual([
      'The decode stage ran out of memory and goes on in tiles of 256 px.',
      `This machine has too little memory for the decode stage, which goes on on ${url}.`,
    ]);
    expect(places(progress, 'decode').at(-1)).toBe('-');
    expect(report.stages.map(({ where }) => where)).toEqual(['local', 'local', 'remote']);
    expect(remote.ledger.map(({ stage, kinds }) => [stage, kinds])).toEqual([['decode', ['latent']]]);
    expect(sha256).toBe((await run(null, testMachine())).sha256);
  });

  it('for the rest of generate: the endpoint goes on after the last step that was done here', async () => {
    const served = { runs: 0 };
    const { url } = await serveModel('sd1-onnx', {}, new ModelCache(counted(faultyOpener().open, served)));
    const settings = { ...WIDE, steps: 8 };
    const fault: Fault = { component: 'unet', on: 'all', onlyRun: 3, refuse: noMemory };
    const { report, progress, stepsRun, sha256 } = await run(
      fault,
      testMachine(),
      settings,
      allowing({ generate: url }),
    );
    expect([stepsRun, served.runs]).toEqual([2, 2]);
    expect(progress.flatMap((event) => (event.kind === 'step' ? [event.step] : []))).toEqual([1, 2, 3, 4]);
    expect(report.notices).toEqual([
      `This machine has too little memory for the generate stage, which goes on on ${url}.`,
    ]);
    expect(sha256).toBe((await run(null, testMachine(), settings)).sha256);
  });

  it('for the prompt: an endpoint reads it', async () => {
    const { url } = await serveModel();
    const fault: Fault = { component: 'text_encoder', on: 'all', refuse: noMemory };
    const { report, stepsRun } = await run(fault, testMachine(), WIDE, allowing({ generate: url }));
    expect(stepsRun).toBe(0);
    expect(report.stages.map(({ where }) => where)).toEqual(['local', 'remote', 'local']);
  });

  it('and no endpoint may be used, or the stage is to stay here, or the endpoint fails, too: that reason, exit code 6', async () => {
    const { url } = await serveModel();
    const fault: Fault = { component: 'vae_decoder', on: 'all', refuse: noMemory };
    const outOfMemory = { code: 'out-of-memory' };
    await expect(run(fault, testMachine(), WIDE, allowing({}))).rejects.toMatchObject(outOfMemory);
    const here = allowing({ decode: url });
    await expect(run(fault, testMachine(), { ...WIDE, decode: 'local' }, here)).rejects.toMatchObject(
      outOfMemory,
    );
    expect(here.ledger).toEqual([]);
    const dead = allowing({ decode: 'http://127.0.0.1:9' });
    await expect(run(fault, testMachine(), WIDE, dead)).rejects.toMatchObject(outOfMemory);
    expect(dead.ledger.length).toBeGreaterThan(0);
  });
});

describe('what was learned', () => {
  it('that cannot be kept is said, and the picture is made all the same', async () => {
    const machine: TestMachine = {
      ...testMachine(),
      remember: () => Promise.reject(new Error('the disk is full')),
    };
    const { report } = await run(null, machine);
    expect(report.outputs).toHaveLength(1);
    expect(report.notices[0]).toMatch(/could not be kept for the next one: the disk is full/);
  });
});
