/** LoRAs for few steps are known by their names, and families by their layers. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fewStepDefaults, fewStepsOf } from '../../../main/engine/lora/few-steps';
import { familyOf } from '../../../main/engine/lora/lora-family';
import type { LoraFile, LoraLayer } from '../../../main/engine/lora/read-lora';

const layer = (name: string, width: number): LoraLayer => {
  const weight = { name, file: 'x', dtype: 'F16' as const, shape: [4, width], offset: 0, length: 8 * width };
  return { part: 'denoiser', key: name, layer: name, down: weight, mid: null, up: weight, rank: 4, scale: 1 };
};

/** A file of this path with these layers. */
const lora = (path: string, layers: LoraLayer[] = [], metadata: Record<string, string> = {}): LoraFile => ({
  path,
  name: (path.split('/').at(-1) ?? '').replace('.safetensors', ''),
  header: { file: path, sizeBytes: 1, metadata, weights: new Map(), others: new Map() },
  naming: 'kohya',
  layers,
  unknown: [],
  revision: '0',
});

const trailing = { timestep_spacing: 'trailing' };

describe('LoRAs for few steps', () => {
  it.each([
    ['pytorch_lora_weights.safetensors', null],
    ['watercolour.safetensors', null],
    ['welcome.safetensors', null],
    [join('lcm-lora-sdv1-5', 'pytorch_lora_weights.safetensors'), ['LCM', 8, 1.5, 'lcm', {}]],
    ['LCM_LoRA_SD15.safetensors', ['LCM', 8, 1.5, 'lcm', {}]],
    ['sdxl_lightning_4step_lora.safetensors', ['Lightning', 4, 0, 'euler', trailing]],
    ['sdxl_lightning_8step_lora.safetensors', ['Lightning', 8, 0, 'euler', trailing]],
    ['Hyper-SD15-2steps-lora.safetensors', ['Hyper', 2, 0, 'ddim', trailing]],
    ['Hyper-SDXL-12steps-CFG-lora.safetensors', ['Hyper', 12, 5, 'ddim', trailing]],
  ])('%s', (path, expected) => {
    const found = fewStepsOf(lora(path));
    const { kind, steps, guidance, scheduler, schedulerConfig } = found ?? {};
    expect(found === null ? null : [kind, steps, guidance, scheduler, schedulerConfig]).toEqual(expected);
  });

  it('Flux keeps its scheduler', () => {
    const file = lora('Hyper-FLUX.1-dev-8steps-lora.safetensors', [
      layer('double_blocks_0_img_attn_qkv', 3072),
    ]);
    expect(fewStepsOf(file)).toMatchObject({
      kind: 'Hyper',
      steps: 8,
      guidance: 3.5,
      scheduler: null,
      schedulerConfig: {},
    });
  });

  it('a title in the metadata counts, and strength leaves at least one step', () => {
    const found = fewStepsOf(lora('x.safetensors', [], { 'modelspec.title': 'SDXL Lightning 1-step' }));
    if (found === null) throw new Error('not recognised');
    const defaults = { strength: 0.6, steps: 20, guidance: 7.5, scheduler: 'pndm', sidePx: 512 } as const;
    expect(fewStepDefaults(defaults, found)).toEqual({
      strength: 1,
      steps: 1,
      guidance: 0,
      scheduler: 'euler',
      sidePx: 512,
    });
  });
});

describe('what a LoRA was made for', () => {
  it.each([
    ['sd1', 'down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k', 768],
    ['sd2', 'mid_block_attentions_0_transformer_blocks_0_attn2_to_v', 1024],
    ['sdxl', 'input_blocks_4_1_transformer_blocks_0_attn2_to_k', 2048],
    ['sdxl', 'down_blocks_2_attentions_0_transformer_blocks_9_ff_net_2', 5120],
    ['flux', 'single_transformer_blocks_3_proj_mlp', 3072],
    ['flux', 'single_blocks_3_linear1', 3072],
    ['sd3', 'joint_blocks_3_x_block_attn_qkv', 1536],
    [null, 'down_blocks_0_attentions_0_proj_in', 320],
  ])('%s: %s', (family, name, width) => expect(familyOf(lora('x', [layer(name, width)]))).toBe(family));

  it.each([
    ['stable-diffusion-xl-v1-base/lora', 'sdxl'],
    ['stable-diffusion-v1/lora', 'sd1'],
    ['flux-1-dev/lora', 'flux'],
    ['stable-diffusion-v3/lora', 'sd3'],
  ])('metadata %s', (architecture, family) =>
    expect(familyOf(lora('x', [], { 'modelspec.architecture': architecture }))).toBe(family),
  );
});
