/** The size at which a picture will be worked on, as far as it is known before the engine decides. */
import type { Source } from '../../shared/contract';
import type { GenerationSettings } from '../../shared/generation';
import type { JobView } from '../../shared/job';

/**
 * A size that was asked for is known at once; the size for `input` depends on the model's limits, so it is
 * known (in pixels) once a job with the same picture and model has reported it. Null: not known yet.
 */
export function workingSize(
  source: Source,
  size: GenerationSettings['size'],
  model: GenerationSettings['model'],
  lastJob: JobView | null,
): { width: number; height: number } | null {
  if (size !== 'input') return size;
  if (lastJob === null || lastJob.report === null) return null;
  const { settings, sourceId, report } = lastJob;
  if (sourceId !== source.id || settings.size !== 'input' || settings.model !== model) return null;
  return { width: report.workingWidth, height: report.workingHeight };
}
