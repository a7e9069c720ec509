/** Recognises an autoencoder that lies in files of its own, from its tensors' names and shapes: AutoencoderKL or AutoencoderTiny, in either naming. */
import { AppError } from '../../../shared/errors';
import { LDM_VAE, ldmVaeNames } from './ldm-keys';
import { diffusersVaeConfig, ldmVaeConfig } from './recognise-ldm';
import type { SafetensorsHeader } from './safetensors-file';
import { AUTOENCODER_SIDES, TAESD_FIRST, taesdName, type AutoencoderSide } from './taesd-keys';
import { countWhile, type Shapes } from './tensor-shapes';
import type { WeightSource } from './weights';

/** A whole autoencoder: its config in diffusers' words, and its tensors under diffusers' names. */
export interface RecognisedVae {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: WeightSource;
}

/** Which side of the TAESD family a file in its author's naming holds; null: it is no such file. */
export function taesdSide(header: SafetensorsHeader): AutoencoderSide | null {
  const has = (name: string): boolean => header.weights.has(name);
  if (has(TAESD_FIRST.encoder)) return 'encoder';
  return has(TAESD_FIRST.decoder) && has('3.conv.0.weight') ? 'decoder' : null;
}

/** The two files of the TAESD family as one autoencoder; throws `AppError('model')`. */
export function recogniseTaesd(
  headers: Readonly<Record<AutoencoderSide, SafetensorsHeader>>,
  label: string,
): RecognisedVae {
  const weights: WeightSource = {
    label,
    find(name) {
      const there = taesdName(name);
      return there === undefined ? undefined : headers[there.side].weights.get(there.name);
    },
  };
  return { config: tinyConfig(weights), weights };
}

/** One file that holds both sides; throws `AppError('model')`. */
export function recogniseVae(header: SafetensorsHeader, label: string): RecognisedVae {
  const shapeOf: Shapes = (name) => header.weights.get(name)?.shape;
  const same: WeightSource = { label, find: (name) => header.weights.get(name) };
  if (shapeOf('decoder.layers.0.weight') !== undefined) return { config: tinyConfig(same), weights: same };
  if (shapeOf('encoder.down_blocks.0.resnets.0.conv1.weight') !== undefined) {
    return { config: diffusersVaeConfig(shapeOf, label), weights: same };
  }
  for (const root of ['', LDM_VAE]) {
    if (shapeOf(`${root}encoder.down.0.block.0.conv1.weight`) === undefined) continue;
    const config = ldmVaeConfig(shapeOf, label, root);
    const toFile = ldmVaeNames(config.block_out_channels.length, config.layers_per_block, root);
    return { config, weights: { label, find: (name) => header.weights.get(toFile(name).name) } };
  }
  throw new AppError(
    'model',
    `${label} holds no autoencoder that is known here; choose a VAE or TAESD file, or a vae folder.`,
  );
}

/** Layers before a stage's first block: the encoder's convolution; the decoder's activation or upsampling, with the convolution beside it. */
const BETWEEN: Readonly<Record<AutoencoderSide, number>> = { encoder: 1, decoder: 2 };

/** Blocks per stage and channels, read off the numbered layers: only a block has convolutions of its own. */
function tinyConfig(weights: WeightSource): Readonly<Record<string, unknown>> {
  const config: Record<string, unknown> = {
    _class_name: 'AutoencoderTiny',
    latent_channels: weights.find('decoder.layers.0.weight')?.shape[1],
  };
  for (const side of AUTOENCODER_SIDES) {
    const block = (i: number): readonly number[] | undefined =>
      weights.find(`${side}.layers.${i}.conv.0.weight`)?.shape;
    const channels: number[] = [];
    const blocks: number[] = [];
    let first = BETWEEN[side];
    for (;;) {
      const start = first;
      const count = countWhile((i) => block(start + i) !== undefined);
      if (count === 0) break;
      channels.push(block(start)?.[0] ?? 0);
      blocks.push(count);
      first = start + count + BETWEEN[side];
    }
    config[`${side}_block_out_channels`] = channels;
    config[`num_${side}_blocks`] = blocks;
  }
  return config;
}
