/** The same LoRA under other names gives the same bits, and convolutions in Tucker form give what their product gives. */
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { withLoras } from '../../../main/engine/lora/apply-loras';
import { readLora } from '../../../main/engine/lora/read-lora';
import {
  encodeSafetensors,
  readSafetensors,
  type SafeTensor,
} from '../../../main/engine/latents/safetensors';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { partOf } from '../../../main/engine/model/model-folder-parts';
import { openSession } from '../../../main/engine/onnx/session';
import { readComponentRecord } from '../../support/checkpoint';
import { goldenModel, maxDifference } from '../../support/golden';
import { goldenLora, loraLatents, loraSettings } from '../../support/lora';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

type Tensors = Record<string, SafeTensor>;

async function rewrite(
  name: string,
  edit: (tensors: Tensors) => Tensors,
  metadata: Record<string, string> = {},
): Promise<string> {
  const path = join(temporaryFolder(), 'rewritten.safetensors');
  const { tensors } = await readSafetensors(goldenLora(name));
  await writeFile(path, encodeSafetensors(edit(tensors), metadata));
  return path;
}

const rename = (tensors: Tensors, to: (name: string) => string): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [to(name), tensor]));

/** diffusers' blocks of the tiny model, in the numbering of the original code; no other block has a LoRA layer. */
const SGM: readonly (readonly [RegExp, string])[] = [
  [/down_blocks_0_resnets_0/, 'input_blocks_1_0'],
  [/down_blocks_0_attentions_0/, 'input_blocks_1_1'],
  [/down_blocks_0_downsamplers_0_conv/, 'input_blocks_2_0_op'],
  [/down_blocks_1_resnets_0/, 'input_blocks_3_0'],
  [/mid_block_resnets_0/, 'middle_block_0'],
  [/mid_block_attentions_0/, 'middle_block_1'],
  [/mid_block_resnets_1/, 'middle_block_2'],
  [/up_blocks_0_resnets_(\d)/, 'output_blocks_$1_0'],
  [/up_blocks_0_upsamplers_0_conv/, 'output_blocks_1_1_conv'],
  [/up_blocks_1_resnets_0/, 'output_blocks_2_0'],
  [/up_blocks_1_resnets_1/, 'output_blocks_3_0'],
  [/up_blocks_1_attentions_0/, 'output_blocks_2_1'],
  [/up_blocks_1_attentions_1/, 'output_blocks_3_1'],
  [/_conv1\b/, '_in_layers_2'],
  [/_conv2\b/, '_out_layers_3'],
  [/_time_emb_proj\b/, '_emb_layers_1'],
  [/_conv_shortcut\b/, '_skip_connection'],
];

async function expectSameLatents(original: string, path: string): Promise<void> {
  const models = new ModelCache();
  try {
    const settings = loraSettings(original, 1);
    const expected = await loraLatents(settings, models);
    const actual = await loraLatents({ ...settings, loras: [{ lora: path, strength: 1 }] }, models);
    expect(actual).toEqual(expected);
  } finally {
    await models.release();
  }
}

describe('other namings', () => {
  it('kohya with the blocks of the original code', async () => {
    const path = await rewrite('kohya', (tensors) =>
      rename(tensors, (name) => SGM.reduce((each, [pattern, to]) => each.replace(pattern, to), name)),
    );
    expect((await readLora(path)).layers.some(({ layer }) => layer.startsWith('down_blocks'))).toBe(false);
    await expectSameLatents('kohya', path);
  });

  it('older diffusers, with alpha beside every layer', async () => {
    const scale: SafeTensor = { dtype: 'F32', shape: [], data: Float32Array.of(6) };
    const path = await rewrite('peft', (tensors) => {
      const older = rename(tensors, (name) =>
        name
          .replace(/^(unet.*)\.(attn\d)\.to_(q|k|v)\.lora_A/, '$1.$2.processor.to_$3_lora.down')
          .replace(/^(unet.*)\.(attn\d)\.to_(q|k|v)\.lora_B/, '$1.$2.processor.to_$3_lora.up')
          .replace(/^(unet.*)\.(attn\d)\.to_out\.0\.lora_A/, '$1.$2.processor.to_out_lora.down')
          .replace(/^(unet.*)\.(attn\d)\.to_out\.0\.lora_B/, '$1.$2.processor.to_out_lora.up')
          .replace(/^(text_encoder.*)\.([qkv])_proj\.lora_A/, '$1.to_$2_lora.down')
          .replace(/^(text_encoder.*)\.([qkv])_proj\.lora_B/, '$1.to_$2_lora.up')
          .replace(/^(text_encoder.*)\.out_proj\.lora_A/, '$1.to_out_lora.down')
          .replace(/^(text_encoder.*)\.out_proj\.lora_B/, '$1.to_out_lora.up')
          .replace('.lora_A.', '.lora.down.')
          .replace('.lora_B.', '.lora.up.'),
      );
      const downs = Object.keys(older).filter(
        (name) => name.startsWith('unet') && name.includes('down.weight'),
      );
      const alphas = downs.map((name) => [name.replace(/[._]lora\.down\.weight$/, '.alpha'), scale] as const);
      return { ...older, ...Object.fromEntries(alphas) };
    });
    expect((await readLora(path)).naming).toBe('diffusers');
    await expectSameLatents('peft', path);
  });

  it('a copy of the same name in another folder is another file', async () => {
    const [first, second] = [
      await rewrite('kohya', (tensors) => tensors),
      await rewrite('text', (tensors) => tensors),
    ];
    const models = new ModelCache();
    try {
      const settings = loraSettings('kohya', 1);
      const loras = [first, second].map((lora) => ({ lora, strength: 1 }));
      const both = await loraLatents({ ...settings, loras }, models);
      const original = loras.map(({ strength }, i) => ({
        lora: goldenLora(['kohya', 'text'][i] ?? ''),
        strength,
      }));
      expect(both).toEqual(await loraLatents({ ...settings, loras: original }, models));
    } finally {
      await models.release();
    }
  });
});

describe('convolutions', () => {
  const [OUT, IN, RANK] = [8, 8, 2];
  const wave = (length: number, step: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => Math.sin(i * step + 1) / 2);
  const f32 = (shape: number[], data: Float32Array): SafeTensor => ({ dtype: 'F32', shape, data });

  /** The UNet's answer to the recorded input with one LoRA on `down_blocks.0.downsamplers.0.conv`, which has stride 2. */
  async function answerWith(tensors: Tensors): Promise<Float32Array> {
    const path = join(temporaryFolder(), 'conv.safetensors');
    const key = 'lora_unet_down_blocks_0_downsamplers_0_conv';
    await writeFile(path, encodeSafetensors(rename(tensors, (name) => `${key}.${name}`)));
    const { folder } = await withLoras(await readModelFolder(goldenModel('sd1')), 'sd1', [
      await readLora(path),
    ]);
    const session = await openSession(await partOf(folder, 'unet').graph.pathFor('cpu'), { provider: 'cpu' });
    try {
      const feeds = { ...(await readComponentRecord('sd1', 'unet')) };
      delete feeds['out_sample'];
      const one = { data: Float32Array.of(1), dims: [] };
      const { out_sample: out } = await session.run({ ...feeds, lora_strength_0: one });
      return out?.data ?? new Float32Array();
    } finally {
      await session.release();
    }
  }

  it('down, middle and up give what their product gives as a plain pair', async () => {
    const [down, mid, up] = [wave(RANK * IN, 1.7), wave(RANK * RANK * 9, 2.3), wave(OUT * RANK, 0.9)];
    // Σ_r mid[o, r, k] · down[r, i], which is one 3 × 3 convolution on the way down.
    const product = new Float32Array(RANK * IN * 9);
    for (let o = 0; o < RANK; o += 1) {
      for (let i = 0; i < IN; i += 1) {
        for (let k = 0; k < 9; k += 1) {
          for (let r = 0; r < RANK; r += 1) {
            product[(o * IN + i) * 9 + k] =
              (product[(o * IN + i) * 9 + k] ?? 0) +
              (mid[(o * RANK + r) * 9 + k] ?? 0) * (down[r * IN + i] ?? 0);
          }
        }
      }
    }
    const upTensor = f32([OUT, RANK, 1, 1], up);
    const tucker = await answerWith({
      'lora_down.weight': f32([RANK, IN, 1, 1], down),
      'lora_mid.weight': f32([RANK, RANK, 3, 3], mid),
      'lora_up.weight': upTensor,
    });
    const pair = await answerWith({
      'lora_down.weight': f32([RANK, IN, 3, 3], product),
      'lora_up.weight': upTensor,
    });
    const plain = (await readComponentRecord('sd1', 'unet'))['out_sample']?.data ?? [];
    expect(maxDifference(tucker, pair)).toBeLessThan(1e-4);
    expect(maxDifference(tucker, plain)).toBeGreaterThan(0.01);
  });
});
