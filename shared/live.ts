/** Live mode: a quick picture in small that follows strokes and settings, and is not kept. */
import { z } from 'zod';
import { generationSettingsSchema } from './generation';
import { marksSchema } from './painting';

const id = z.string().regex(/^[a-z0-9-]{1,64}$/);

export const liveRequestSchema = z.object({
  sourceId: id,
  marks: marksSchema,
  /** With a fixed seed. Where stages run does not count: live pictures are made on this machine. */
  settings: generationSettingsSchema.extend({ seed: generationSettingsSchema.shape.seed.unwrap().unwrap() }),
  /** The picture is made smaller until it has at most so many pixels. */
  maxPixels: z
    .number()
    .int()
    .min(64 * 64)
    .max(2048 * 2048),
});
export type LiveRequest = z.infer<typeof liveRequestSchema>;

export const livePictureSchema = z.object({
  id,
  url: z.string(),
  width: z.number().int(),
  height: z.number().int(),
  seed: z.number().int(),
  /** Denoising steps that ran. */
  stepsRun: z.number().int(),
  /** From the request to the finished picture. */
  ms: z.number(),
});
export type LivePicture = z.infer<typeof livePictureSchema>;
