/** What one img2img request is: its fields, limits and defaults. Every door parses with these schemas. */
import { z } from 'zod';
import { deviceChoiceSchema, stageChoiceSchema } from './placement';
import { appliedStyleSchema, MAX_PROMPT_LENGTH } from './prompt-style';

export const SCHEDULER_NAMES = [
  'ddim',
  'pndm',
  'euler',
  'euler-ancestral',
  'dpmpp-2m',
  'dpmpp-2m-karras',
  'dpmpp-2m-sde',
  'dpmpp-2m-sde-karras',
  'unipc',
  'lcm',
  'flow-match-euler',
] as const;
export const schedulerNameSchema = z.enum(SCHEDULER_NAMES);
export type SchedulerName = z.infer<typeof schedulerNameSchema>;
/** The one that flow matching models (Flux) work with, and the only one. */
export const FLOW_SCHEDULER = 'flow-match-euler' satisfies SchedulerName;

export const FIT_MODES = ['crop', 'pad', 'stretch'] as const;
export const IMAGE_FORMATS = ['png', 'jpg', 'webp'] as const;

export const PRECISIONS = ['float32', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

export const LIMITS = {
  promptLength: MAX_PROMPT_LENGTH,
  steps: { min: 1, max: 1000 },
  strength: { min: 0, max: 1 },
  guidance: { min: 0, max: 50 },
  seed: { min: 0, max: 2 ** 53 - 1 },
  count: { min: 1, max: 64 },
  /** Working size of one side in pixels. */
  sidePx: { min: 8, max: 8192 },
  /** Soft edge of a mask, and what is seen around it. */
  maskPx: { min: 0, max: 1024 },
} as const;

/** One random seed for a person who did not give one: 32 bits, as torch's generator uses. */
export const MAX_RANDOM_SEED = 2 ** 32 - 1;

/** How strongly a LoRA changes the model: 1 as it was made, 0 not at all, negative the other way. */
export const LORA_STRENGTH = { min: -10, max: 10 } as const;
/** As many at once as anyone has mixed, and few enough for every layer of a graph. */
export const MAX_LORAS = 16;

/** One LoRA: an absolute path, or a name in the app's folder for LoRAs, without the ending. */
export const loraChoiceSchema = z.object({
  lora: z.string().min(1).max(4096),
  strength: z.number().min(LORA_STRENGTH.min).max(LORA_STRENGTH.max).default(1),
});
export type LoraChoice = z.infer<typeof loraChoiceSchema>;

const side = z.number().int().min(LIMITS.sidePx.min).max(LIMITS.sidePx.max);

/** What a masked job works on: the whole picture, or the part around the mask at the model's full resolution. */
export const MASK_AREAS = ['picture', 'masked'] as const;

/** How a mask is used, where a job has one. */
export const maskSettingsSchema = z.object({
  /** Width of the soft edge inside the mask, in the picture's own pixels. */
  blurPx: z.number().int().min(LIMITS.maskPx.min).max(LIMITS.maskPx.max).default(4),
  area: z.enum(MASK_AREAS).default('picture'),
  /** What is seen around the mask when only its area is worked on, in the picture's own pixels. */
  paddingPx: z.number().int().min(LIMITS.maskPx.min).max(LIMITS.maskPx.max).default(32),
});
export type MaskSettings = z.infer<typeof maskSettingsSchema>;

/** The settings that decide a picture. `null` means: what the model recommends. */
export const generationSettingsSchema = z.object({
  prompt: z.string().max(LIMITS.promptLength),
  /** The prompt as it was written, with the choices (`{a|b}`) that `prompt` was picked from; `null`: as it stands. Paints nothing. */
  promptTemplate: z.string().max(LIMITS.promptLength).nullable().default(null),
  negativePrompt: z.string().max(LIMITS.promptLength).default(''),
  /** The style in the prompts; in the form, the one that will be applied to them. */
  style: appliedStyleSchema.nullable().default(null),
  strength: z.number().min(LIMITS.strength.min).max(LIMITS.strength.max).nullable().default(null),
  steps: z.number().int().min(LIMITS.steps.min).max(LIMITS.steps.max).nullable().default(null),
  guidance: z.number().min(LIMITS.guidance.min).max(LIMITS.guidance.max).nullable().default(null),
  /** `null`: a new random seed. */
  seed: z.number().int().min(LIMITS.seed.min).max(LIMITS.seed.max).nullable().default(null),
  scheduler: schedulerNameSchema.nullable().default(null),
  count: z.number().int().min(LIMITS.count.min).max(LIMITS.count.max).default(1),
  /** The working size; `input` works at the picture's own size where the model can. The result has the input's size either way. */
  size: z.union([z.literal('input'), z.object({ width: side, height: side })]).default('input'),
  fit: z.enum(FIT_MODES).default('crop'),
  /** Counts only where the job has a mask. */
  mask: maskSettingsSchema.prefault({}),
  /** Catalogue id or absolute folder; `null`: the bundled starter model. */
  model: z.string().max(4096).nullable().default(null),
  /** Added to those that the prompt names (`<lora:name:0.8>`). */
  loras: z.array(loraChoiceSchema).max(MAX_LORAS).default([]),
  /** Absolute path of an autoencoder's folder or file that stands in for the model's own; `null`: the model's own. */
  vae: z.string().max(4096).nullable().default(null),
  device: deviceChoiceSchema.default('auto'),
  /** Of the denoiser on the CPU; `int8` needs a variant that was made beforehand. */
  precision: z.enum(PRECISIONS).default('float32'),
  /** Tiled VAE: on request, or when memory demands it (`auto`). */
  tiling: z.enum(['auto', 'on', 'off']).default('auto'),
  encode: stageChoiceSchema.default('auto'),
  generate: stageChoiceSchema.default('auto'),
  decode: stageChoiceSchema.default('auto'),
  format: z.enum(IMAGE_FORMATS).default('png'),
});
export type GenerationSettings = z.infer<typeof generationSettingsSchema>;
/** The same as a door takes it, with what may be left out. */
export type GenerationRequest = z.input<typeof generationSettingsSchema>;

/**
 * How a model's pipeline rounds the share of the steps that strength leaves: Stable Diffusion down, Flux up. With a distilled LCM all steps run
 * (strength shortens the grid that they are spread over).
 */
export const stepRuleSchema = z.enum(['floor', 'ceil', 'all']);
export type StepRule = z.infer<typeof stepRuleSchema>;

/**
 * Number of denoising steps that really run, as diffusers' `get_timesteps` computes it: `min(int(N·s), N)`, N − int(N − N·s) for Flux, N for a distilled LCM.
 * No epsilon: JavaScript and Python share the same double-precision artefacts (int(50·0.58) = 28).
 */
export function stepsThatRun(steps: number, strength: number, rule: StepRule): number {
  if (rule === 'all') return steps;
  const wanted = Math.min(steps * strength, steps);
  return rule === 'floor' ? Math.trunc(wanted) : steps - Math.trunc(Math.max(steps - wanted, 0));
}

/** The smallest strength, in whole percent, at which at least one step runs. */
export function smallestUsefulStrength(steps: number): number {
  return Math.ceil(100 / steps) / 100;
}
