/** What the app remembers between starts. */
import { z } from 'zod';
import { exportSettingsSchema } from './export';
import { generationSettingsSchema } from './generation';
import { hardwareChoiceSchema } from './hardware';
import { THEMES, ZOOM_RANGE } from './look';
import { modelInfoSchema } from './models';
import { brushSchema } from './painting';

/** The form as the person left it. The seed is kept with its lock: unlocked means a new one for every picture. */
export const draftSchema = z.object({
  settings: generationSettingsSchema,
  isSeedLocked: z.boolean().default(false),
  sourceId: z.string().nullable().default(null),
  /** Left out: as at the first start. */
  brush: brushSchema.optional(),
});
export type Draft = z.infer<typeof draftSchema>;

const shortText = z.string().max(100);

/** How the person likes the window; the page changes it, and the main process for the menu. */
export const preferencesSchema = z.object({
  theme: z.enum(THEMES),
  /** Two letters; null: the system's. */
  language: z
    .string()
    .regex(/^[a-z]{2}$/)
    .nullable(),
  /** Nothing moves, also where the system does not ask for that. */
  hasLessMotion: z.boolean(),
  zoom: z.number().min(ZOOM_RANGE.min).max(ZOOM_RANGE.max),
  /** Command → the keys that the person chose for it (shared/commands.ts). */
  keys: z.record(shortText, z.array(shortText).max(8)),
  /** How parts of the window were left: what is folded, which tab is in front. */
  view: z.record(shortText, z.union([z.boolean(), shortText])),
  hasSeenWelcome: z.boolean(),
});
export type Preferences = z.infer<typeof preferencesSchema>;

export const DEFAULT_PREFERENCES: Preferences = {
  theme: 'system',
  language: null,
  hasLessMotion: false,
  zoom: 1,
  keys: {},
  view: {},
  hasSeenWelcome: false,
};

/** So many inputs are offered again. */
export const MAX_RECENT_SOURCES = 24;

export const settingsSchema = z.object({
  version: z.literal(1).default(1),
  // One that makes no sense is the default; it is no reason to forget the rest.
  theme: preferencesSchema.shape.theme.catch(DEFAULT_PREFERENCES.theme),
  language: preferencesSchema.shape.language.catch(DEFAULT_PREFERENCES.language),
  hasLessMotion: preferencesSchema.shape.hasLessMotion.catch(DEFAULT_PREFERENCES.hasLessMotion),
  zoom: preferencesSchema.shape.zoom.catch(DEFAULT_PREFERENCES.zoom),
  keys: preferencesSchema.shape.keys.catch(DEFAULT_PREFERENCES.keys),
  view: preferencesSchema.shape.view.catch(DEFAULT_PREFERENCES.view),
  hasSeenWelcome: preferencesSchema.shape.hasSeenWelcome.catch(DEFAULT_PREFERENCES.hasSeenWelcome),
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
  /** Pictures that were brought in, newest first. */
  recentSourceIds: z.array(z.string()).max(MAX_RECENT_SOURCES).default([]),
  export: exportSettingsSchema.prefault({}),
  /** What the engine said about each of them last time, so that the window need not wait for it; '' is the bundled one. */
  modelInfos: z.record(z.string(), modelInfoSchema).catch({}),
  /** What the person knows better about the graphics card. */
  hardware: hardwareChoiceSchema.nullable().default(null),
});
export type Settings = z.infer<typeof settingsSchema>;
