/** Settings of small, quick jobs on the fixture models. */
import { generationSettingsSchema, type GenerationSettings } from '../../shared/generation';
import { goldenModel } from './golden';

/** Two Euler steps of `sd1-onnx` on the CPU with seed 7, where nothing else is said. `model` names a fixture or is a path. */
export function smallJob(changes: Partial<GenerationSettings> = {}): GenerationSettings {
  const { model = 'sd1-onnx', ...rest } = changes;
  return generationSettingsSchema.parse({
    prompt: 'a red house by the sea',
    seed: 7,
    steps: 4,
    strength: 0.5,
    guidance: 5,
    scheduler: 'euler',
    device: 'cpu',
    ...rest,
    model: model === null || model.includes('/') ? model : goldenModel(model),
  });
}

/** The same settings as words of the command line. */
export function asArguments(settings: GenerationSettings): string[] {
  const {
    prompt,
    negativePrompt,
    strength,
    steps,
    guidance,
    seed,
    scheduler,
    count,
    size,
    fit,
    model,
    vae,
    device,
    tiling,
  } = settings;
  const words: Record<string, string | number | null> = {
    '--prompt': prompt,
    '--negative': negativePrompt === '' ? null : negativePrompt,
    '--strength': strength,
    '--steps': steps,
    '--guidance': guidance,
    '--seed': seed,
    '--scheduler': scheduler,
    '--count': count,
    '--size': size === 'input' ? size : `${size.width}x${size.height}`,
    '--fit': fit,
    '--model': model,
    '--vae': vae,
    '--device': device,
    '--tiling': tiling,
  };
  return Object.entries(words).flatMap(([option, value]) => (value === null ? [] : [option, String(value)]));
}
