/**
 * The names that the TAESD family has in its author's own files, as data. Encoder and decoder are two files whose layers are numbered from 0;
 * the decoder's first layer is its clamp, which diffusers does not number.
 */
export const AUTOENCODER_SIDES = ['encoder', 'decoder'] as const;
export type AutoencoderSide = (typeof AUTOENCODER_SIDES)[number];

/** Layers that stand before diffusers' layer 0. */
const OFFSET: Readonly<Record<AutoencoderSide, number>> = { encoder: 0, decoder: 1 };

export interface TaesdName {
  readonly side: AutoencoderSide;
  /** Name in that side's file. */
  readonly name: string;
}

/** `decoder.layers.2.conv.0.weight` → `3.conv.0.weight` of the decoder's file; undefined for names that are no layer's. */
export function taesdName(name: string): TaesdName | undefined {
  const [, side, layer, rest = ''] = /^(encoder|decoder)\.layers\.(\d+)(\..+)$/.exec(name) ?? [];
  const known = AUTOENCODER_SIDES.find((candidate) => candidate === side);
  return known === undefined ? undefined : { side: known, name: `${Number(layer) + OFFSET[known]}${rest}` };
}

/** A decoder's own first layer with weights is 1, behind the clamp; an encoder's is 0. */
export const TAESD_FIRST: Readonly<Record<AutoencoderSide, string>> = {
  encoder: '0.weight',
  decoder: '1.weight',
};
