/** The tiny Stable Diffusion XL models as whole folders; what they share is stored once (test/golden/README.md). */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors, readSafetensors } from '../../main/engine/latents/safetensors';
import { goldenModel } from './golden';

/** The refiner as a whole folder: its own UNet and index, and the second text encoder, autoencoder and scheduler of the base model. */
export async function wholeRefiner(folder: string): Promise<string> {
  const path = join(folder, 'refiner');
  for (const part of ['text_encoder_2', 'tokenizer_2', 'vae', 'scheduler']) {
    await cp(join(goldenModel('sdxl'), part), join(path, part), { recursive: true });
  }
  await cp(goldenModel('sdxl-refiner'), path, { recursive: true });
  return path;
}

/** The base model with an inpainting UNet: 9 input channels, of which only the first convolution knows. */
export async function wholeXlInpaint(folder: string): Promise<string> {
  const path = join(folder, 'sdxl-inpaint');
  await cp(goldenModel('sdxl'), path, { recursive: true });
  const weights = join(path, 'unet', 'diffusion_pytorch_model.safetensors');
  const own = await readSafetensors(`${goldenModel('sdxl-inpaint')}.safetensors`);
  const { tensors } = await readSafetensors(weights);
  await writeFile(weights, encodeSafetensors({ ...tensors, ...own.tensors }));
  await changeJson(join(path, 'unet', 'config.json'), { in_channels: 9 });
  return path;
}

/** The base model as optimum exports it: the autoencoder's graphs are sd1's, which has the same weights. */
export async function wholeXlOnnx(folder: string): Promise<string> {
  const path = join(folder, 'sdxl-onnx');
  for (const part of ['tokenizer', 'tokenizer_2', 'scheduler']) {
    await cp(join(goldenModel('sdxl'), part), join(path, part), { recursive: true });
  }
  for (const part of ['vae_encoder', 'vae_decoder']) {
    await cp(join(goldenModel('sd1-onnx'), part), join(path, part), { recursive: true });
    await cp(join(goldenModel('sdxl'), 'vae', 'config.json'), join(path, part, 'config.json'));
  }
  await cp(goldenModel('sdxl-onnx'), path, { recursive: true });
  return path;
}

/** Changes a JSON file of a model. */
export async function changeJson(path: string, changes: Record<string, unknown>): Promise<void> {
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...json, ...changes }));
}
