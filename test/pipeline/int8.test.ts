/** The 8-bit variant of a denoiser: what is written, how near its pictures come, and when it is refused. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openComponentWeights } from '../../main/engine/checkpoint/component-weights';
import { CPU_TARGET, DERIVED_FILE, type ConvRange } from '../../main/engine/graphs/graph-builder';
import { forgetInt8, GRAPH_FILE, int8FolderOf, lowestPsnr } from '../../main/engine/int8/int8-files';
import { makeInt8, peakSignalToNoise } from '../../main/engine/int8/make-int8';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { readModelFolder } from '../../main/engine/model/model-folder';
import { openSession } from '../../main/engine/onnx/session';
import { goldenModel, readCase } from '../support/golden';
import { runGolden } from '../support/golden-run';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();

const make = (model: string, said: string[] = []): ReturnType<typeof makeInt8> =>
  makeInt8(goldenModel(model), new AbortController().signal, (message) => said.push(message));

describe('the int8 variant', () => {
  it('is made once, and its pictures are near those in float32', async () => {
    const said: string[] = [];
    const made = await make('sd2', said);
    expect(said).toHaveLength(3);
    expect(made.psnr).toHaveLength(2);
    // A tiny random model magnifies every difference; a wrong scale, zero or order of the columns gives 10 dB.
    expect(lowestPsnr(made)).toBeGreaterThan(25);
    expect(lowestPsnr(made)).toBeLessThan(100);
    expect(await make('sd2', said)).toEqual(made);
    expect(said).toHaveLength(3);

    const folder = await readModelFolder(goldenModel('sd2'));
    expect(made.folder).toBe(await int8FolderOf(folder));
    const weights = await openComponentWeights(join(goldenModel('sd2'), 'unet'));
    const values = weights.headers
      .flatMap(({ weights: tensors }) => [...tensors.values()])
      .reduce((sum, { length }) => sum + length, 0);
    expect((await stat(join(made.folder, DERIVED_FILE))).size).toBeLessThan(values);
    const graph = (await readFile(join(made.folder, GRAPH_FILE))).toString('latin1');
    expect(graph).toContain('MatMulIntegerToFloat');
    expect(graph).toContain('QLinearConv');

    expect(await forgetInt8(folder)).toBe(made.sizeBytes);
    await expect(new ModelCache().load(goldenModel('sd2'), 'cpu', [], 'int8')).rejects.toThrow(
      /has no int8 variant on this machine yet/,
    );
  });

  it('runs whole jobs, with its own graph for the denoiser alone', async () => {
    await make('sd1');
    const opened: string[] = [];
    const models = new ModelCache((path, options) => {
      opened.push(path);
      return openSession(path, options);
    });
    const golden = readCase('sd1-euler');
    try {
      const exact = await runGolden(golden, { context: { models }, settings: { model: goldenModel('sd1') } });
      const quick = await runGolden(golden, {
        context: { models },
        settings: { model: goldenModel('sd1'), precision: 'int8' },
      });
      const [a, b] = [exact.get('image'), quick.get('image')].map((pixels) =>
        Buffer.from(Array.from(pixels ?? [])),
      );
      const difference = peakSignalToNoise(a ?? Buffer.alloc(0), b ?? Buffer.alloc(0));
      expect(difference).not.toBeNull();
      expect(difference).toBeGreaterThan(15);
      for (const name of ['prompt_embeds', 'encoded_latent', 'noise']) {
        expect(quick.get(name), name).toEqual(exact.get(name));
      }
    } finally {
      await models.release();
    }
    expect(opened.filter((path) => path.endsWith(GRAPH_FILE))).toHaveLength(1);
  });

  it('is refused for ONNX exports and together with LoRAs', async () => {
    await expect(make('sd1-onnx')).rejects.toThrow(/only safetensors checkpoints have an int8 variant/);
    await expect(
      new ModelCache().load(goldenModel('sd1'), 'cpu', [{ path: 'any.safetensors', strength: 1 }], 'int8'),
    ).rejects.toThrow(/LoRAs cannot be added to a model in int8/);
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const abort = new AbortController();
    const making = makeInt8(goldenModel('sd2'), abort.signal, () => abort.abort());
    await expect(making).rejects.toMatchObject({ code: 'cancelled' });
    const folder = await int8FolderOf(await readModelFolder(goldenModel('sd2')));
    await expect(stat(folder)).rejects.toThrow();
  });
});

describe('layers in 8 bits', () => {
  it('the ends of the denoiser and its timestep stay in float32, everything else is quantised', async () => {
    const folder = await readModelFolder(goldenModel('sd1'));
    const { extensible } = folder.parts.get('unet')?.graph ?? {};
    const observed = extensible?.build({ ...CPU_TARGET, int8: 'observe' }).observed ?? [];
    expect(observed).toContain('conv_in');
    const range: ConvRange = { input: [-1, 1], output: [-1, 1] };
    const ranges = new Map(observed.map((name) => [name, range]));
    const derived = extensible?.build({ ...CPU_TARGET, int8: { ranges } }).derived ?? [];
    const namesOf = (...kinds: string[]): string[] =>
      derived.filter(({ kind }) => kinds.includes(kind)).map(({ weight }) => weight.name);
    const quantised = namesOf('matrix', 'kernel');
    expect(quantised).toContain('down_blocks.0.resnets.0.conv1.weight');
    expect(quantised.filter((name) => /^conv_|^time_embedding|time_emb_proj/.test(name))).toEqual([]);
    const large = namesOf('float').filter((name) => /(attn|ff|conv[12]|conv_shortcut).*weight$/.test(name));
    expect(large).toEqual([]);
  });
});
