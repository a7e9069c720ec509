/**
 * Rewrites a Stable Diffusion 1 diffusers folder as one file in the original naming, streaming, for the bench.
 * Usage, once bundled: node <program> <diffusers folder> <file>
 */
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import {
  LDM_CLIP,
  ldmClipNames,
  ldmUnetNames,
  ldmVaeNames,
  type LdmName,
} from '../../main/engine/checkpoint/ldm-keys';
import { readSafetensorsHeader } from '../../main/engine/checkpoint/safetensors-file';
import type { Weight } from '../../main/engine/checkpoint/weights';

const UNET = { levels: 4, layersPerBlock: 2, hasUpAttention: [false, true, true, true] };

async function main(folder: string, path: string): Promise<void> {
  const parts: [string, (name: string) => LdmName][] = [
    ['unet/diffusion_pytorch_model.safetensors', ldmUnetNames(UNET)],
    ['vae/diffusion_pytorch_model.safetensors', ldmVaeNames(4, 2)],
    ['text_encoder/model.safetensors', ldmClipNames(LDM_CLIP, true)],
  ];
  const tensors: { to: string; weight: Weight; shape: readonly number[] }[] = [];
  for (const [file, toFile] of parts) {
    const { weights } = await readSafetensorsHeader(join(folder, file));
    for (const weight of weights.values()) {
      const isConvolution = /^(en|de)coder\.mid_block\.attentions.*weight$/.test(weight.name); // as 1 × 1 kernels
      const shape = isConvolution && weight.shape.length === 2 ? [...weight.shape, 1, 1] : weight.shape;
      tensors.push({ to: toFile(weight.name).name, weight, shape });
    }
  }

  let offset = 0;
  const header: Record<string, unknown> = {};
  for (const { to, weight, shape } of tensors) {
    header[to] = { dtype: weight.dtype, shape, data_offsets: [offset, (offset += weight.length)] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const target = await open(path, 'w');
  try {
    await target.write(length);
    await target.write(json);
    for (const { weight } of tensors) await copy(weight, target);
  } finally {
    await target.close();
  }
}

async function copy({ file, offset, length }: Weight, target: FileHandle): Promise<void> {
  const source = await open(file);
  try {
    const bytes = Buffer.alloc(length);
    await source.read(bytes, 0, length, offset);
    await target.write(bytes);
  } finally {
    await source.close();
  }
}

const [folder = '', path = ''] = process.argv.slice(2);
await main(folder, path);
