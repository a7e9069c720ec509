/** Latents on their way between commands: safetensors with the scaling stated in the metadata. */
import { AppError } from '../../shared/errors';
import { writeAtomically } from './image/write';
import { encodeSafetensors, readSafetensors } from './latents/safetensors';
import type { Latents } from './stages/decode';

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
export async function readLatents(path: string, scalingFactor: number, channels: number): Promise<Latents> {
  const file = await readSafetensors(path);
  const tensors = Object.values(file.tensors);
  const tensor = file.tensors['latents'] ?? (tensors.length === 1 ? tensors[0] : undefined);
  if (tensor === undefined || tensor.dtype !== 'F32') {
    throw new AppError(
      'input',
      'This file holds no float32 tensor "latents"; give a file that "underpaint encode" wrote.',
    );
  }
  const [batch, c, height, width] = tensor.shape.length === 3 ? [1, ...tensor.shape] : tensor.shape;
  if (batch !== 1 || c !== channels || height === undefined || width === undefined || height * width === 0) {
    throw new AppError(
      'input',
      `The latents have the shape [${tensor.shape.join(', ')}], but this model decodes [1, ${channels}, height, width]; use the model that encoded them.`,
    );
  }
  const data =
    file.metadata['scaled'] === 'false' ? tensor.data.map((value) => value * scalingFactor) : tensor.data;
  return { data, channels, height, width };
}
