/** What the app remembers between starts. */
import { z } from 'zod';
import { generationSettingsSchema } from './generation';
import { hardwareChoiceSchema } from './hardware';

/** The form as the person left it. The seed is kept with its lock: unlocked means a new one for every picture. */
export const draftSchema = z.object({
  settings: generationSettingsSchema,
  isSeedLocked: z.boolean().default(false),
  sourceId: z.string().nullable().default(null),
});
export type Draft = z.infer<typeof draftSchema>;

export const settingsSchema = z.object({
  version: z.literal(1).default(1),
  theme: z.enum(['system', 'dark', 'light']).default('system'),
  window: z
    .object({
      width: z.number().int(),
      height: z.number().int(),
      x: z.number().int().optional(),
      y: z.number().int().optional(),
      isMaximized: z.boolean().default(false),
    })
    .nullable()
    .default(null),
  draft: draftSchema.nullable().default(null),
  /** Folder of a model that the person opened last; offered again. */
  modelFolders: z.array(z.string()).max(100).default([]),
  /** What the person knows better about the graphics card. */
  hardware: hardwareChoiceSchema.nullable().default(null),
});
export type Settings = z.infer<typeof settingsSchema>;
