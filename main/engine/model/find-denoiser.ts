/** Finds the part of a model folder that predicts: a UNet, or Flux's transformer, which some publishers put into a folder named `unet` (pipelines.md 4.2). */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AppError } from '../../../shared/errors';
import type { Denoiser } from './component';
import { readConfig } from './component-source';

export interface FoundDenoiser {
  readonly component: Denoiser;
  /** Its folder's name. */
  readonly folder: string;
}

const FLUX = 'FluxTransformer2DModel';

/** Null when there is neither. Throws `AppError('model')` for transformers of other families. */
export async function findDenoiser(path: string, entries: readonly string[]): Promise<FoundDenoiser | null> {
  const folder = ['transformer', 'unet'].find((name) => entries.includes(name));
  if (folder === undefined) return null;
  const kind = await classOf(join(path, folder, 'config.json'));
  if (folder === 'transformer' && kind !== null && kind !== FLUX) {
    throw new AppError(
      'model',
      `${basename(path)} is a transformer model of the kind ${kind}, which cannot be run here; choose a Stable Diffusion or FLUX.1 model.`,
    );
  }
  const pipeline = await classOf(join(path, 'model_index.json'));
  const isFlux =
    folder === 'transformer' ||
    kind === FLUX ||
    /Flux/.test(pipeline ?? '') ||
    // T5's tokenizer: no other family with a UNet has one.
    existsSync(join(path, 'tokenizer_2', 'spiece.model'));
  return { component: isFlux ? 'transformer' : 'unet', folder };
}

async function classOf(path: string): Promise<string | null> {
  const { _class_name: name } = await readConfig(path);
  return typeof name === 'string' ? name : null;
}
