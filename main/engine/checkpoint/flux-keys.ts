/**
 * The names that tensors have in a single file of FLUX.1 (the original code: double and single blocks), as data: for every name of diffusers, where
 * the same numbers lie. Checked against diffusers' own conversion (loaders/single_file_utils.py).
 */
import { renamer, type LdmName, type Pairs } from './ldm-keys';

const ENDS: Pairs = [
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
  ['attn.norm_q.weight', 'img_attn.norm.query_norm.scale'],
  ['attn.norm_k.weight', 'img_attn.norm.key_norm.scale'],
  ['attn.norm_added_q.weight', 'txt_attn.norm.query_norm.scale'],
  ['attn.norm_added_k.weight', 'txt_attn.norm.key_norm.scale'],
  ['attn.to_out.0', 'img_attn.proj'],
  ['attn.to_add_out', 'txt_attn.proj'],
  ['ff.net.0.proj', 'img_mlp.0'],
  ['ff.net.2', 'img_mlp.2'],
  ['ff_context.net.0.proj', 'txt_mlp.0'],
  ['ff_context.net.2', 'txt_mlp.2'],
];

const SINGLE: Pairs = [
  ['norm.linear', 'modulation.lin'],
  ['attn.norm_q.weight', 'norm.query_norm.scale'],
  ['attn.norm_k.weight', 'norm.key_norm.scale'],
  ['proj_out', 'linear2'],
];

const DOUBLE_QKV = /^transformer_blocks\.(\d+)\.attn\.(to|add)_([qkv])(?:_proj)?\.(weight|bias)$/;
const SINGLE_QKV = /^single_transformer_blocks\.(\d+)\.(?:attn\.to_([qkv])|proj_mlp)\.(weight|bias)$/;
const LAST = /^norm_out\.(shift|scale)\.(weight|bias)$/;

/** Maps a transformer's names; `root` is the beginning of all names in the file. */
export function fluxNames(
  root: string,
  { doubleBlocks, singleBlocks }: { readonly doubleBlocks: number; readonly singleBlocks: number },
): (name: string) => LdmName {
  const pairs: [string, string][] = ENDS.map(([from, to]) => [from, to]);
  for (let i = 0; i < doubleBlocks; i += 1) {
    for (const [from, to] of DOUBLE)
      pairs.push([`transformer_blocks.${i}.${from}`, `double_blocks.${i}.${to}`]);
  }
  for (let i = 0; i < singleBlocks; i += 1) {
    for (const [from, to] of SINGLE) {
      pairs.push([`single_transformer_blocks.${i}.${from}`, `single_blocks.${i}.${to}`]);
    }
  }
  const rename = renamer(root, pairs);
  return (name) => partOfMatrix(root, name) ?? rename(name);
}

/** q, k and v lie in one matrix, in single blocks with the MLP's first layer, which is four times as high; so do the last shift and scale. */
function partOfMatrix(root: string, name: string): LdmName | undefined {
  const double = DOUBLE_QKV.exec(name);
  if (double !== null) {
    const [, block = '', kind, letter = '', tensor = ''] = double;
    const stream = kind === 'to' ? 'img' : 'txt';
    return {
      name: `${root}double_blocks.${block}.${stream}_attn.qkv.${tensor}`,
      rows: { part: 'qkv'.indexOf(letter), parts: 3 },
    };
  }
  const single = SINGLE_QKV.exec(name);
  if (single !== null) {
    const [, block = '', letter, tensor = ''] = single;
    const rows =
      letter === undefined ? { part: 3, parts: 7, count: 4 } : { part: 'qkv'.indexOf(letter), parts: 7 };
    return { name: `${root}single_blocks.${block}.linear1.${tensor}`, rows };
  }
  const last = LAST.exec(name);
  if (last === null) return undefined;
  const [, half, tensor = ''] = last;
  const rows = { part: half === 'shift' ? 0 : 1, parts: 2 };
  return { name: `${root}final_layer.adaLN_modulation.1.${tensor}`, rows };
}
