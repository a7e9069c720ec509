/** The layers of Flux' transformer under the names of its original code, as data: diffusers' name → the original name, of which it may be a part. */
import type { GraphLayer } from '../graphs/graph-builder';

/** A layer of the original code. */
export interface OriginalLayer {
  readonly name: string;
  /** First of its outputs that belong to diffusers' layer, and how many it has. */
  readonly rows?: { readonly start: number; readonly of: number };
  /** Scale and shift stand the other way round. */
  readonly hasSwappedHalves?: true;
}

type Pairs = readonly (readonly [string, string])[];

const OUTSIDE: Pairs = [
  ['x_embedder', 'img_in'],
  ['context_embedder', 'txt_in'],
  ['time_text_embed.timestep_embedder.linear_1', 'time_in.in_layer'],
  ['time_text_embed.timestep_embedder.linear_2', 'time_in.out_layer'],
  ['time_text_embed.guidance_embedder.linear_1', 'guidance_in.in_layer'],
  ['time_text_embed.guidance_embedder.linear_2', 'guidance_in.out_layer'],
  ['time_text_embed.text_embedder.linear_1', 'vector_in.in_layer'],
  ['time_text_embed.text_embedder.linear_2', 'vector_in.out_layer'],
  ['proj_out', 'final_layer.linear'],
];

const DOUBLE: Pairs = [
  ['norm1.linear', 'img_mod.lin'],
  ['norm1_context.linear', 'txt_mod.lin'],
  ['attn.to_out.0', 'img_attn.proj'],
  ['attn.to_add_out', 'txt_attn.proj'],
  ['ff.net.0.proj', 'img_mlp.0'],
  ['ff.net.2', 'img_mlp.2'],
  ['ff_context.net.0.proj', 'txt_mlp.0'],
  ['ff_context.net.2', 'txt_mlp.2'],
];

const SINGLE: Pairs = [
  ['norm.linear', 'modulation.lin'],
  ['proj_out', 'linear2'],
];

/** Layers that the original code keeps in one, in its order. */
const DOUBLE_JOINED: Readonly<Record<string, readonly string[]>> = {
  'img_attn.qkv': ['attn.to_q', 'attn.to_k', 'attn.to_v'],
  'txt_attn.qkv': ['attn.add_q_proj', 'attn.add_k_proj', 'attn.add_v_proj'],
};
const SINGLE_JOINED: Readonly<Record<string, readonly string[]>> = {
  linear1: ['attn.to_q', 'attn.to_k', 'attn.to_v', 'proj_mlp'],
};

/** Diffusers' name → the original layer, for all layers of a transformer. */
export function originalFluxLayers(layers: readonly GraphLayer[]): ReadonlyMap<string, OriginalLayer> {
  const outputs = new Map(layers.map(({ name, outputs: count }) => [name, count]));
  const found = new Map<string, OriginalLayer>([
    ['norm_out.linear', { name: 'final_layer.adaLN_modulation.1', hasSwappedHalves: true }],
    ...OUTSIDE.map(([from, name]) => [from, { name }] as const),
  ]);
  const addBlock = (from: string, to: string, pairs: Pairs, joined: typeof DOUBLE_JOINED): void => {
    for (const [inner, name] of pairs) found.set(`${from}.${inner}`, { name: `${to}.${name}` });
    for (const [name, parts] of Object.entries(joined)) {
      const counts = parts.map((part) => outputs.get(`${from}.${part}`) ?? 0);
      const of = counts.reduce((sum, count) => sum + count, 0);
      let start = 0;
      for (const [i, part] of parts.entries()) {
        found.set(`${from}.${part}`, { name: `${to}.${name}`, rows: { start, of } });
        start += counts[i] ?? 0;
      }
    }
  };
  for (let i = 0; outputs.has(`transformer_blocks.${i}.attn.to_q`); i += 1) {
    addBlock(`transformer_blocks.${i}`, `double_blocks.${i}`, DOUBLE, DOUBLE_JOINED);
  }
  for (let i = 0; outputs.has(`single_transformer_blocks.${i}.attn.to_q`); i += 1) {
    addBlock(`single_transformer_blocks.${i}`, `single_blocks.${i}`, SINGLE, SINGLE_JOINED);
  }
  return found;
}
