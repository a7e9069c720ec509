/** Single files of FLUX.1 in the original naming: the same bits as the diffusers folders; what is missing or cannot be computed is said. */
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../../main/engine/latents/safetensors';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { partOf } from '../../../main/engine/model/model-folder-parts';
import { readSingleFile } from '../../../main/engine/model/single-file';
import { verifyModel } from '../../../main/engine/model/verify-model';
import { openSession } from '../../../main/engine/onnx/session';
import { fluxFolder } from '../../support/flux';
import { writeFluxFile } from '../../support/flux-file';
import {
  fullSizeClip,
  fullSizeDev,
  fullSizeT5,
  fullSizeVae,
  sparseHeader,
} from '../../support/flux-full-size';
import { goldenModel, readCase } from '../../support/golden';
import { runGolden } from '../../support/golden-run';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

describe('single files of FLUX.1', () => {
  it.each([
    ['flux-schnell', 'everything inside'],
    ['flux-dev', 'files beside it'],
  ] as const)('%s with %s computes the same bits as its diffusers folder', async (model, layout) => {
    const golden = readCase(model);
    const file = join(temporaryFolder(), 'flux1.safetensors');
    const hints = await writeFluxFile(model, file, layout);
    const models = new ModelCache(openSession, (path) => readSingleFile(path, hints));
    try {
      const fromFile = await runGolden(golden, { settings: { model: file }, context: { models } });
      const fromFolder = await runGolden(golden, { settings: { model: await fluxFolder(model) } });
      expect([...fromFile.keys()]).toEqual([...fromFolder.keys()]);
      for (const [tensor, data] of fromFolder) expect(fromFile.get(tensor), tensor).toEqual(data);
    } finally {
      await models.release();
    }
  });

  it('names every part that is missing, and where to put it', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'flux1.safetensors');
    const hints = await writeFluxFile('flux-schnell', file, 'files beside it');
    for (const gone of ['t5xxl_fp16.safetensors', 'ae.safetensors', 'tokenizer_2']) {
      await rm(join(folder, gone), { recursive: true });
    }
    await expect(readSingleFile(file, hints)).rejects.toMatchObject({
      code: 'model',
      message: `flux1.safetensors holds the transformer of a FLUX.1 model but not all that belongs to it; put the T5 text encoder (t5xxl_fp16.safetensors), the autoencoder (ae.safetensors) and T5's tokenizer (FLUX.1's tokenizer_2 folder with its tokenizer.json or spiece.model) into ${folder}.`,
    });
  });

  it('refuses 8-bit floats, and says so of an encoder that has them', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'flux1-fp8.safetensors');
    await writeFile(file, inFloat8({ 'double_blocks.0.img_attn.qkv.weight': [6, 2] }));
    await expect(readModelFolder(file)).rejects.toThrow(
      /flux1-fp8.safetensors is stored as 8-bit floats \(F8_E4M3\), which cannot be computed here; download its float16 or bfloat16 version/,
    );
    const other = join(folder, 'flux1.safetensors');
    const hints = await writeFluxFile('flux-schnell', other, 'files beside it');
    const bias = 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight';
    await rm(join(folder, 't5xxl_fp16.safetensors'));
    await writeFile(join(folder, 't5xxl_fp8_e4m3fn.safetensors'), inFloat8({ [bias]: [32, 4] }));
    await expect(readSingleFile(other, hints)).rejects.toThrow(
      /t5xxl_fp8_e4m3fn.safetensors is stored as 8-bit floats/,
    );
  });

  it('a transformer of diffusers alone, cut files and files without an end are refused', async () => {
    const folder = temporaryFolder();
    const alone = join(goldenModel('flux-dev'), 'transformer', 'diffusion_pytorch_model.safetensors');
    await expect(readModelFolder(alone)).rejects.toThrow(
      /is the transformer of a model folder, which has to stay in its folder/,
    );
    const file = join(folder, 'flux1.safetensors');
    const hints = await writeFluxFile('flux-schnell', file, 'everything inside');
    const bytes = await readFile(file);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      await writeFile(file, bytes.subarray(0, Math.floor((tenth * bytes.length) / 10)));
      await expect(readSingleFile(file, hints)).rejects.toMatchObject({ code: 'model' });
    }
    const one = { dtype: 'F32' as const, shape: [6, 2], data: new Float32Array(12) };
    await writeFile(file, encodeSafetensors({ 'double_blocks.0.img_attn.qkv.weight': one }));
    await expect(readSingleFile(file, hints)).rejects.toThrow(
      /flux1.safetensors has no complete transformer/,
    );
  });

  it('full-size FLUX.1-dev in a folder, files of the true sizes without their content: recognised, built, and told', async () => {
    const folder = temporaryFolder();
    const tokenizer = join(goldenModel('flux-schnell'), 'tokenizer_2', 'tokenizer.json');
    await writeFile(join(folder, 'tokenizer.json'), await readFile(tokenizer));
    for (const [name, shapes] of [
      ['flux1-dev', fullSizeDev()],
      ['clip_l', fullSizeClip()],
      ['t5xxl_fp16', fullSizeT5()],
      ['ae', fullSizeVae()],
    ] as const) {
      const { header, sizeBytes } = sparseHeader(shapes);
      const handle = await open(join(folder, `${name}.safetensors`), 'w');
      await handle.write(header);
      await handle.truncate(sizeBytes);
      await handle.close();
    }
    const report = await verifyModel(folder);
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({
      family: 'flux',
      variant: 'dev (with guidance)',
      prediction: 'flow velocity',
    });
    const counts = Object.fromEntries(
      report.components.map(({ component, parameters }) => [component, parameters?.BF16]),
    );
    // Parameters as published: 11.9 billion, and T5's encoder with 4.76 billion.
    expect(counts).toMatchObject({
      transformer: 11_901_408_320,
      text_encoder_2: 4_762_310_656,
      text_encoder: 123_060_480,
    });
    expect(report.memoryBytes).toBe(2 * report.sizeBytes);

    const model = await readModelFolder(folder);
    expect(model.configs.transformer).toMatchObject({
      num_layers: 19,
      num_single_layers: 38,
      num_attention_heads: 24,
    });
    const graph = await readFile(await partOf(model, 'transformer').graph.pathFor('cpu'));
    expect(graph.length).toBeLessThan(3_000_000);
  });
});

/** A file of 8-bit floats. */
function inFloat8(shapes: Readonly<Record<string, readonly number[]>>): Buffer {
  let end = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = end;
    end += shape.reduce((product, n) => product * n, 1);
    return [name, { dtype: 'F8_E4M3', shape, data_offsets: [begin, end] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(end)]);
}
