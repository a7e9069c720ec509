/** ResnetBlock2D of diffusers: the convolution block that UNet and autoencoder share. */
import type { GraphBuilder, Value } from './graph-builder';
import { add, conv2d, groupNorm, linear, silu } from './layers';

export interface ResnetOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly eps: number;
  /** The time embedding after SiLU, [1 or B, features]; absent in the autoencoder. */
  readonly time?: { readonly value: Value; readonly features: number };
}

/** norm, SiLU, conv; plus time; norm, SiLU, conv; plus the input (through a 1 × 1 convolution where channels change): [B, in, h, w] → [B, out, h, w]. */
export function resnetBlock(g: GraphBuilder, x: Value, name: string, options: ResnetOptions): Value {
  const { inChannels, outChannels, groups, eps, time } = options;
  let h = silu(g, groupNorm(g, x, `${name}.norm1`, { channels: inChannels, groups, eps }));
  h = conv2d(g, h, `${name}.conv1`, { inChannels, outChannels });
  if (time !== undefined) {
    const shift = linear(g, time.value, `${name}.time_emb_proj`, {
      inFeatures: time.features,
      outFeatures: outChannels,
    });
    h = add(g, h, g.op('Reshape', [shift, g.ints([-1, outChannels, 1, 1])]));
  }
  h = silu(g, groupNorm(g, h, `${name}.norm2`, { channels: outChannels, groups, eps }));
  h = conv2d(g, h, `${name}.conv2`, { inChannels: outChannels, outChannels });
  const shortcut =
    inChannels === outChannels
      ? x
      : conv2d(g, x, `${name}.conv_shortcut`, { inChannels, outChannels, kernel: 1 });
  return add(g, shortcut, h);
}
