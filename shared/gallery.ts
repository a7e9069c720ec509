/** What can be asked of the gallery. */
import { z } from 'zod';

/** Most entries that are sent at once. */
export const GALLERY_PAGE = 120;

export const gallerySearchSchema = z.object({
  /** Words of the prompt, in any order; the last one may be unfinished. */
  text: z.string().max(500).default(''),
  /** Milliseconds since 1970: from inclusive, to exclusive. */
  from: z.number().nullable().default(null),
  to: z.number().nullable().default(null),
  /** Null: every model; empty: the bundled one. */
  model: z.string().max(4096).nullable().default(null),
  isStarred: z.boolean().default(false),
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(GALLERY_PAGE).default(GALLERY_PAGE),
});
export type GallerySearch = z.infer<typeof gallerySearchSchema>;
