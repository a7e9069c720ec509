/** The size at which a picture will be worked on, as far as it is known before the engine decides. */
import type { Source } from '../../shared/contract';
import type { GenerationSettings } from '../../shared/generation';
import type { JobView } from '../../shared/job';

/**
 * A size that was asked for is known at once: each side is brought to the nearest multiple that the model takes, as the
 * engine does it. The size for `input` depends on the model's limits, so it is known (in pixels) once a job with the same
 * picture and model has reported it. Null: not known yet.
 */
export function workingSize(
  source: Source,
  settings: Pick<GenerationSettings, 'size' | 'model'>,
  sizeMultiplePx: number,
  lastJob: JobView | null,
): { width: number; height: number } | null {
  const { size, model } = settings;
  if (size !== 'input') {
    const toMultiple = (side: number): number =>
      Math.max(1, Math.round(side / sizeMultiplePx)) * sizeMultiplePx;
    return { width: toMultiple(size.width), height: toMultiple(size.height) };
  }
  if (lastJob === null || lastJob.report === null) return null;
  const { settings: last, sourceId, report } = lastJob;
  if (sourceId !== source.id || last.size !== 'input' || last.model !== model) return null;
  return { width: report.workingWidth, height: report.workingHeight };
}
