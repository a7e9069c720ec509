/** Makes single-file checkpoints in the original naming, and copies in half precision, from the tiny golden models. */
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  LDM_CLIP,
  LDM_OPEN_CLIP,
  LDM_REFINER_OPEN_CLIP,
  LDM_XL_CLIP,
  LDM_XL_OPEN_CLIP,
  ldmClipNames,
  ldmOpenClipNames,
  ldmUnetNames,
  ldmVaeNames,
  type LdmName,
} from '../../main/engine/checkpoint/ldm-keys';
import { fromFloat16, toFloat16 } from '../../main/engine/latents/float16';
import { encodeSafetensors, readSafetensors, type SafeTensor } from '../../main/engine/latents/safetensors';
import type { SingleFileHints } from '../../main/engine/model/single-file';
import { goldenModel } from './golden';
import { readConfig } from './checkpoint';

export type Tensors = Record<string, SafeTensor>;

const tensorsOf = async (folder: string, file: string): Promise<Tensors> =>
  (await readSafetensors(join(folder, file))).tensors;

/** Writes one file with everything inside; the answer is what a real checkpoint would not need: this one's heads and groups are tiny. */
export async function writeSingleFile(
  model: 'sd1' | 'sd2',
  path: string,
  folder = goldenModel(model),
): Promise<SingleFileHints> {
  const unet = await tensorsOf(folder, 'unet/diffusion_pytorch_model.safetensors');
  const vae = await tensorsOf(folder, 'vae/diffusion_pytorch_model.safetensors');
  const text = await tensorsOf(folder, 'text_encoder/model.safetensors');
  const unetNames = ldmUnetNames({ levels: 2, layersPerBlock: 1, hasUpAttention: [false, true] });
  const layers = Number(readConfig(folder, 'text_encoder')['num_hidden_layers']);
  const textNames = model === 'sd2' ? ldmOpenClipNames(LDM_OPEN_CLIP, layers) : ldmClipNames(LDM_CLIP, true);

  const file: Tensors = {};
  addRenamed(file, unet, unetNames);
  addRenamed(file, asConvolutions(vae), ldmVaeNames(4, 1));
  addRenamed(file, text, textNames);
  if (model === 'sd2') addUnusedLayer(file, layers);
  await writeFile(path, encodeSafetensors(file, { format: 'pt' }));

  const { attention_head_dim, norm_num_groups } = readConfig(folder, 'unet');
  const scheduler = await readFile(join(folder, 'scheduler/scheduler_config.json'), 'utf8');
  const { num_attention_heads } = readConfig(folder, 'text_encoder');
  const groups = { norm_num_groups };
  return {
    tokenizerFolder: join(folder, 'tokenizer'),
    schedulerConfig: JSON.parse(scheduler) as Record<string, unknown>,
    configs: {
      unet: { attention_head_dim, ...groups, sample_size: 8 },
      vae_encoder: groups,
      vae_decoder: groups,
      text_encoder: { num_attention_heads },
    },
  };
}

/**
 * As `writeSingleFile`, for a folder of Stable Diffusion XL or its refiner.
 */
export async function writeXlFile(folder: string, path: string): Promise<SingleFileHints> {
  const read = async (file: string): Promise<Tensors> => (await readSafetensors(join(folder, file))).tensors;
  const unetConfig = readConfig(folder, 'unet');
  const isRefiner = !existsSync(join(folder, 'text_encoder'));
  const up = (unetConfig['up_block_types'] as string[]).map((type) => type.startsWith('CrossAttn'));
  const second = isRefiner ? LDM_REFINER_OPEN_CLIP : LDM_XL_OPEN_CLIP;
  const layers = Number(readConfig(folder, 'text_encoder_2')['num_hidden_layers']);

  const file: Tensors = {};
  addRenamed(
    file,
    await read('unet/diffusion_pytorch_model.safetensors'),
    ldmUnetNames({ levels: 2, layersPerBlock: 1, hasUpAttention: up }),
  );
  addRenamed(file, asConvolutions(await read('vae/diffusion_pytorch_model.safetensors')), ldmVaeNames(4, 1));
  addRenamed(file, await read('text_encoder_2/model.safetensors'), ldmOpenClipNames(second, layers));
  if (!isRefiner) {
    addRenamed(file, await read('text_encoder/model.safetensors'), ldmClipNames(LDM_XL_CLIP, true));
  }
  await writeFile(path, encodeSafetensors(file, { format: 'pt' }));

  const { attention_head_dim, norm_num_groups, addition_time_embed_dim } = unetConfig;
  const groups = { norm_num_groups };
  const heads = { num_attention_heads: 4, eos_token_id: 2 };
  return {
    tokenizerFolder: join(folder, isRefiner ? 'tokenizer_2' : 'tokenizer'),
    configs: {
      unet: { attention_head_dim, addition_time_embed_dim, ...groups, sample_size: 8 },
      vae_encoder: groups,
      vae_decoder: groups,
      text_encoder: heads,
      text_encoder_2: heads,
    },
  };
}

/** Adds tensors under their names in the file; thirds of a matrix are put together. */
export function addRenamed(file: Tensors, tensors: Tensors, toFile: (name: string) => LdmName): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    const to = toFile(name);
    if (to.rows === undefined) {
      file[to.name] = to.isTransposed ? transpose(tensor) : tensor;
      continue;
    }
    const { part, parts, count = 1 } = to.rows;
    const data = floats(tensor);
    const whole = file[to.name] ?? {
      dtype: 'F32' as const,
      shape: [((tensor.shape[0] ?? 0) / count) * parts, ...tensor.shape.slice(1)],
      data: new Float32Array((data.length / count) * parts),
    };
    floats(whole).set(data, (part * data.length) / count);
    file[to.name] = whole;
  }
}

/** [a, b] → [b, a] */
function transpose(tensor: SafeTensor): SafeTensor {
  const [rows = 0, columns = 0] = tensor.shape;
  const data = floats(tensor);
  const turned = Float32Array.from(
    { length: data.length },
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] ?? NaN,
  );
  return { dtype: 'F32', shape: [columns, rows], data: turned };
}

/** The original code keeps the autoencoder's attention as 1 × 1 convolutions. */
export function asConvolutions(vae: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(vae).map(([name, tensor]) => [
      name,
      name.includes('attentions') && tensor.shape.length === 2
        ? { ...tensor, shape: [...tensor.shape, 1, 1] }
        : tensor,
    ]),
  );
}

/** OpenCLIP's last layer, which SD2 does not use: full of NaN, so that using it shows. */
function addUnusedLayer(file: Tensors, layers: number): void {
  for (const [name, tensor] of Object.entries(file)) {
    const last = `.resblocks.${layers - 1}.`;
    if (name.includes(last)) {
      const data = new Float32Array(floats(tensor).length).fill(NaN);
      file[name.replace(last, `.resblocks.${layers}.`)] = { dtype: 'F32', shape: tensor.shape, data };
    }
  }
}

function floats(tensor: SafeTensor): Float32Array {
  if (tensor.dtype !== 'F32') throw new Error(`expected float32, got ${tensor.dtype}`);
  return tensor.data;
}

/**
 * Copies a golden model with its weights rounded to half precision: stored as such (`half`), and the same rounded numbers stored as float32
 * (`float`), which is what diffusers computes with after loading the half-precision file.
 */
export async function copyInHalf(
  model: string,
  folder: string,
  dtype: 'F16' | 'BF16',
): Promise<{ half: string; float: string }> {
  const copies = { half: join(folder, 'half'), float: join(folder, 'float') };
  for (const copy of Object.values(copies)) await cp(goldenModel(model), copy, { recursive: true });
  for (const path of await readdir(copies.half, { recursive: true })) {
    if (!path.endsWith('.safetensors')) continue;
    const { tensors } = await readSafetensors(join(copies.half, path));
    const half: Tensors = {};
    const float: Tensors = {};
    for (const [key, tensor] of Object.entries(tensors)) {
      const { shape } = tensor;
      const data = dtype === 'F16' ? toFloat16(floats(tensor)) : toBfloat16(floats(tensor));
      half[key] = { dtype, shape, data };
      float[key] = { dtype: 'F32', shape, data: dtype === 'F16' ? fromFloat16(data) : fromBfloat16(data) };
    }
    await writeFile(join(copies.half, path), encodeSafetensors(half));
    await writeFile(join(copies.float, path), encodeSafetensors(float));
  }
  return copies;
}

/** The upper half of each float32, rounded to nearest even. */
function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  return Uint16Array.from(bits, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16);
}

const fromBfloat16 = (values: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(values, (bits) => (bits << 16) >>> 0).buffer);
