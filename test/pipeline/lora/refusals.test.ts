/** LoRAs that cannot be used are refused in one sentence with the reason; what is left out of one is said. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withLoras } from '../../../main/engine/lora/apply-loras';
import { readLora } from '../../../main/engine/lora/read-lora';
import { encodeSafetensors, type SafeTensor } from '../../../main/engine/latents/safetensors';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { partOf } from '../../../main/engine/model/model-folder-parts';
import { goldenModel } from '../../support/golden';
import { goldenLora } from '../../support/lora';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const SIZE = 32;
const KEY = 'lora_te_text_model_encoder_layers_0_self_attn_q_proj';
const matrix = (rows: number, columns: number): SafeTensor => ({
  dtype: 'F32',
  shape: [rows, columns],
  data: new Float32Array(rows * columns).fill(0.1),
});
const pair = (key: string, size = SIZE): Record<string, SafeTensor> => ({
  [`${key}.lora_down.weight`]: matrix(1, size),
  [`${key}.lora_up.weight`]: matrix(size, 1),
});

async function write(
  tensors: Record<string, SafeTensor>,
  metadata: Record<string, string> = {},
): Promise<string> {
  const path = join(temporaryFolder(), 'made.safetensors');
  await writeFile(path, encodeSafetensors(tensors, metadata));
  return path;
}

const load = async (path: string, model = 'sd1'): Promise<unknown> =>
  new ModelCache().load(goldenModel(model), 'cpu', [{ path, strength: 1 }]);

const refused = (message: RegExp): unknown =>
  expect.objectContaining({ code: 'model', message: expect.stringMatching(message) });

describe('what does not fit', () => {
  it('a LoRA of another family: both are named, and the first layers with their number', async () => {
    await expect(load(goldenLora('xl'))).rejects.toEqual(
      refused(
        /^The LoRA xl was made for Stable Diffusion XL, but the model sd1 is Stable Diffusion 1 \(4 of its 4 layers do not fit: such as lora_\S+, lora_\S+ and lora_\S+\); choose a LoRA for Stable Diffusion 1, or another model\.$/,
      ),
    );
  });

  it('layers of another size', async () => {
    await expect(load(await write(pair(KEY, 16)))).rejects.toEqual(
      refused(
        /^The LoRA made does not fit the model sd1 \(1 of its 1 layers does not fit: lora_te_\S+\); choose/,
      ),
    );
  });

  it('a layer that the model does not have is left out, which is said', async () => {
    const path = await write({ ...pair(KEY), ...pair(KEY.replace('layers_0', 'layers_11')) });
    const folder = await readModelFolder(goldenModel('sd1'));
    const { notices } = await withLoras(folder, 'sd1', [await readLora(path)]);
    expect(notices).toEqual([
      'The LoRA made is used without a part of it: 1 of its 2 layers does not fit: lora_te_text_model_encoder_layers_11_self_attn_q_proj.',
    ]);
  });

  it('finished ONNX graphs', async () => {
    await expect(load(goldenLora('kohya'), 'sd1-onnx')).rejects.toEqual(
      refused(
        /^The LoRA kohya cannot be used with sd1-onnx, because that model comes as finished ONNX graphs; choose .* --model\.$/,
      ),
    );
  });
});

describe('what is no plain LoRA', () => {
  it.each([
    ['DoRA', { ...pair(KEY), [`${KEY}.dora_scale`]: matrix(1, SIZE) }],
    ['LoKr', { [`${KEY}.lokr_w1`]: matrix(2, 2), [`${KEY}.lokr_w2`]: matrix(16, 16) }],
    ['LoHa', { [`${KEY}.hada_w1_a`]: matrix(2, 2) }],
  ])('%s is named', async (kind, tensors) => {
    await expect(readLora(await write(tensors))).rejects.toEqual(
      refused(RegExp(`^made\\.safetensors is a ${kind} file, which cannot be used here; use a plain LoRA`)),
    );
  });

  it.each([
    ['one matrix of two', { [`${KEY}.lora_up.weight`]: matrix(SIZE, 1) }, /holds no LoRA/],
    ['two ranks', { ...pair(KEY), [`${KEY}.lora_up.weight`]: matrix(SIZE, 2) }, /do not belong together/],
    [
      'a rank of 0',
      { [`${KEY}.lora_down.weight`]: matrix(0, SIZE), [`${KEY}.lora_up.weight`]: matrix(SIZE, 0) },
      /do not belong together/,
    ],
    ['no second matrix', { [`${KEY}.lora_down.weight`]: matrix(1, SIZE) }, /only one of its two matrices/],
    [
      'a layer named twice',
      { ...pair(KEY), ...pair('text_encoder.text_model.encoder.layers.0.self_attn.q.proj') },
      /twice/,
    ],
    [
      'an alpha that is not a number',
      {
        ...pair(KEY),
        [`${KEY}.alpha`]: { dtype: 'F32', shape: [], data: Float32Array.of(NaN) } as SafeTensor,
      },
      /alpha of .* is not a number/,
    ],
    [
      'an alpha with two values',
      { ...pair(KEY), [`${KEY}.alpha`]: matrix(1, 2) },
      /alpha of .* is not a number/,
    ],
    [
      'integers',
      {
        ...pair(KEY),
        [`${KEY}.lora_down.weight`]: {
          dtype: 'I32',
          shape: [1, SIZE],
          data: new Int32Array(SIZE),
        } as SafeTensor,
      },
      /is I32/,
    ],
  ])('%s', async (_, tensors, message) => {
    await expect(readLora(await write(tensors))).rejects.toEqual(refused(message));
  });

  it('settings in the metadata that are none', async () => {
    const path = await write(pair(KEY), { lora_adapter_metadata: '{"unet.lora_alpha": ' });
    await expect(readLora(path)).rejects.toEqual(refused(/lora_adapter_metadata/));
  });

  it('a file cut off at every tenth, and random bytes in its header', async () => {
    const whole = readFileSync(goldenLora('kohya'));
    const path = join(temporaryFolder(), 'cut.safetensors');
    for (let tenth = 0; tenth < 10; tenth += 1) {
      await writeFile(path, whole.subarray(0, Math.floor((whole.length * tenth) / 10)));
      await expect(readLora(path)).rejects.toEqual(refused(/damaged, cut off/));
    }
    let random = 1;
    const next = (below: number): number => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      return (random >>> 8) % below;
    };
    const folder = await readModelFolder(goldenModel('sd1'));
    const use = async (): Promise<unknown> => withLoras(folder, 'sd1', [await readLora(path)]);
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(whole);
      for (let i = 0; i <= next(4); i += 1) bytes[next(20_000)] = next(256);
      await writeFile(path, bytes);
      await use().catch((error: unknown) => expect(error).toEqual(refused(/\.$/)));
    }
  });
});

it('alpha may be stored in any type', async () => {
  const alphas: SafeTensor[] = [
    { dtype: 'F32', shape: [], data: Float32Array.of(4) },
    { dtype: 'F16', shape: [1], data: Uint16Array.of(0x4400) },
    { dtype: 'BF16', shape: [], data: Uint16Array.of(0x4080) },
    { dtype: 'I64', shape: [], data: BigInt64Array.of(4n) },
  ];
  for (const alpha of alphas) {
    const { layers } = await readLora(await write({ ...pair(KEY), [`${KEY}.alpha`]: alpha }));
    expect(layers.map(({ scale }) => scale)).toEqual([4]);
  }
});

it('nothing is copied: the graph points into the LoRA under a second name of the same file', async () => {
  const folder = await readModelFolder(goldenModel('sd1'));
  const changed = await withLoras(folder, 'sd1', [await readLora(goldenLora('kohya'))]);
  const graph = await partOf(changed.folder, 'unet').graph.pathFor('cpu');
  const files = readdirSync(dirname(graph)).map((name) => statSync(join(dirname(graph), name)));
  expect(files.some(({ ino }) => ino === statSync(goldenLora('kohya')).ino)).toBe(true);
  expect(statSync(graph).size).toBeLessThan(300_000);
});
