/** Names in single-file checkpoints, as they stand in published SD1 and SD2 files, and what is recognised from them. */
import { describe, expect, it } from 'vitest';
import {
  ldmClipNames,
  ldmOpenClipNames,
  ldmUnetNames,
  ldmVaeNames,
} from '../../../main/engine/checkpoint/ldm-keys';
import { recogniseLdm } from '../../../main/engine/checkpoint/recognise-ldm';
import type { SafetensorsHeader } from '../../../main/engine/checkpoint/safetensors-file';
import { schedulerKind } from '../../../main/engine/model/single-file';

const unet = ldmUnetNames({ levels: 4, layersPerBlock: 2, hasUpAttention: [false, true, true, true] });
const vae = ldmVaeNames(4, 2);

describe('names', () => {
  it.each([
    ['conv_in.weight', 'input_blocks.0.0.weight'],
    ['time_embedding.linear_2.bias', 'time_embed.2.bias'],
    ['down_blocks.0.resnets.1.norm1.weight', 'input_blocks.2.0.in_layers.0.weight'],
    ['down_blocks.0.downsamplers.0.conv.weight', 'input_blocks.3.0.op.weight'],
    ['down_blocks.1.resnets.0.conv_shortcut.weight', 'input_blocks.4.0.skip_connection.weight'],
    ['down_blocks.2.attentions.1.proj_out.bias', 'input_blocks.8.1.proj_out.bias'],
    ['down_blocks.3.resnets.1.conv2.weight', 'input_blocks.11.0.out_layers.3.weight'],
    ['mid_block.resnets.1.time_emb_proj.weight', 'middle_block.2.emb_layers.1.weight'],
    [
      'mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0.bias',
      'middle_block.1.transformer_blocks.0.attn2.to_out.0.bias',
    ],
    ['up_blocks.0.upsamplers.0.conv.weight', 'output_blocks.2.1.conv.weight'],
    ['up_blocks.1.upsamplers.0.conv.weight', 'output_blocks.5.2.conv.weight'],
    ['up_blocks.3.attentions.2.norm.weight', 'output_blocks.11.1.norm.weight'],
    ['conv_norm_out.bias', 'out.0.bias'],
    ['conv_out.weight', 'out.2.weight'],
    ['add_embedding.linear_2.bias', 'label_emb.0.2.bias'],
    ['time_embedding.cond_proj.weight', 'time_embed.cond_proj.weight'],
  ])('UNet %s', (name, ldm) => {
    expect(unet(name)).toEqual({ name: `model.diffusion_model.${ldm}` });
  });

  it.each([
    ['encoder.conv_in.weight', 'encoder.conv_in.weight'],
    ['encoder.down_blocks.1.resnets.0.conv_shortcut.weight', 'encoder.down.1.block.0.nin_shortcut.weight'],
    ['encoder.down_blocks.2.downsamplers.0.conv.bias', 'encoder.down.2.downsample.conv.bias'],
    ['decoder.up_blocks.0.resnets.2.norm2.weight', 'decoder.up.3.block.2.norm2.weight'],
    ['decoder.up_blocks.2.upsamplers.0.conv.weight', 'decoder.up.1.upsample.conv.weight'],
    ['decoder.mid_block.attentions.0.to_out.0.weight', 'decoder.mid.attn_1.proj_out.weight'],
    ['encoder.mid_block.attentions.0.group_norm.bias', 'encoder.mid.attn_1.norm.bias'],
    ['encoder.mid_block.resnets.1.conv1.weight', 'encoder.mid.block_2.conv1.weight'],
    ['decoder.conv_norm_out.weight', 'decoder.norm_out.weight'],
    ['post_quant_conv.bias', 'post_quant_conv.bias'],
  ])('autoencoder %s', (name, ldm) => {
    expect(vae(name)).toEqual({ name: `first_stage_model.${ldm}` });
  });

  it('text encoders', () => {
    expect(ldmClipNames('cond_stage_model.transformer.', true)('encoder.layers.3.mlp.fc1.weight').name).toBe(
      'cond_stage_model.transformer.text_model.encoder.layers.3.mlp.fc1.weight',
    );
    const root = 'cond_stage_model.model.';
    const open = ldmOpenClipNames(root, 24);
    expect(open('embeddings.position_embedding.weight')).toEqual({ name: `${root}positional_embedding` });
    expect(open('encoder.layers.10.mlp.fc2.bias')).toEqual({
      name: `${root}transformer.resblocks.10.mlp.c_proj.bias`,
    });
    expect(open('encoder.layers.1.self_attn.v_proj.weight')).toEqual({
      name: `${root}transformer.resblocks.1.attn.in_proj_weight`,
      rows: { part: 2, parts: 3 },
    });
    expect(open('final_layer_norm.weight')).toEqual({ name: `${root}ln_final.weight` });
    const bigG = ldmOpenClipNames('conditioner.embedders.1.model.', 32);
    expect(bigG('text_model.encoder.layers.31.layer_norm2.weight')).toEqual({
      name: 'conditioner.embedders.1.model.transformer.resblocks.31.ln_2.weight',
    });
    expect(bigG('text_projection.weight')).toEqual({
      name: 'conditioner.embedders.1.model.text_projection',
      isTransposed: true,
    });
  });
});

/** A header with these tensors and nothing behind it. */
const headerOf = (tensors: Readonly<Record<string, readonly number[]>>): SafetensorsHeader => ({
  file: '/x.safetensors',
  sizeBytes: 0,
  metadata: {},
  others: new Map(),
  weights: new Map(
    Object.entries(tensors).map(([name, shape]) => [
      name,
      { name, file: '/x.safetensors', dtype: 'F16', shape, offset: 0, length: 0 },
    ]),
  ),
});

/** The tensors of a full-size checkpoint that tell its architecture. */
function fullSize(kind: 'sd1' | 'sd2', inChannels = 4): Record<string, readonly number[]> {
  const channels = [320, 640, 1280, 1280];
  const context = kind === 'sd1' ? 768 : 1024;
  const projection = (c: number): number[] => (kind === 'sd1' ? [c, c, 1, 1] : [c, c]);
  const u = 'model.diffusion_model.';
  const tensors: Record<string, readonly number[]> = {
    [`${u}input_blocks.0.0.weight`]: [320, inChannels, 3, 3],
    [`${u}out.2.weight`]: [4, 320, 3, 3],
    [`${u}middle_block.1.proj_in.weight`]: projection(1280),
    [`${u}middle_block.1.transformer_blocks.0.attn2.to_k.weight`]: [1280, context],
    'first_stage_model.decoder.conv_in.weight': [512, 4, 3, 3],
    'first_stage_model.quant_conv.weight': [8, 8, 1, 1],
    'first_stage_model.post_quant_conv.weight': [4, 4, 1, 1],
    'first_stage_model.encoder.mid.attn_1.q.weight': [512, 512, 1, 1],
  };
  channels.forEach((c, level) => {
    for (const j of [0, 1]) {
      const block = `${u}input_blocks.${1 + level * 3 + j}`;
      tensors[`${block}.0.in_layers.2.weight`] = [c, 1, 3, 3];
      if (level < 3) tensors[`${block}.1.proj_in.weight`] = projection(c);
    }
    if (level < 3) tensors[`${u}input_blocks.${(level + 1) * 3}.0.op.weight`] = [c, c, 3, 3];
  });
  [128, 256, 512, 512].forEach((c, i) => {
    for (const j of [0, 1])
      tensors[`first_stage_model.encoder.down.${i}.block.${j}.conv1.weight`] = [c, 1, 3, 3];
  });
  if (kind === 'sd1') {
    const t = 'cond_stage_model.transformer.text_model.';
    tensors[`${t}final_layer_norm.weight`] = [768];
    tensors[`${t}embeddings.token_embedding.weight`] = [49408, 768];
    tensors[`${t}embeddings.position_embedding.weight`] = [77, 768];
    for (let i = 0; i < 12; i += 1) tensors[`${t}encoder.layers.${i}.mlp.fc1.weight`] = [3072, 768];
  } else {
    const t = 'cond_stage_model.model.';
    tensors[`${t}token_embedding.weight`] = [49408, 1024];
    tensors[`${t}positional_embedding`] = [77, 1024];
    for (let i = 0; i < 24; i += 1) tensors[`${t}transformer.resblocks.${i}.mlp.c_fc.weight`] = [4096, 1024];
  }
  return tensors;
}

/** The tensors of a full-size SDXL checkpoint, or its refiner, that tell its architecture. */
function fullSizeXl(kind: 'base' | 'refiner'): Record<string, readonly number[]> {
  const isBase = kind === 'base';
  const channels = isBase ? [320, 640, 1280] : [384, 768, 1536, 1536];
  const depths = isBase ? [0, 2, 10] : [0, 4, 4, 0];
  const last = channels.length - 1;
  const u = 'model.diffusion_model.';
  const tensors: Record<string, readonly number[]> = {
    [`${u}input_blocks.0.0.weight`]: [channels[0] ?? 0, 4, 3, 3],
    [`${u}out.2.weight`]: [4, channels[0] ?? 0, 3, 3],
    [`${u}label_emb.0.0.weight`]: [1280, isBase ? 2816 : 2560],
    [`${u}middle_block.1.proj_in.weight`]: [channels[last] ?? 0, channels[last] ?? 0],
    [`${u}middle_block.1.transformer_blocks.0.attn2.to_k.weight`]: [
      channels[last] ?? 0,
      isBase ? 2048 : 1280,
    ],
    'first_stage_model.decoder.conv_in.weight': [512, 4, 3, 3],
  };
  const deep = (block: string, depth: number): void => {
    for (let i = 0; i < depth; i += 1) tensors[`${u}${block}.1.transformer_blocks.${i}.norm1.weight`] = [1];
  };
  deep('middle_block', isBase ? 10 : 4);
  channels.forEach((c, level) => {
    for (const j of [0, 1]) {
      const block = `input_blocks.${1 + level * 3 + j}`;
      const depth = depths[level] ?? 0;
      tensors[`${u}${block}.0.in_layers.2.weight`] = [c, 1, 3, 3];
      if (depth > 0) tensors[`${u}${block}.1.proj_in.weight`] = [c, c];
      deep(block, depth);
    }
    if (level < last) tensors[`${u}input_blocks.${(level + 1) * 3}.0.op.weight`] = [c, c, 3, 3];
  });
  [128, 256, 512, 512].forEach((c, i) => {
    for (const j of [0, 1])
      tensors[`first_stage_model.encoder.down.${i}.block.${j}.conv1.weight`] = [c, 1, 3, 3];
  });
  const open = `conditioner.embedders.${isBase ? 1 : 0}.model.`;
  tensors[`${open}token_embedding.weight`] = [49408, 1280];
  tensors[`${open}positional_embedding`] = [77, 1280];
  tensors[`${open}text_projection`] = [1280, 1280];
  for (let i = 0; i < 32; i += 1) tensors[`${open}transformer.resblocks.${i}.mlp.c_fc.weight`] = [5120, 1280];
  if (!isBase) return tensors;
  const first = 'conditioner.embedders.0.transformer.text_model.';
  tensors[`${first}final_layer_norm.weight`] = [768];
  tensors[`${first}embeddings.token_embedding.weight`] = [49408, 768];
  tensors[`${first}embeddings.position_embedding.weight`] = [77, 768];
  for (let i = 0; i < 12; i += 1) tensors[`${first}encoder.layers.${i}.mlp.fc1.weight`] = [3072, 768];
  return tensors;
}

describe('recognition', () => {
  it('Stable Diffusion 1', () => {
    const { family, parts } = recogniseLdm(headerOf(fullSize('sd1')), 'x');
    const { unet: u, vae_encoder: v, text_encoder: text } = parts;
    expect(family).toBe('sd1');
    expect(u.config).toMatchObject({
      in_channels: 4,
      block_out_channels: [320, 640, 1280, 1280],
      layers_per_block: 2,
      cross_attention_dim: 768,
      attention_head_dim: 8,
      use_linear_projection: false,
      down_block_types: [
        'CrossAttnDownBlock2D',
        'CrossAttnDownBlock2D',
        'CrossAttnDownBlock2D',
        'DownBlock2D',
      ],
      up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
    });
    expect(v.config).toMatchObject({ block_out_channels: [128, 256, 512, 512], layers_per_block: 2 });
    expect(text?.config).toMatchObject({
      num_hidden_layers: 12,
      num_attention_heads: 12,
      intermediate_size: 3072,
      hidden_act: 'quick_gelu',
    });
  });

  it('Stable Diffusion 2, whose last text layer is not used', () => {
    const { family, parts } = recogniseLdm(headerOf(fullSize('sd2')), 'x');
    const { unet: u, text_encoder: text } = parts;
    expect(family).toBe('sd2');
    expect(u.config).toMatchObject({
      cross_attention_dim: 1024,
      attention_head_dim: [5, 10, 20, 20],
      use_linear_projection: true,
    });
    expect(text?.config).toMatchObject({
      num_hidden_layers: 23,
      num_attention_heads: 16,
      hidden_act: 'gelu',
    });
  });

  it('Stable Diffusion XL', () => {
    const { family, parts } = recogniseLdm(headerOf(fullSizeXl('base')), 'x');
    expect(family).toBe('sdxl');
    expect(parts.unet.config).toMatchObject({
      block_out_channels: [320, 640, 1280],
      cross_attention_dim: 2048,
      attention_head_dim: [5, 10, 20],
      transformer_layers_per_block: [1, 2, 10],
      addition_embed_type: 'text_time',
      addition_time_embed_dim: 256,
      projection_class_embeddings_input_dim: 2816,
      down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
      up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
    });
    const shared = { output_hidden_states: true, max_position_embeddings: 77 };
    expect(parts.text_encoder?.config).toMatchObject({ ...shared, num_hidden_layers: 12 });
    expect(parts.text_encoder_2?.config).toMatchObject({
      ...shared,
      num_hidden_layers: 32,
      num_attention_heads: 20,
      projection_dim: 1280,
      hidden_act: 'gelu',
    });
  });

  it("Stable Diffusion XL's refiner", () => {
    const { family, parts } = recogniseLdm(headerOf(fullSizeXl('refiner')), 'x');
    expect(family).toBe('sdxl');
    expect(parts.text_encoder).toBeUndefined();
    expect(parts.text_encoder_2?.root).toBe('conditioner.embedders.0.model.');
    expect(parts.unet.config).toMatchObject({
      block_out_channels: [384, 768, 1536, 1536],
      cross_attention_dim: 1280,
      attention_head_dim: [6, 12, 24, 24],
      transformer_layers_per_block: [1, 4, 4, 4],
      projection_class_embeddings_input_dim: 2560,
    });
  });

  it.each(['conditioner.embedders.0.', 'conditioner.embedders.1.'])('XL without %s', (root) => {
    const tensors = fullSizeXl('base');
    for (const name of Object.keys(tensors)) if (name.startsWith(root)) delete tensors[name];
    expect(() => recogniseLdm(headerOf(tensors), 'x')).toThrow(/no complete (second )?text encoder/);
  });

  it('input channels of an inpainting model', () => {
    expect(recogniseLdm(headerOf(fullSize('sd1', 9)), 'x').parts.unet.config['in_channels']).toBe(9);
  });

  it.each([
    ['a LoRA', { 'lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight': [4, 320] }],
    [
      'a Stable Diffusion 3 model',
      { 'model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight': [1, 1] },
    ],
    ['the transformer of a model folder', { 'transformer_blocks.0.attn.to_q.weight': [1, 1] }],
    ['a UNet alone', { 'down_blocks.0.resnets.0.conv1.weight': [1] }],
    ['an autoencoder alone', { 'encoder.conv_in.weight': [1] }],
    ['no checkpoint that is known', { weights: [1] }],
  ])('says what %s is', (what, tensors) => {
    expect(() => recogniseLdm(headerOf(tensors), 'x')).toThrow(what);
  });

  it('names the part that was cut out', () => {
    const tensors = fullSize('sd1');
    for (const name of Object.keys(tensors)) if (name.startsWith('first_stage')) delete tensors[name];
    expect(() => recogniseLdm(headerOf(tensors), 'x')).toThrow(/no complete autoencoder/);
  });
});

describe('what a checkpoint predicts', () => {
  it.each([
    ['sd1', 'dreamshaper_8', {}, 'sd1'],
    ['sd1', 'something-vpred', {}, 'sd1-v'],
    ['sd2', 'v2-1_768-ema-pruned', {}, 'sd2-v'],
    ['sd2', 'v2-1_512-ema-pruned', {}, 'sd2-base'],
    ['sd2', '512-base-ema', {}, 'sd2-base'],
    ['sd2', 'sd_turbo', {}, 'turbo'],
    ['sd2', 'mine', { 'modelspec.architecture': 'stable-diffusion-v2-768-v' }, 'sd2-v'],
    ['sd2', 'mine', { 'modelspec.prediction_type': 'epsilon' }, 'sd2-base'],
    ['sd1', 'LCM_Dreamshaper_v7_4k', {}, 'lcm'],
    ['sdxl', 'sdxl-lcm-merge', {}, 'xl-lcm'],
    ['sdxl', 'sd_xl_base_1.0', {}, 'xl'],
    ['sdxl', 'sd_xl_turbo_1.0_fp16', {}, 'xl-turbo'],
    ['sdxl', 'juggernautXL_lightning', {}, 'xl-lightning'],
    ['sdxl', 'noobaiXL-vpred', {}, 'xl-v'],
  ] as const)('%s "%s" %o: %s', (family, name, metadata, kind) => {
    expect(schedulerKind(family, name, metadata)).toBe(kind);
  });
});
