/** Model families and what the app says about a model. */
import { z } from 'zod';
import {
  FLOW_SCHEDULER,
  SCHEDULER_NAMES,
  schedulerNameSchema,
  stepRuleSchema,
  type SchedulerName,
} from './generation';

export const FAMILIES = ['sd1', 'sd2', 'sdxl', 'flux'] as const;
export const familySchema = z.enum(FAMILIES);
export type Family = z.infer<typeof familySchema>;

/** The schedulers that a family's models work with. */
export const schedulersOf = (family: Family): readonly SchedulerName[] =>
  SCHEDULER_NAMES.filter((name) => (name === FLOW_SCHEDULER) === (family === 'flux'));

/** What a model recommends for the settings that a person leaves open. */
export const modelDefaultsSchema = z.object({
  strength: z.number(),
  steps: z.number().int(),
  guidance: z.number(),
  scheduler: schedulerNameSchema,
  /** Native side in pixels: what `size: input` is brought to when the picture is far away from it. */
  sidePx: z.number().int(),
});
export type ModelDefaults = z.infer<typeof modelDefaultsSchema>;

export const modelInfoSchema = z.object({
  id: z.string(),
  name: z.string(),
  family: familySchema,
  /** Short hash over the files' names, sizes and headers: tells two versions of one model apart. */
  revision: z.string(),
  sizeBytes: z.number().int(),
  /** Working sizes are rounded to this many pixels. */
  sizeMultiplePx: z.number().int().positive(),
  stepRule: stepRuleSchema,
  defaults: modelDefaultsSchema,
  /** Prompt that goes with the bundled demo picture, if the model has one. */
  demoPrompt: z.string().optional(),
});
export type ModelInfo = z.infer<typeof modelInfoSchema>;
