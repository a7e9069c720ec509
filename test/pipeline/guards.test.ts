/** No black pictures: unusable results of every stage are caught, tried again elsewhere, announced, and never saved. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { AppError, EXIT_CODES } from '../../shared/errors';
import type { GenerationSettings } from '../../shared/generation';
import type { JobReport } from '../../shared/job';
import { faultyOpener, SPOIL, type Fault } from '../support/faulty-sessions';
import { withFolder } from '../support/golden';
import { damagedModel, poisonInitializer } from '../support/model-copies';
import { INPUT_64, readPixels, sha256OfPixels, texture, writePng } from '../support/pictures';
import { runJob } from '../support/run-job';
import { smallJob } from '../support/settings';

const SETTINGS = smallJob({ steps: 4, strength: 1, device: 'gpu' });

interface Outcome {
  readonly report: JobReport;
  readonly sha256: string;
}

async function run(
  folder: string,
  fault: Fault | null,
  settings: GenerationSettings = SETTINGS,
  inputPath = INPUT_64,
): Promise<Outcome> {
  const models = new ModelCache(faultyOpener(fault).open);
  try {
    const { report } = await runJob({ folder, inputPath, settings, context: { models } });
    return { report, sha256: await sha256OfPixels(report.outputs[0]?.path ?? '') };
  } finally {
    await models.release();
  }
}

let expected: string;

beforeAll(async () => {
  expected = await withFolder(
    async (folder) => (await run(folder, null, { ...SETTINGS, device: 'cpu' })).sha256,
  );
});

const WHERE = [
  { name: 'the encoder', stage: 'encode', fault: { component: 'vae_encoder' } },
  { name: 'the UNet at step 1', stage: 'generate', fault: { component: 'unet', onlyRun: 1 } },
  { name: 'the UNet at step 3', stage: 'generate', fault: { component: 'unet', onlyRun: 3 } },
  { name: 'the decoder', stage: 'decode', fault: { component: 'vae_decoder' } },
] as const;
const KINDS = ['nan', 'constant', 'infinite'] as const;
const CASES = WHERE.flatMap((where) =>
  KINDS.map((kind) => ({ ...where, kind, title: `${kind} from ${where.name}` })),
);

describe('a fault on the graphics card alone', () => {
  it.each(CASES)('$title is tried again on the CPU', async ({ stage, fault, kind }) => {
    await withFolder(async (folder) => {
      const { report, sha256 } = await run(folder, { ...fault, on: 'gpu', spoil: SPOIL[kind] });
      expect(sha256).toBe(expected);
      expect(report.notices).toHaveLength(1);
      expect(report.notices[0]).toMatch(/goes on with "cpu": it made .*\.$/);
      for (const entry of report.stages) {
        expect([entry.stage, entry.device]).toEqual([entry.stage, entry.stage === stage ? 'cpu' : 'gpu']);
      }
    });
  });

  it('a text encoder that makes NaN is tried again too', async () => {
    await withFolder(async (folder) => {
      const { report, sha256 } = await run(folder, {
        component: 'text_encoder',
        on: 'gpu',
        spoil: SPOIL.nan,
      });
      expect(sha256).toBe(expected);
      expect(report.notices).toHaveLength(1);
    });
  });

  it('a provider that fails while it runs is left for the CPU', async () => {
    await withFolder(async (folder) => {
      const lost = new AppError('model', 'The device was lost.');
      const { report, sha256 } = await run(folder, {
        component: 'unet',
        on: 'gpu',
        onlyRun: 2,
        refuse: () => lost,
      });
      expect(sha256).toBe(expected);
      expect(report.notices).toEqual(['The UNet goes on with "cpu": The device was lost.']);
    });
  });
});

describe('a fault everywhere', () => {
  const everywhere = CASES.filter(({ fault }) => !('onlyRun' in fault) || fault.onlyRun === 1);
  it.each(everywhere)('$title ends the job as a model problem and saves nothing', async ({ fault, kind }) => {
    await withFolder(async (folder) => {
      const { component } = fault;
      const failure = await run(folder, { component, on: 'all', spoil: SPOIL[kind] }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(AppError);
      if (!(failure instanceof AppError)) return;
      expect(EXIT_CODES[failure.code]).toBe(4);
      expect(failure.message).toMatch(/made .* in every way that was tried, so no picture was saved/);
      expect(readdirSync(join(folder, 'out'))).toEqual([]);
    });
  });

  it('weights that are NaN in the file are found out', async () => {
    await withFolder(async (folder) => {
      const model = await damagedModel('sd1-onnx', folder, (path) =>
        poisonInitializer(join(path, 'vae_decoder', 'model.onnx'), 'model.decoder.conv_in.bias', 1),
      );
      const job = runJob({ folder, inputPath: INPUT_64, settings: smallJob({ model }) });
      await expect(job).rejects.toMatchObject({
        code: 'model',
        message: expect.stringContaining('VAE decoder made'),
      });
      expect(readdirSync(join(folder, 'out'))).toEqual([]);
    });
  });
});

describe('honestly dark', () => {
  const black = async (folder: string): Promise<string> =>
    writePng(join(folder, 'black.png'), 64, 64, Buffer.alloc(64 * 64 * 3));

  it('a black picture passes', async () => {
    await withFolder(async (folder) => {
      const { report } = await run(folder, null, smallJob(), await black(folder));
      expect(existsSync(report.outputs[0]?.path ?? '')).toBe(true);
      expect(report.notices).toEqual([]);
    });
  });

  it('a black picture may come out flat', async () => {
    await withFolder(async (folder) => {
      const fault: Fault = { component: 'vae_decoder', on: 'all', spoil: (data) => void data.fill(-1) };
      const { report } = await run(folder, fault, smallJob(), await black(folder));
      const { data } = await readPixels(report.outputs[0]?.path ?? '');
      expect(data.every((value) => value === 0)).toBe(true);
      expect(report.notices).toEqual([]);
    });
  });

  it('but not from a picture that is not', async () => {
    await withFolder(async (folder) => {
      const fault: Fault = { component: 'vae_decoder', on: 'all', spoil: (data) => void data.fill(-1) };
      await expect(run(folder, fault, smallJob())).rejects.toMatchObject({ code: 'model' });
    });
  });
});

describe('out of memory', () => {
  const WIDTH = 640;
  const settings = smallJob({ size: { width: WIDTH, height: 64 }, steps: 2 });
  const refuseAbove =
    (side: number) =>
    (dims: readonly number[]): AppError | null =>
      (dims[3] ?? 0) > side ? new AppError('out-of-memory', 'There is not enough memory.') : null;

  it.each([
    { stage: 'encode', component: 'vae_encoder', side: 512 },
    { stage: 'decode', component: 'vae_decoder', side: 64 },
  ] as const)('the $stage stage of a large picture goes on in tiles', async ({ stage, component, side }) => {
    await withFolder(async (folder) => {
      const input = await writePng(join(folder, 'wide.png'), WIDTH, 64, texture(WIDTH, 64));
      const { report } = await run(
        folder,
        { component, on: 'all', refuse: refuseAbove(side) },
        settings,
        input,
      );
      expect(report.notices).toEqual([
        `The ${stage} stage ran out of memory and goes on in tiles of 512 px.`,
      ]);
      expect(report.stages.map((entry) => [entry.stage, entry.tiled])).toEqual(
        (['encode', 'generate', 'decode'] as const).map((name) => [name, name === stage]),
      );
    });
  });

  it('a picture of one tile cannot be cut, so the job says that memory is short', async () => {
    await withFolder(async (folder) => {
      const fault: Fault = { component: 'vae_decoder', on: 'all', refuse: refuseAbove(0) };
      await expect(run(folder, fault, smallJob())).rejects.toMatchObject({ code: 'out-of-memory' });
      expect(readdirSync(join(folder, 'out'))).toEqual([]);
    });
  });

  it('with tiling switched off nothing is cut', async () => {
    await withFolder(async (folder) => {
      const input = await writePng(join(folder, 'wide.png'), WIDTH, 64, texture(WIDTH, 64));
      const fault: Fault = { component: 'vae_decoder', on: 'all', refuse: refuseAbove(64) };
      await expect(run(folder, fault, { ...settings, tiling: 'off' }, input)).rejects.toMatchObject({
        code: 'out-of-memory',
      });
    });
  });
});

describe('sessions', () => {
  it('a second picture with the same model opens none', async () => {
    const opener = faultyOpener();
    const models = new ModelCache(opener.open);
    try {
      for (const seed of [1, 2]) {
        await withFolder((folder) =>
          runJob({ folder, inputPath: INPUT_64, settings: smallJob({ seed }), context: { models } }),
        );
        expect(opener.opened).toHaveLength(4);
      }
    } finally {
      await models.release();
    }
  });
});
