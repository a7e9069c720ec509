/** Names and shapes of the published FLUX.1-dev files, for files that have their size but not their content. */

export type Shapes = Readonly<Record<string, readonly number[]>>;

const D = 3072;

/** flux1-dev.safetensors, in the original naming. */
export function fullSizeDev(): Shapes {
  const shapes: Record<string, number[]> = {};
  const linear = (name: string, outFeatures: number, inFeatures: number): void => {
    shapes[`${name}.weight`] = [outFeatures, inFeatures];
    shapes[`${name}.bias`] = [outFeatures];
  };
  linear('img_in', D, 64);
  linear('txt_in', D, 4096);
  for (const [name, features] of [
    ['time_in', 256],
    ['guidance_in', 256],
    ['vector_in', 768],
  ] as const) {
    linear(`${name}.in_layer`, D, features);
    linear(`${name}.out_layer`, D, D);
  }
  for (let i = 0; i < 19; i += 1) {
    for (const stream of ['img', 'txt']) {
      const block = `double_blocks.${i}.${stream}`;
      linear(`${block}_mod.lin`, 6 * D, D);
      linear(`${block}_attn.qkv`, 3 * D, D);
      linear(`${block}_attn.proj`, D, D);
      shapes[`${block}_attn.norm.query_norm.scale`] = [128];
      shapes[`${block}_attn.norm.key_norm.scale`] = [128];
      linear(`${block}_mlp.0`, 4 * D, D);
      linear(`${block}_mlp.2`, D, 4 * D);
    }
  }
  for (let i = 0; i < 38; i += 1) {
    const block = `single_blocks.${i}`;
    linear(`${block}.modulation.lin`, 3 * D, D);
    linear(`${block}.linear1`, 7 * D, D);
    linear(`${block}.linear2`, D, 5 * D);
    shapes[`${block}.norm.query_norm.scale`] = [128];
    shapes[`${block}.norm.key_norm.scale`] = [128];
  }
  linear('final_layer.linear', 64, D);
  linear('final_layer.adaLN_modulation.1', 2 * D, D);
  return shapes;
}

/** t5xxl_fp16.safetensors. */
export function fullSizeT5(): Shapes {
  const shapes: Record<string, number[]> = { 'shared.weight': [32_128, 4096] };
  for (let i = 0; i < 24; i += 1) {
    const layer = `encoder.block.${i}.layer`;
    for (const letter of 'qkvo') shapes[`${layer}.0.SelfAttention.${letter}.weight`] = [4096, 4096];
    shapes[`${layer}.0.layer_norm.weight`] = [4096];
    shapes[`${layer}.1.layer_norm.weight`] = [4096];
    shapes[`${layer}.1.DenseReluDense.wi_0.weight`] = [10_240, 4096];
    shapes[`${layer}.1.DenseReluDense.wi_1.weight`] = [10_240, 4096];
    shapes[`${layer}.1.DenseReluDense.wo.weight`] = [4096, 10_240];
  }
  shapes['encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight'] = [32, 64];
  shapes['encoder.final_layer_norm.weight'] = [4096];
  return shapes;
}

/** clip_l.safetensors. */
export function fullSizeClip(): Shapes {
  const shapes: Record<string, number[]> = {
    'text_model.embeddings.token_embedding.weight': [49_408, 768],
    'text_model.embeddings.position_embedding.weight': [77, 768],
    'text_model.final_layer_norm.weight': [768],
    'text_model.final_layer_norm.bias': [768],
  };
  for (let i = 0; i < 12; i += 1) {
    const layer = `text_model.encoder.layers.${i}`;
    for (const [name, outFeatures, inFeatures] of [
      ['self_attn.q_proj', 768, 768],
      ['self_attn.k_proj', 768, 768],
      ['self_attn.v_proj', 768, 768],
      ['self_attn.out_proj', 768, 768],
      ['mlp.fc1', 3072, 768],
      ['mlp.fc2', 768, 3072],
    ] as const) {
      shapes[`${layer}.${name}.weight`] = [outFeatures, inFeatures];
      shapes[`${layer}.${name}.bias`] = [outFeatures];
    }
    for (const norm of ['layer_norm1', 'layer_norm2']) {
      shapes[`${layer}.${norm}.weight`] = [768];
      shapes[`${layer}.${norm}.bias`] = [768];
    }
  }
  return shapes;
}

/** ae.safetensors. */
export function fullSizeVae(): Shapes {
  const shapes: Record<string, number[]> = {};
  const conv = (name: string, outChannels: number, inChannels: number, kernel = 3): void => {
    shapes[`${name}.weight`] = [outChannels, inChannels, kernel, kernel];
    shapes[`${name}.bias`] = [outChannels];
  };
  const norm = (name: string, channels: number): void => {
    shapes[`${name}.weight`] = [channels];
    shapes[`${name}.bias`] = [channels];
  };
  const resnet = (name: string, inChannels: number, outChannels: number): void => {
    norm(`${name}.norm1`, inChannels);
    conv(`${name}.conv1`, outChannels, inChannels);
    norm(`${name}.norm2`, outChannels);
    conv(`${name}.conv2`, outChannels, outChannels);
    if (inChannels !== outChannels) conv(`${name}.nin_shortcut`, outChannels, inChannels, 1);
  };
  const channels = [128, 256, 512, 512];
  for (const side of ['encoder', 'decoder']) {
    resnet(`${side}.mid.block_1`, 512, 512);
    resnet(`${side}.mid.block_2`, 512, 512);
    norm(`${side}.mid.attn_1.norm`, 512);
    for (const letter of ['q', 'k', 'v', 'proj_out']) conv(`${side}.mid.attn_1.${letter}`, 512, 512, 1);
  }
  conv('encoder.conv_in', 128, 3);
  conv('decoder.conv_in', 512, 16);
  let down = 128;
  let up = 512;
  for (let i = 0; i < 4; i += 1) {
    const out = channels[i] ?? 0;
    for (let j = 0; j < 2; j += 1) resnet(`encoder.down.${i}.block.${j}`, j === 0 ? down : out, out);
    if (i < 3) conv(`encoder.down.${i}.downsample.conv`, out, out);
    down = out;
    const level = 3 - i;
    const wide = channels[level] ?? 0;
    for (let j = 0; j < 3; j += 1) resnet(`decoder.up.${level}.block.${j}`, j === 0 ? up : wide, wide);
    if (level > 0) conv(`decoder.up.${level}.upsample.conv`, wide, wide);
    up = wide;
  }
  norm('encoder.norm_out', 512);
  conv('encoder.conv_out', 32, 512);
  norm('decoder.norm_out', 128);
  conv('decoder.conv_out', 3, 128);
  return shapes;
}

/** The start of a safetensors file that holds bfloat16 tensors of these shapes, and the size of the whole. */
export function sparseHeader(shapes: Shapes): { header: Buffer; sizeBytes: number } {
  let end = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = end;
    end += 2 * shape.reduce((product, n) => product * n, 1);
    return [name, { dtype: 'BF16', shape, data_offsets: [begin, end] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const header = Buffer.concat([length, json]);
  return { header, sizeBytes: header.length + end };
}
