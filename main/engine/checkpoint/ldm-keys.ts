/**
 * The names that tensors have in a single-file checkpoint ("LDM": the original code of Stable Diffusion 1, 2 and XL), as data: for every name of
 * diffusers and transformers, where the same numbers lie. Checked against diffusers' own conversion (loaders/single_file_utils.py).
 */

/** A name in the file; `rows`: only `count` (one) of its parts (OpenCLIP keeps q, k and v in one matrix). */
export interface LdmName {
  readonly name: string;
  readonly rows?: { readonly part: number; readonly parts: number; readonly count?: number };
  /** The file's matrix is [in, out] where PyTorch's layers have [out, in]. */
  readonly isTransposed?: true;
}

/** Beginnings of the parts' names. */
export const LDM_UNET = 'model.diffusion_model.';
export const LDM_VAE = 'first_stage_model.';
/** CLIP as transformers names it: SD1, and the first encoder of SDXL. */
export const LDM_CLIP = 'cond_stage_model.transformer.';
export const LDM_XL_CLIP = 'conditioner.embedders.0.transformer.';
/** OpenCLIP: SD2, the second encoder of SDXL, and the only one of its refiner. */
export const LDM_OPEN_CLIP = 'cond_stage_model.model.';
export const LDM_XL_OPEN_CLIP = 'conditioner.embedders.1.model.';
export const LDM_REFINER_OPEN_CLIP = 'conditioner.embedders.0.model.';

const RESNET: Pairs = [
  ['norm1', 'in_layers.0'],
  ['conv1', 'in_layers.2'],
  ['time_emb_proj', 'emb_layers.1'],
  ['norm2', 'out_layers.0'],
  ['conv2', 'out_layers.3'],
  ['conv_shortcut', 'skip_connection'],
];

const UNET_ENDS: Pairs = [
  ['time_embedding.linear_1', 'time_embed.0'],
  ['time_embedding.linear_2', 'time_embed.2'],
  ['time_embedding.cond_proj', 'time_embed.cond_proj'],
  ['add_embedding.linear_1', 'label_emb.0.0'],
  ['add_embedding.linear_2', 'label_emb.0.2'],
  ['conv_in', 'input_blocks.0.0'],
  ['mid_block.attentions.0', 'middle_block.1'],
  ['conv_norm_out', 'out.0'],
  ['conv_out', 'out.2'],
];

const VAE_ENDS: Pairs = [
  ['encoder.conv_norm_out', 'encoder.norm_out'],
  ['decoder.conv_norm_out', 'decoder.norm_out'],
];

const VAE_ATTENTION: Pairs = [
  ['group_norm', 'norm'],
  ['to_q', 'q'],
  ['to_k', 'k'],
  ['to_v', 'v'],
  ['to_out.0', 'proj_out'],
];

const OPEN_CLIP_ENDS: Pairs = [
  ['embeddings.token_embedding', 'token_embedding'],
  ['final_layer_norm', 'ln_final'],
];

const OPEN_CLIP_LAYER: Pairs = [
  ['layer_norm1', 'ln_1'],
  ['layer_norm2', 'ln_2'],
  ['mlp.fc1', 'mlp.c_fc'],
  ['mlp.fc2', 'mlp.c_proj'],
  ['self_attn.out_proj', 'attn.out_proj'],
];

/** diffusers → LDM, as beginnings that end at a dot. */
export type Pairs = readonly (readonly [string, string])[];

export interface UnetBlocks {
  readonly levels: number;
  readonly layersPerBlock: number;
  /** Whether the way up has attention at `up_blocks.i`. */
  readonly hasUpAttention: readonly boolean[];
}

/** Maps a UNet's names; blocks are numbered through in the file. */
export function ldmUnetNames({
  levels,
  layersPerBlock,
  hasUpAttention,
}: UnetBlocks): (name: string) => LdmName {
  const pairs: [string, string][] = [...UNET_ENDS].map(([from, to]) => [from, to]);
  const resnet = (from: string, to: string): void => {
    for (const [inner, ldm] of RESNET) pairs.push([`${from}.${inner}`, `${to}.${ldm}`]);
  };
  resnet('mid_block.resnets.0', 'middle_block.0');
  resnet('mid_block.resnets.1', 'middle_block.2');
  for (let i = 0; i < levels; i += 1) {
    for (let j = 0; j < layersPerBlock; j += 1) {
      const block = `input_blocks.${1 + i * (layersPerBlock + 1) + j}`;
      resnet(`down_blocks.${i}.resnets.${j}`, `${block}.0`);
      pairs.push([`down_blocks.${i}.attentions.${j}`, `${block}.1`]);
    }
    const down = `input_blocks.${(i + 1) * (layersPerBlock + 1)}`;
    pairs.push([`down_blocks.${i}.downsamplers.0.conv`, `${down}.0.op`]);
    for (let j = 0; j <= layersPerBlock; j += 1) {
      const block = `output_blocks.${i * (layersPerBlock + 1) + j}`;
      resnet(`up_blocks.${i}.resnets.${j}`, `${block}.0`);
      pairs.push([`up_blocks.${i}.attentions.${j}`, `${block}.1`]);
    }
    const up = `output_blocks.${i * (layersPerBlock + 1) + layersPerBlock}`;
    pairs.push([`up_blocks.${i}.upsamplers.0.conv`, `${up}.${hasUpAttention[i] === true ? 2 : 1}.conv`]);
  }
  return renamer(LDM_UNET, pairs);
}

/** Maps an autoencoder's names; the file numbers the decoder's blocks from the picture's side. A file of its own has no `root` before them. */
export function ldmVaeNames(
  levels: number,
  layersPerBlock: number,
  root = LDM_VAE,
): (name: string) => LdmName {
  const pairs: [string, string][] = [...VAE_ENDS].map(([from, to]) => [from, to]);
  const resnet = (from: string, to: string): void => {
    pairs.push([`${from}.conv_shortcut`, `${to}.nin_shortcut`], [from, to]);
  };
  for (const side of ['encoder', 'decoder']) {
    resnet(`${side}.mid_block.resnets.0`, `${side}.mid.block_1`);
    resnet(`${side}.mid_block.resnets.1`, `${side}.mid.block_2`);
    for (const [inner, ldm] of VAE_ATTENTION) {
      pairs.push([`${side}.mid_block.attentions.0.${inner}`, `${side}.mid.attn_1.${ldm}`]);
    }
  }
  for (let i = 0; i < levels; i += 1) {
    const up = `decoder.up.${levels - 1 - i}`;
    for (let j = 0; j <= layersPerBlock; j += 1) {
      resnet(`encoder.down_blocks.${i}.resnets.${j}`, `encoder.down.${i}.block.${j}`);
      resnet(`decoder.up_blocks.${i}.resnets.${j}`, `${up}.block.${j}`);
    }
    pairs.push([`encoder.down_blocks.${i}.downsamplers.0.conv`, `encoder.down.${i}.downsample.conv`]);
    pairs.push([`decoder.up_blocks.${i}.upsamplers.0.conv`, `${up}.upsample.conv`]);
  }
  return renamer(root, pairs);
}

/** SD1 and SDXL keep transformers' own names; SD1's oldest files lack the "text_model." in them. */
export const ldmClipNames =
  (root: string, hasTextModel: boolean) =>
  (name: string): LdmName => ({
    name: `${root}${hasTextModel ? 'text_model.' : ''}${name.replace(/^text_model\./, '')}`,
  });

/** OpenCLIP's own names. */
export function ldmOpenClipNames(root: string, layers: number): (name: string) => LdmName {
  const pairs: [string, string][] = [...OPEN_CLIP_ENDS].map(([from, to]) => [from, to]);
  for (let i = 0; i < layers; i += 1) {
    for (const [inner, ldm] of OPEN_CLIP_LAYER) {
      pairs.push([`encoder.layers.${i}.${inner}`, `transformer.resblocks.${i}.${ldm}`]);
    }
  }
  const rename = renamer(root, pairs);
  const isXl = root !== LDM_OPEN_CLIP;
  return (full) => {
    const name = full.replace(/^text_model\./, '');
    if (name === 'embeddings.position_embedding.weight') return { name: `${root}positional_embedding` };
    // SD2's files have a projection too, which it does not use.
    if (isXl && name === 'text_projection.weight') {
      return { name: `${root}text_projection`, isTransposed: true };
    }
    const projection = /^encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)$/.exec(name);
    if (projection === null) return rename(name);
    const [, layer = '', letter = '', kind = ''] = projection;
    return {
      name: `${root}transformer.resblocks.${layer}.attn.in_proj_${kind}`,
      rows: { part: 'qkv'.indexOf(letter), parts: 3 },
    };
  };
}

/** Replaces the longest known beginning of a name; what follows it stays. */
export function renamer(root: string, pairs: Pairs): (name: string) => LdmName {
  const map = new Map(pairs);
  return (name) => {
    for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
      const to = map.get(name.slice(0, end));
      if (to !== undefined) return { name: `${root}${to}${name.slice(end)}` };
    }
    return { name: `${root}${name}` };
  };
}
