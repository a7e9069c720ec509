/** sd1 with another UNet: only the tensors that differ are stored (test/golden/README.md). */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors, readSafetensors, type SafeTensor } from '../../main/engine/latents/safetensors';
import { goldenModel } from './golden';
import { changeJson } from './sdxl';

const CONFIGS = {
  inpaint: { in_channels: 9 },
  pix2pix: { in_channels: 8 },
  lcm: { time_cond_proj_dim: 16 },
} as const;
export type Sd1Variant = keyof typeof CONFIGS;

/** A whole diffusers folder. */
export async function wholeVariant(variant: Sd1Variant, folder: string): Promise<string> {
  const path = join(folder, variant);
  await cp(goldenModel('sd1'), path, { recursive: true });
  const weights = join(path, 'unet', 'diffusion_pytorch_model.safetensors');
  const tensors: Record<string, SafeTensor> = { ...(await readSafetensors(weights)).tensors };
  const own = (await readSafetensors(`${goldenModel('sd1-variants')}.safetensors`)).tensors;
  for (const [name, tensor] of Object.entries(own)) {
    if (name.startsWith(`${variant}.`)) tensors[name.slice(variant.length + 1)] = tensor;
  }
  await writeFile(weights, encodeSafetensors(tensors));
  await changeJson(join(path, 'unet', 'config.json'), CONFIGS[variant]);
  if (variant === 'lcm') {
    await changeJson(join(path, 'scheduler', 'scheduler_config.json'), {
      _class_name: 'LCMScheduler',
      original_inference_steps: 50,
    });
  }
  return path;
}
