/** The LoRAs of a request: those of its list and those that its prompt names, as files. */
import { AppError } from '../../../shared/errors';
import { MAX_LORAS, type GenerationSettings } from '../../../shared/generation';
import { findLora } from './find-lora';
import { takeLoras } from './lora-prompt';

export interface RequestedLoras {
  /** Without the tags. */
  readonly prompt: string;
  readonly wanted: readonly { readonly path: string; readonly strength: number }[];
}

/** Throws `AppError`: 'model' for one that is not there, 'usage' for a tag that is not understood. */
export async function resolveLoras({
  prompt,
  negativePrompt,
  loras,
}: Pick<GenerationSettings, 'prompt' | 'negativePrompt' | 'loras'>): Promise<RequestedLoras> {
  if (takeLoras(negativePrompt).loras.length > 0) {
    throw new AppError(
      'usage',
      'A LoRA in the negative prompt has no meaning; write it into the prompt, with a negative strength to turn its effect round.',
    );
  }
  const taken = takeLoras(prompt);
  const all = [...loras, ...taken.loras.map(({ name, strength }) => ({ lora: name, strength }))];
  if (all.length > MAX_LORAS) {
    throw new AppError(
      'usage',
      `At most ${MAX_LORAS} LoRAs can be used at once, not ${all.length}; leave some out.`,
    );
  }
  const wanted = [];
  for (const { lora, strength } of all) wanted.push({ path: await findLora(lora), strength });
  return { prompt: taken.prompt, wanted };
}
