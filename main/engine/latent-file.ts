/** Latents on their way between commands: safetensors with the scaling stated in the metadata. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError } from '../../shared/errors';
import { writeAtomically } from './image/write';
import { fromFloat16 } from './latents/float16';
import { scaleLatents, type LatentScale } from './latents/latent-scale';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from './latents/safetensors';
import type { Latents } from './stages/decode';
import { findNonFinite } from './stages/guards';

/** Written by `underpaint encode`: latents in the scale of the denoising loop, `mean · scaling_factor`. */
export async function writeLatents(
  path: string,
  latents: Latents,
  facts: { scalingFactor: number; model: string; family: string },
): Promise<void> {
  const file = encodeSafetensors(
    {
      latents: {
        dtype: 'F32',
        shape: [1, latents.channels, latents.height, latents.width],
        data: latents.data,
      },
    },
    {
      format: 'underpaint-latents',
      scaled: 'true',
      scaling_factor: String(facts.scalingFactor),
      model: facts.model,
      family: facts.family,
    },
  );
  await writeAtomically(path, file);
}

/**
 * Reads [1, C, h, w] (or [C, h, w]) float32 or float16 latents, brought to the scale of the denoising loop. A file without the metadata
 * `scaled` is taken as scaled. Throws `AppError('input')`.
 */
export async function readLatents(path: string, scale: LatentScale, channels: number): Promise<Latents> {
  const file = decodeSafetensors(await readBytes(path));
  const tensors = Object.values(file.tensors);
  const tensor = file.tensors['latents'] ?? (tensors.length === 1 ? tensors[0] : undefined);
  const values = tensor === undefined ? null : asFloat32(tensor);
  if (tensor === undefined || values === null) {
    throw new AppError(
      'input',
      'This file holds no float32 or float16 tensor "latents"; give a file that "underpaint encode" wrote.',
    );
  }
  const [batch, c, height, width] = tensor.shape.length === 3 ? [1, ...tensor.shape] : tensor.shape;
  if (batch !== 1 || c !== channels || height === undefined || width === undefined || height * width === 0) {
    throw new AppError(
      'input',
      `The latents have the shape [${tensor.shape.join(', ')}], but this model decodes [1, ${channels}, height, width]; use the model that encoded them.`,
    );
  }
  const fault = findNonFinite(values);
  if (fault !== null) {
    throw new AppError(
      'input',
      `The latents in "${basename(path)}" hold ${fault}, so there is no picture in them; encode the picture again.`,
    );
  }
  const data = file.metadata['scaled'] === 'false' ? scaleLatents(values, scale) : values;
  return { data, channels, height, width };
}

function asFloat32(tensor: SafeTensor): Float32Array | null {
  if (tensor.dtype === 'F32') return tensor.data;
  return tensor.dtype === 'F16' ? fromFloat16(tensor.data) : null;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const name = basename(path);
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const sentence = isMissing
      ? `"${name}" does not exist; check the path, or whether it was moved or renamed.`
      : `"${name}" cannot be read; choose a file of latents that this account may read.`;
    throw new AppError('input', sentence, { cause: error });
  }
}
