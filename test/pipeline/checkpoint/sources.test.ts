/** Ways in which checkpoints are stored and placed: variants, shards, older names, links, other disks, and what is left behind. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cp, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SD_COMPONENTS } from '../../../main/engine/model/component';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { partOf } from '../../../main/engine/model/model-folder-parts';
import {
  encodeSafetensors,
  readSafetensors,
  type SafeTensor,
} from '../../../main/engine/latents/safetensors';
import {
  differenceFromRecord,
  graphPath,
  readComponentRecord,
  readConfig,
  runOnRecord,
} from '../../support/checkpoint';
import { goldenModel, maxDifference } from '../../support/golden';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

const home = useTemporaryHome();
const UNET = 'diffusion_pytorch_model.safetensors';

async function copyOf(model: string): Promise<string> {
  const copy = join(temporaryFolder(), model);
  await cp(goldenModel(model), copy, { recursive: true });
  return copy;
}

type Tensors = Record<string, SafeTensor>;

/** Rewrites a weights file. */
async function change(path: string, edit: (tensors: Tensors) => Tensors): Promise<void> {
  await writeFile(path, encodeSafetensors(edit((await readSafetensors(path)).tensors)));
}

const renamed = (tensors: Tensors, pattern: RegExp, to: string): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name.replace(pattern, to), tensor]));

async function expectSame(
  model: string,
  component: (typeof SD_COMPONENTS)[number],
  path: string,
): Promise<void> {
  const record = await readComponentRecord(model, component);
  expect(await differenceFromRecord(path, 'cpu', record)).toBeLessThan(1e-4);
}

describe('how weights are stored', () => {
  it('a variant is taken where nothing else is there', async () => {
    const copy = await copyOf('sd1');
    await rename(join(copy, 'unet', UNET), join(copy, 'unet', 'diffusion_pytorch_model.fp16.safetensors'));
    await expectSame('sd1', 'unet', await graphPath(copy, 'unet', 'cpu'));
  });

  it('shards with an index', async () => {
    const copy = await copyOf('sd2');
    const { tensors } = await readSafetensors(join(copy, 'unet', UNET));
    const names = Object.keys(tensors);
    const map: Record<string, string> = {};
    for (const shard of [0, 1, 2]) {
      const file = `diffusion_pytorch_model-0000${shard + 1}-of-00003.safetensors`;
      const own = names.filter((_, i) => i % 3 === shard);
      for (const name of own) map[name] = file;
      const part = Object.fromEntries(Object.entries(tensors).filter(([name]) => own.includes(name)));
      await writeFile(join(copy, 'unet', file), encodeSafetensors(part));
    }
    rmSync(join(copy, 'unet', UNET));
    await writeFile(join(copy, 'unet', `${UNET}.index.json`), JSON.stringify({ weight_map: map }));
    await expectSame('sd2', 'unet', await graphPath(copy, 'unet', 'cpu'));
  });

  it('names of older diffusers and transformers', async () => {
    const copy = await copyOf('sd1');
    await change(join(copy, 'text_encoder/model.safetensors'), (tensors) =>
      renamed(tensors, /^/, 'text_model.'),
    );
    await expectSame('sd1', 'text_encoder', await graphPath(copy, 'text_encoder', 'cpu'));
    const old = { to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn' };
    await change(join(copy, 'vae', UNET), (tensors) =>
      Object.entries(old).reduce(
        (all, [now, then]) => renamed(all, RegExp(`\\.${now}\\.`), `.${then}.`),
        tensors,
      ),
    );
    await expectSame('sd1', 'vae_decoder', await graphPath(copy, 'vae_decoder', 'cpu'));
  });

  it('a folder with an exported UNet and the other parts in safetensors', async () => {
    const copy = await copyOf('sd1');
    await cp(join(goldenModel('sd1-onnx'), 'unet'), join(copy, 'unet'), { recursive: true });
    const folder = await readModelFolder(copy);
    expect([...folder.parts.values()].map(({ format }) => format)).toEqual([
      'safetensors',
      'onnx',
      'safetensors',
      'safetensors',
    ]);
    expect(await partOf(folder, 'unet').graph.pathFor('cpu')).toBe(join(copy, 'unet', 'model.onnx'));
  });
});

describe('architectures', () => {
  it('9 input channels, and a guidance input', async () => {
    const copy = await copyOf('sd1');
    const config = { ...readConfig(copy, 'unet'), in_channels: 9, time_cond_proj_dim: 6 };
    await change(join(copy, 'unet', UNET), (tensors) => {
      const conv = tensors['conv_in.weight'];
      if (conv?.dtype !== 'F32') throw new Error('no conv_in');
      const wide = new Float32Array(8 * 9 * 9);
      for (let out = 0; out < 8; out += 1) wide.set(conv.data.subarray(out * 36, out * 36 + 36), out * 81);
      return {
        ...tensors,
        'conv_in.weight': { dtype: 'F32', shape: [8, 9, 3, 3], data: wide },
        'time_embedding.cond_proj.weight': {
          dtype: 'F32',
          shape: [8, 6],
          data: new Float32Array(48).fill(0.1),
        },
      };
    });
    const record = await readComponentRecord('sd1', 'unet');
    const { data = new Float32Array(), dims: [batch = 0, , h = 0, w = 0] = [] } = record['sample'] ?? {};
    const padded = new Float32Array(batch * 9 * h * w).fill(7);
    for (let b = 0; b < batch; b += 1)
      padded.set(data.slice(b * 4 * h * w, (b + 1) * 4 * h * w), b * 9 * h * w);
    const path = await graphPath(copy, 'unet', 'cpu', config);
    const run = (condition: number): ReturnType<typeof runOnRecord> =>
      runOnRecord(path, 'cpu', {
        ...record,
        sample: { data: padded, dims: [batch, 9, h, w] },
        timestep_cond: { data: new Float32Array(batch * 6).fill(condition), dims: [batch, 6] },
      });
    const expected = record['out_sample']?.data ?? [];
    // The five added channels have zero weights and the condition is zero: the same answer as without both.
    expect(maxDifference((await run(0))['out_sample']?.data ?? [], expected)).toBeLessThan(1e-4);
    expect(maxDifference((await run(1))['out_sample']?.data ?? [], expected)).toBeGreaterThan(1e-3);
  });

  it('16 latent channels without quant convolutions', async () => {
    const copy = await copyOf('sd1');
    const config = {
      ...readConfig(copy, 'vae_encoder'),
      latent_channels: 16,
      use_quant_conv: false,
      use_post_quant_conv: false,
    };
    const small = (shape: number[]): SafeTensor => ({
      dtype: 'F32',
      shape,
      data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i) / 10),
    });
    await change(join(copy, 'vae', UNET), (tensors) => ({
      ...Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.includes('quant_conv'))),
      'encoder.conv_out.weight': small([32, 16, 3, 3]),
      'encoder.conv_out.bias': small([32]),
      'decoder.conv_in.weight': small([16, 16, 3, 3]),
    }));
    const pixels = { data: new Float32Array(3 * 64 * 64).fill(0.5), dims: [1, 3, 64, 64] };
    const latent = { data: new Float32Array(16 * 64).fill(0.5), dims: [1, 16, 8, 8] };
    const encoded = await runOnRecord(await graphPath(copy, 'vae_encoder', 'cpu', config), 'cpu', {
      sample: pixels,
    });
    expect(encoded['latent_parameters']?.dims).toEqual([1, 32, 8, 8]);
    const decoded = await runOnRecord(await graphPath(copy, 'vae_decoder', 'cpu', config), 'cpu', {
      latent_sample: latent,
    });
    expect(decoded['sample']?.dims).toEqual([1, 3, 64, 64]);
  });
});

describe('where graphs lie', () => {
  it('beside a hard link, without a copy; the same graph is found again', async () => {
    const copy = await copyOf('sd1');
    const path = await graphPath(copy, 'unet', 'cpu');
    expect(path.startsWith(join(home.folder, 'graphs'))).toBe(true);
    expect(statSync(join(dirname(path), UNET)).ino).toBe(statSync(join(copy, 'unet', UNET)).ino);
    expect(statSync(path).size).toBeLessThan(200_000);
    expect(await graphPath(copy, 'unet', 'cpu')).toBe(path);
  });

  it('weights behind a symbolic link, as in the hub cache', async () => {
    const copy = await copyOf('sd1');
    mkdirSync(join(copy, 'blobs'));
    await rename(join(copy, 'unet', UNET), join(copy, 'blobs', 'ab12'));
    await symlink('../blobs/ab12', join(copy, 'unet', UNET));
    await expectSame('sd1', 'unet', await graphPath(copy, 'unet', 'cpu'));
  });

  it('changed weights are another graph folder', async () => {
    const copy = await copyOf('sd1');
    const before = await graphPath(copy, 'unet', 'cpu');
    await cp(join(copy, 'unet', UNET), join(copy, 'unet', 'new'));
    await rename(join(copy, 'unet', 'new'), join(copy, 'unet', UNET));
    expect(await graphPath(copy, 'unet', 'cpu')).not.toBe(before);
  });

  it('a deleted checkpoint does not stay on the disk', async () => {
    const copy = await copyOf('sd1');
    const folder = dirname(await graphPath(copy, 'unet', 'cpu'));
    rmSync(copy, { recursive: true });
    expect(existsSync(folder)).toBe(true);
    await graphPath(goldenModel('sd1'), 'vae_decoder', 'cpu');
    expect(existsSync(folder)).toBe(false);
  });

  describe('on another disk', () => {
    const anotherDisk = {
      link: () => Promise.reject(Object.assign(new Error('another disk'), { code: 'EXDEV' })),
    };
    const place = (copy: string, more = {}): Promise<string> =>
      graphPath(copy, 'unet', 'cpu', readConfig(copy, 'unet'), { ...anotherDisk, ...more });

    it('a small checkpoint is copied, once', async () => {
      const copy = await copyOf('sd1');
      const path = await place(copy);
      expect(path.startsWith(join(home.folder, 'graphs', 'copy-'))).toBe(true);
      expect(readdirSync(join(copy, 'unet'))).toHaveLength(2);
      await expectSame('sd1', 'unet', path);
      const before = statSync(join(dirname(path), UNET)).mtimeMs;
      await graphPath(goldenModel('sd1'), 'vae_decoder', 'cpu');
      expect(await place(copy)).toBe(path);
      expect(statSync(join(dirname(path), UNET)).mtimeMs).toBe(before);
    });

    it('new weights take the place of the old copy', async () => {
      const copy = await copyOf('sd1');
      const before = dirname(await place(copy));
      await change(join(copy, 'unet', UNET), ({ 'conv_out.bias': bias, ...others }) => {
        if (bias?.dtype !== 'F32') throw new Error('the golden model is stored otherwise now');
        return { ...others, 'conv_out.bias': { ...bias, data: bias.data.map((value) => value + 1) } };
      });
      const after = dirname(await place(copy));
      expect(after).not.toBe(before);
      expect(existsSync(before)).toBe(false);
    });

    it('beside the checkpoint when that is larger than the limit', async () => {
      const copy = await copyOf('sd1');
      expect(dirname(await place(copy, { copyLimitBytes: 1000 }))).toBe(join(copy, 'unet'));
    });
  });

  it('beside the checkpoint when the app folder cannot hold links', async () => {
    const copy = await copyOf('sd1');
    const store = join(home.folder, 'graphs');
    rmSync(store, { recursive: true, force: true });
    await writeFile(store, 'a file where the folder should be');
    try {
      const path = await graphPath(copy, 'unet', 'cpu');
      expect(dirname(path)).toBe(join(copy, 'unet'));
      await expectSame('sd1', 'unet', path);
      expect(await graphPath(copy, 'unet', 'cpu')).toBe(path);
      expect(readdirSync(join(copy, 'unet'))).toHaveLength(3);
    } finally {
      rmSync(store);
    }
  });
});
