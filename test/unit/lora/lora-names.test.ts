/** The names of LoRA tensors, and which layers of a model they mean. */
import { describe, expect, it } from 'vitest';
import { otherMethodOf, parseLoraName } from '../../../main/engine/lora/lora-names';
import { loraTargets, normalLayerName } from '../../../main/engine/lora/lora-targets';

describe('a tensor name taken apart', () => {
  it.each([
    [
      'lora_unet_mid_block_attentions_0_proj_in.lora_down.weight',
      ['denoiser', 'mid_block_attentions_0_proj_in', 'down', 'kohya'],
    ],
    [
      'lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight',
      ['text_encoder', 'text_model_encoder_layers_0_mlp_fc1', 'up', 'kohya'],
    ],
    [
      'lora_te1_text_model_encoder_layers_0_self_attn_q_proj.alpha',
      ['text_encoder', 'text_model_encoder_layers_0_self_attn_q_proj', 'alpha', 'kohya'],
    ],
    [
      'lora_te2_text_model_encoder_layers_9_self_attn_q_proj.lora_down.weight',
      ['text_encoder_2', 'text_model_encoder_layers_9_self_attn_q_proj', 'down', 'kohya'],
    ],
    [
      'lora_unet_input_blocks_1_0_in_layers_2.lora_mid.weight',
      ['denoiser', 'input_blocks_1_0_in_layers_2', 'mid', 'kohya'],
    ],
    [
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0.lora_A.weight',
      ['denoiser', 'down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0', 'down', 'peft'],
    ],
    [
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.up.weight',
      ['denoiser', 'down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q', 'up', 'diffusers'],
    ],
    [
      'text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.down.weight',
      ['text_encoder', 'text_model_encoder_layers_0_self_attn_q_proj', 'down', 'diffusers'],
    ],
    [
      'transformer.single_transformer_blocks.7.proj_mlp.lora_B.weight',
      ['denoiser', 'single_transformer_blocks_7_proj_mlp', 'up', 'peft'],
    ],
    [
      'base_model.model.double_blocks.0.img_attn.qkv.lora_A.default.weight',
      ['denoiser', 'double_blocks_0_img_attn_qkv', 'down', 'peft'],
    ],
    [
      'diffusion_model.single_blocks.3.linear1.lora_A.weight',
      ['denoiser', 'single_blocks_3_linear1', 'down', 'peft'],
    ],
  ])('%s', (name, [part, layer, role, naming]) => {
    expect(parseLoraName(name)).toMatchObject({ part, layer, role, naming });
  });

  it.each(['model.diffusion_model.input_blocks.0.0.weight', 'emb_params', 'lora_unet_x.lora_down.bias'])(
    '%s is none',
    (name) => expect(parseLoraName(name)).toBeNull(),
  );

  it.each([
    ['lora_unet_mid_block_attentions_0_proj_in.dora_scale', 'DoRA'],
    ['unet.mid_block.attentions.0.proj_in.lora_magnitude_vector', 'DoRA'],
    ['lora_unet_mid_block_attentions_0_proj_in.lokr_w1', 'LoKr'],
    ['lora_unet_mid_block_attentions_0_proj_in.lokr_w2_a', 'LoKr'],
    ['lora_unet_mid_block_attentions_0_proj_in.hada_w1_a', 'LoHa'],
    ['oft_unet_mid_block_attentions_0_proj_in.oft_blocks', 'OFT'],
    ['lora_unet_mid_block_attentions_0_norm.diff', 'LoRA with whole weights beside it'],
  ])('%s belongs to another method', (name, method) => expect(otherMethodOf(name)).toBe(method));
});

/** Stable Diffusion XL at its full depth: which of its layers a name means. */
const XL = {
  block_out_channels: [320, 640, 1280],
  layers_per_block: 2,
  up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
};

describe('layers of Stable Diffusion XL under the names of its original code', () => {
  // Read off kohya's own table (networks of sd-scripts) for the SDXL UNet.
  it.each([
    ['input_blocks_0_0', 'conv_in'],
    ['input_blocks_1_0_in_layers_2', 'down_blocks.0.resnets.0.conv1'],
    ['input_blocks_3_0_op', 'down_blocks.0.downsamplers.0.conv'],
    [
      'input_blocks_4_1_transformer_blocks_1_attn2_to_k',
      'down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_k',
    ],
    ['input_blocks_5_0_emb_layers_1', 'down_blocks.1.resnets.1.time_emb_proj'],
    ['input_blocks_7_1_proj_in', 'down_blocks.2.attentions.0.proj_in'],
    [
      'input_blocks_8_1_transformer_blocks_9_ff_net_0_proj',
      'down_blocks.2.attentions.1.transformer_blocks.9.ff.net.0.proj',
    ],
    [
      'middle_block_1_transformer_blocks_3_attn1_to_out_0',
      'mid_block.attentions.0.transformer_blocks.3.attn1.to_out.0',
    ],
    ['middle_block_2_out_layers_3', 'mid_block.resnets.1.conv2'],
    ['output_blocks_0_0_skip_connection', 'up_blocks.0.resnets.0.conv_shortcut'],
    [
      'output_blocks_2_1_transformer_blocks_0_attn1_to_v',
      'up_blocks.0.attentions.2.transformer_blocks.0.attn1.to_v',
    ],
    ['output_blocks_2_2_conv', 'up_blocks.0.upsamplers.0.conv'],
    ['output_blocks_5_2_conv', 'up_blocks.1.upsamplers.0.conv'],
    ['output_blocks_8_0_in_layers_2', 'up_blocks.2.resnets.2.conv1'],
    ['out_2', 'conv_out'],
    ['time_embed_0', 'time_embedding.linear_1'],
  ])('%s', (name, layer) => {
    const graph = { name: layer, inputs: 1, outputs: 1, kernel: 1 };
    expect(loraTargets('unet', XL, [graph]).get(name)).toEqual([{ layer: graph, rows: null }]);
  });

  it('a text encoder with and without "text_model."', () => {
    const layer = { name: 'encoder.layers.0.self_attn.q_proj', inputs: 1, outputs: 1, kernel: 1 };
    const targets = loraTargets('text_encoder_2', {}, [layer]);
    expect(targets.get(normalLayerName('text_model_encoder_layers_0_self_attn_q_proj'))).toEqual([
      { layer, rows: null },
    ]);
    expect(targets.get('encoder_layers_0_self_attn_to_q')).toEqual([{ layer, rows: null }]);
  });
});

/** Flux at its full width, as far as the names need it. */
const FLUX = [
  ['transformer_blocks.0.attn.to_q', 3072],
  ['transformer_blocks.0.attn.to_k', 3072],
  ['transformer_blocks.0.attn.to_v', 3072],
  ['transformer_blocks.0.attn.add_q_proj', 3072],
  ['transformer_blocks.0.attn.add_k_proj', 3072],
  ['transformer_blocks.0.attn.add_v_proj', 3072],
  ['transformer_blocks.0.attn.to_add_out', 3072],
  ['transformer_blocks.0.ff.net.0.proj', 12_288],
  ['transformer_blocks.0.norm1_context.linear', 18_432],
  ['single_transformer_blocks.0.attn.to_q', 3072],
  ['single_transformer_blocks.0.attn.to_k', 3072],
  ['single_transformer_blocks.0.attn.to_v', 3072],
  ['single_transformer_blocks.0.proj_mlp', 12_288],
  ['single_transformer_blocks.0.proj_out', 3072],
  ['time_text_embed.guidance_embedder.linear_2', 3072],
  ['norm_out.linear', 6144],
].map(([name, outputs]) => ({ name: String(name), inputs: 1, outputs: Number(outputs), kernel: 1 }));

describe('layers of Flux under the names of its original code', () => {
  const targets = loraTargets('transformer', {}, FLUX);
  // diffusers' own conversion of kohya's Flux LoRAs splits rows so (loaders/lora_conversion_utils.py).
  it.each([
    [
      'double_blocks_0_img_attn_qkv',
      [
        ['to_q', 0],
        ['to_k', 3072],
        ['to_v', 6144],
      ],
      9216,
    ],
    [
      'double_blocks_0_txt_attn_qkv',
      [
        ['add_q_proj', 0],
        ['add_k_proj', 3072],
        ['add_v_proj', 6144],
      ],
      9216,
    ],
    [
      'single_blocks_0_linear1',
      [
        ['to_q', 0],
        ['to_k', 3072],
        ['to_v', 6144],
        ['proj_mlp', 9216],
      ],
      21_504,
    ],
  ] as const)('%s is several', (name, parts, of) => {
    const found = (targets.get(name) ?? []).map(({ layer, rows }) => [layer.name.split('.').at(-1), rows]);
    expect(found).toEqual(parts.map(([part, start]) => [part, { start, of }]));
  });

  it.each([
    ['double_blocks_0_txt_attn_proj', 'transformer_blocks.0.attn.to_add_out'],
    ['double_blocks_0_img_mlp_0', 'transformer_blocks.0.ff.net.0.proj'],
    ['double_blocks_0_txt_mod_lin', 'transformer_blocks.0.norm1_context.linear'],
    ['single_blocks_0_linear2', 'single_transformer_blocks.0.proj_out'],
    ['guidance_in_out_layer', 'time_text_embed.guidance_embedder.linear_2'],
    ['final_layer_adaLN_modulation_1', 'norm_out.linear'],
    ['single_transformer_blocks_0_attn_to_k', 'single_transformer_blocks.0.attn.to_k'],
  ])('%s', (name, layer) => {
    expect((targets.get(name) ?? []).map((target) => target.layer.name)).toEqual([layer]);
  });

  it('the last scale and shift, which a single file keeps apart and the other way round', () => {
    const [shift, scale] = ['shift', 'scale'].map((half) => ({
      name: `norm_out.${half}`,
      inputs: 3072,
      outputs: 3072,
      kernel: 1,
    }));
    const apart = loraTargets(
      'transformer',
      {},
      [shift, scale].filter((each) => each !== undefined),
    );
    expect(apart.get('final_layer_adaLN_modulation_1')).toEqual([
      { layer: shift, rows: { start: 0, of: 6144 } },
      { layer: scale, rows: { start: 3072, of: 6144 } },
    ]);
    expect(apart.get('norm_out_linear')).toEqual([
      { layer: shift, rows: { start: 3072, of: 6144 } },
      { layer: scale, rows: { start: 0, of: 6144 } },
    ]);
    expect(targets.get('final_layer_adaLN_modulation_1')?.[0]?.hasSwappedHalves).toBe(true);
  });
});
