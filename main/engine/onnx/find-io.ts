/** Finds inputs and outputs by set membership with fallbacks, because exports name them differently (pipelines.md 4.2). */
import { AppError } from '../../../shared/errors';
import type { IoSpec } from './tensors';

/** The first spec whose name is in `names`, else the only one that `fallback` accepts; throws `AppError('model')`. */
export function findIo(
  specs: readonly IoSpec[],
  names: readonly string[],
  fallback: (spec: IoSpec) => boolean,
  what: string,
): IoSpec {
  for (const name of names) {
    const spec = specs.find((candidate) => candidate.name === name);
    if (spec !== undefined) return spec;
  }
  const candidates = specs.filter(fallback);
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) return only;
  throw new AppError(
    'model',
    `This model has no ${what} that is known here (it offers ${specs.map((spec) => spec.name).join(', ')}); use an export by optimum or diffusers.`,
  );
}

/** A fixed dimension as a number, a dynamic one as null. */
export function fixedDim(spec: IoSpec, axis: number): number | null {
  const dim = spec.shape[axis];
  return typeof dim === 'number' && dim > 0 ? dim : null;
}
