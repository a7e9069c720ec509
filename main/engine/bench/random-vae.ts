/** An AutoencoderKL of full size with random weights, as a diffusers folder: as much work as a real one, and nothing has to be downloaded. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../make-folder';
import { writeAtomically } from '../image/write';

export interface VaeArchitecture {
  readonly channels: readonly number[];
  readonly layersPerBlock: number;
  readonly latentChannels: number;
  readonly scalingFactor: number;
}

/** The published autoencoders (pipelines.md 1.1): one architecture, two scales. */
export const FULL_SIZE_VAES = {
  'SD v1': { channels: [128, 256, 512, 512], layersPerBlock: 2, latentChannels: 4, scalingFactor: 0.18215 },
  SDXL: { channels: [128, 256, 512, 512], layersPerBlock: 2, latentChannels: 4, scalingFactor: 0.13025 },
} as const satisfies Record<string, VaeArchitecture>;

type Shapes = Map<string, readonly number[]>;

/** Names and shapes of all tensors, as diffusers' AutoencoderKL has them. */
function shapesOf({ channels, layersPerBlock, latentChannels }: VaeArchitecture): Shapes {
  const shapes: Shapes = new Map();
  const add = (name: string, weight: readonly number[]): void => {
    shapes.set(`${name}.weight`, weight);
    shapes.set(`${name}.bias`, [weight[0] ?? 0]);
  };
  const conv = (name: string, from: number, to: number, kernel = 3): void =>
    add(name, [to, from, kernel, kernel]);
  const resnet = (name: string, from: number, to: number): void => {
    add(`${name}.norm1`, [from]);
    conv(`${name}.conv1`, from, to);
    add(`${name}.norm2`, [to]);
    conv(`${name}.conv2`, to, to);
    if (from !== to) conv(`${name}.conv_shortcut`, from, to, 1);
  };
  const middle = (name: string, width: number): void => {
    resnet(`${name}.resnets.0`, width, width);
    add(`${name}.attentions.0.group_norm`, [width]);
    for (const part of ['to_q', 'to_k', 'to_v', 'to_out.0'])
      add(`${name}.attentions.0.${part}`, [width, width]);
    resnet(`${name}.resnets.1`, width, width);
  };
  const first = channels[0] ?? 0;
  const widest = channels.at(-1) ?? 0;
  const last = channels.length - 1;

  conv('encoder.conv_in', 3, first);
  channels.forEach((width, i) => {
    const block = `encoder.down_blocks.${i}`;
    for (let j = 0; j < layersPerBlock; j += 1) {
      resnet(`${block}.resnets.${j}`, j === 0 ? (channels[i - 1] ?? first) : width, width);
    }
    if (i < last) conv(`${block}.downsamplers.0.conv`, width, width);
  });
  middle('encoder.mid_block', widest);
  add('encoder.conv_norm_out', [widest]);
  conv('encoder.conv_out', widest, 2 * latentChannels);
  conv('quant_conv', 2 * latentChannels, 2 * latentChannels, 1);

  conv('post_quant_conv', latentChannels, latentChannels, 1);
  conv('decoder.conv_in', latentChannels, widest);
  middle('decoder.mid_block', widest);
  channels.toReversed().forEach((width, i, reversed) => {
    const block = `decoder.up_blocks.${i}`;
    for (let j = 0; j <= layersPerBlock; j += 1) {
      resnet(`${block}.resnets.${j}`, j === 0 ? (reversed[i - 1] ?? widest) : width, width);
    }
    if (i < last) conv(`${block}.upsamplers.0.conv`, width, width);
  });
  add('decoder.conv_norm_out', [first]);
  conv('decoder.conv_out', first, 3);
  return shapes;
}

/** Writes `<folder>/vae` with float32 safetensors. */
export async function writeRandomVae(folder: string, architecture: VaeArchitecture): Promise<void> {
  const vae = join(folder, 'vae');
  const { channels, layersPerBlock, latentChannels, scalingFactor } = architecture;
  await makeFolder(vae);
  const config = {
    _class_name: 'AutoencoderKL',
    act_fn: 'silu',
    block_out_channels: channels,
    down_block_types: channels.map(() => 'DownEncoderBlock2D'),
    up_block_types: channels.map(() => 'UpDecoderBlock2D'),
    in_channels: 3,
    out_channels: 3,
    latent_channels: latentChannels,
    layers_per_block: layersPerBlock,
    norm_num_groups: 32,
    sample_size: 512,
    scaling_factor: scalingFactor,
  };
  await writeAtomically(join(vae, 'config.json'), Buffer.from(JSON.stringify(config)));

  const header: Record<string, object> = {};
  const shapes = shapesOf(architecture);
  let offset = 0;
  for (const [name, shape] of shapes) {
    const end = offset + 4 * count(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await open(join(vae, 'diffusion_pytorch_model.safetensors'), 'wx');
  try {
    await file.writeFile(Buffer.concat([length, json]));
    for (const [name, shape] of shapes) await file.writeFile(Buffer.from(valuesOf(name, shape).buffer));
  } finally {
    await file.close();
  }
}

const count = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** Norms 1, biases 0, and matrices of unit gain, so that numbers neither grow nor vanish. */
function valuesOf(name: string, shape: readonly number[]): Float32Array {
  const values = new Float32Array(count(shape));
  if (name.endsWith('.bias')) return values;
  if (shape.length === 1) return values.fill(1);
  const reach = Math.sqrt(3 / count(shape.slice(1)));
  let state = 1;
  for (let i = 0; i < values.length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = reach * (state / 2 ** 31 - 1);
  }
  return values;
}
