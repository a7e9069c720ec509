/** How results are saved outside of the app's own folder. */
import { z } from 'zod';
import { DEFAULT_FILE_NAME, MAX_FILE_NAME_TEMPLATE } from './file-name';
import { IMAGE_FORMATS } from './generation';

export const exportSettingsSchema = z.object({
  /** `same`: the file as it was made, byte for byte. */
  format: z.enum(['same', ...IMAGE_FORMATS]).default('same'),
  /** Of JPEG and WebP. */
  quality: z.number().int().min(1).max(100).default(95),
  fileName: z.string().max(MAX_FILE_NAME_TEMPLATE).default(DEFAULT_FILE_NAME),
  /** Folder of the last one that was saved; null before the first. */
  folder: z.string().nullable().default(null),
});
export type ExportSettings = z.infer<typeof exportSettingsSchema>;

/** What the page may change: folders are chosen in the system's own dialog. */
export const exportChangeSchema = exportSettingsSchema.pick({ format: true, quality: true, fileName: true });
export type ExportChange = z.infer<typeof exportChangeSchema>;
