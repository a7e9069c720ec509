/** Makes single files of FLUX.1 in the original naming from the tiny golden models. */
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fluxNames } from '../../main/engine/checkpoint/flux-keys';
import { ldmClipNames, ldmVaeNames } from '../../main/engine/checkpoint/ldm-keys';
import { encodeSafetensors, readSafetensors } from '../../main/engine/latents/safetensors';
import type { SingleFileHints } from '../../main/engine/model/single-file';
import { readConfig } from './checkpoint';
import { fluxFolder } from './flux';
import { addRenamed, asConvolutions, type Tensors } from './single-file';

/** How a checkpoint is spread over files: ComfyUI's all-in-one, or the transformer with clip_l, t5xxl and ae beside it. */
export type FluxLayout = 'everything inside' | 'files beside it';

/** Writes the files and the T5 tokenizer; the answer is what a real checkpoint would not need: this one's heads and groups are tiny. */
export async function writeFluxFile(
  model: string,
  path: string,
  layout: FluxLayout,
): Promise<SingleFileHints> {
  const folder = await fluxFolder(model);
  const isWhole = layout === 'everything inside';
  const {
    num_layers: doubleBlocks,
    num_single_layers: singleBlocks,
    axes_dims_rope,
  } = readConfig(folder, 'transformer');
  const roots = isWhole
    ? {
        transformer: 'model.diffusion_model.',
        clip: 'text_encoders.clip_l.transformer.',
        t5: 'text_encoders.t5xxl.transformer.',
        vae: 'vae.',
      }
    : { transformer: '', clip: '', t5: '', vae: '' };
  const files: Record<string, Tensors> = {};
  const fileOf = (name: string): Tensors => (files[isWhole ? path : join(dirname(path), name)] ??= {});

  const names = fluxNames(roots.transformer, {
    doubleBlocks: Number(doubleBlocks),
    singleBlocks: Number(singleBlocks),
  });
  addRenamed((files[path] ??= {}), withHalves(await tensorsOf(join(folder, 'transformer'))), names);
  addRenamed(
    fileOf('clip_l.safetensors'),
    await tensorsOf(join(folder, 'text_encoder')),
    ldmClipNames(roots.clip, true),
  );
  const t5 = await tensorsOf(join(folder, 'text_encoder_2'));
  addRenamed(fileOf('t5xxl_fp16.safetensors'), t5, (name) => ({ name: roots.t5 + name }));
  addRenamed(
    fileOf('ae.safetensors'),
    asConvolutions(await tensorsOf(join(folder, 'vae'))),
    ldmVaeNames(4, 1, roots.vae),
  );
  await mkdir(dirname(path), { recursive: true });
  for (const [file, tensors] of Object.entries(files)) await writeFile(file, encodeSafetensors(tensors));
  await cp(join(folder, 'tokenizer_2'), join(dirname(path), 'tokenizer_2'), { recursive: true });

  const groups = { norm_num_groups: readConfig(folder, 'vae_encoder')['norm_num_groups'] };
  return {
    tokenizerFolder: join(folder, 'tokenizer'),
    configs: {
      text_encoder: { num_attention_heads: 2, eos_token_id: 2 },
      transformer: { axes_dims_rope },
      vae_encoder: groups,
      vae_decoder: groups,
    },
  };
}

/** All tensors of a component, from one file or several. */
async function tensorsOf(folder: string): Promise<Tensors> {
  const tensors: Tensors = {};
  for (const file of await readdir(folder)) {
    if (file.endsWith('.safetensors'))
      Object.assign(tensors, (await readSafetensors(join(folder, file))).tensors);
  }
  return tensors;
}

/** diffusers has the last scale before the last shift in one matrix; the original code the other way round. */
function withHalves(tensors: Tensors): Tensors {
  const result: Tensors = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const kind = /^norm_out\.linear\.(weight|bias)$/.exec(name)?.[1];
    if (kind === undefined || tensor.dtype !== 'F32') {
      result[name] = tensor;
      continue;
    }
    const half = tensor.data.length / 2;
    const shape = [(tensor.shape[0] ?? 0) / 2, ...tensor.shape.slice(1)];
    result[`norm_out.scale.${kind}`] = { dtype: 'F32', shape, data: tensor.data.slice(0, half) };
    result[`norm_out.shift.${kind}`] = { dtype: 'F32', shape, data: tensor.data.slice(half) };
  }
  return result;
}
