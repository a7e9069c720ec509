/** What earlier jobs have shown: what did not fit, how long stages took, what they held. Pure functions over plain data. */
import { z } from 'zod';
import { familySchema } from '../../shared/models';
import { providerSchema, stageSchema, type Provider, type Stage } from '../../shared/placement';
import type { ModelProfile } from './model-profile';

export const historyEntrySchema = z.object({
  outcome: z.enum(['done', 'out-of-memory']),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** Id and name of the graphics adapter, or `cpu`. */
  device: z.string(),
  provider: providerSchema,
  stage: stageSchema,
  family: familySchema,
  model: z.string(),
  /** Pixels of one pass: the picture's, or the tile's. */
  passPx: z.number().positive(),
  tiled: z.boolean(),
  /** Pixels times steps that were computed, and the time that they took; 0 where it ran out of memory. */
  work: z.number().nonnegative(),
  ms: z.number().nonnegative(),
  /** Most memory that the stage held, where it could be measured. */
  memoryBytes: z.number().nonnegative().nullable(),
  /** Free memory of the device at the start, where it was known. */
  freeBytes: z.number().nonnegative().nullable(),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

/** Oldest first. */
export const historySchema = z.object({
  version: z.literal(1).default(1),
  entries: z.array(historyEntrySchema).default([]),
});
export type History = z.infer<typeof historySchema>;

export const NO_HISTORY: History = { version: 1, entries: [] };

const MAX_ENTRIES = 300;
/** An out-of-memory is believed for this long … */
const BELIEVED_MS = 14 * 24 * 3600 * 1000;
/** … unless this much more is free now. */
const MORE_FREE = 1.25;
/** How many measurements count. */
const LAST_MEASURED = 5;

/** The history with one more entry, the oldest dropped. */
export const remember = (history: History, entry: HistoryEntry): History => ({
  version: 1,
  entries: [...history.entries, entry].slice(-MAX_ENTRIES),
});

/** Where something would run. */
export interface Place {
  readonly device: string;
  readonly provider: Provider;
  readonly stage: Stage;
  readonly model: ModelProfile;
}

const isAt = (place: Place, entry: HistoryEntry): boolean =>
  entry.device === place.device && entry.provider === place.provider && entry.stage === place.stage;

/**
 * True when a pass of this size, or a smaller one, has run out of memory here with this model or one of its family, and nothing since has
 * shown that it fits.
 */
export function hasFailed(
  history: History,
  place: Place,
  passPx: number,
  now: { atMs: number; freeBytes: number | null },
): boolean {
  let failed = false;
  for (const entry of history.entries) {
    if (!isAt(place, entry) || entry.family !== place.model.family) continue;
    if (entry.outcome === 'out-of-memory' && entry.passPx <= passPx) {
      const isOld = now.atMs - entry.at > BELIEVED_MS;
      const isRoomier =
        entry.freeBytes !== null &&
        now.freeBytes !== null &&
        now.freeBytes > MORE_FREE * Math.max(1, entry.freeBytes);
      failed ||= !isOld && !isRoomier;
    } else if (entry.outcome === 'done' && entry.passPx >= passPx && entry.model === place.model.key) {
      failed = false;
    }
  }
  return failed;
}

/** Milliseconds that `work` (pixels times steps) will take by what the same model took here before; null when it never ran here. */
export function measuredMs(history: History, place: Place, isTiled: boolean, work: number): number | null {
  const speeds = history.entries
    .filter(
      (entry) =>
        isAt(place, entry) &&
        entry.outcome === 'done' &&
        entry.model === place.model.key &&
        entry.tiled === isTiled &&
        entry.work > 0,
    )
    .slice(-LAST_MEASURED)
    .map((entry) => entry.ms / entry.work)
    .sort((one, other) => one - other);
  const median = speeds[Math.floor(speeds.length / 2)];
  return median === undefined ? null : median * work;
}

/** Most memory that the same model held here in passes of this very size; null when that was never measured. */
export function measuredBytes(history: History, place: Place, passPx: number): number | null {
  const found = history.entries.filter(
    (entry) =>
      isAt(place, entry) &&
      entry.outcome === 'done' &&
      entry.model === place.model.key &&
      entry.passPx === passPx &&
      entry.memoryBytes !== null,
  );
  return found.at(-1)?.memoryBytes ?? null;
}
