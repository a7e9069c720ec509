/** Settings that were read out of a picture, whoever made it. Only what stands there: everything else stays as the person left it. */
import { z } from 'zod';
import { generationSettingsSchema } from './generation';

export const SETTINGS_TOOLS = ['underpaint', 'a1111', 'comfyui', 'invokeai', 'fooocus'] as const;

const fields = generationSettingsSchema.shape;

export const restoredSettingsSchema = z.object({
  /** The program whose form the settings have. */
  tool: z.enum(SETTINGS_TOOLS),
  settings: z.object({
    prompt: fields.prompt.optional(),
    negativePrompt: fields.negativePrompt.removeDefault().optional(),
    /** Ours alone: the style that stood around the prompt. */
    style: fields.style.unwrap().unwrap().optional(),
    strength: fields.strength.unwrap().unwrap().optional(),
    steps: fields.steps.unwrap().unwrap().optional(),
    guidance: fields.guidance.unwrap().unwrap().optional(),
    seed: fields.seed.unwrap().unwrap().optional(),
    scheduler: fields.scheduler.unwrap().unwrap().optional(),
    size: fields.size.removeDefault().optional(),
  }),
});
export type RestoredSettings = z.infer<typeof restoredSettingsSchema>;
