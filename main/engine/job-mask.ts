/** The mask of a job: read, checked against the picture, and brought to the working size. */
import { createHash } from 'node:crypto';
import { AppError } from '../../shared/errors';
import type { FitPlan } from './image/fit';
import { fitMask, softEdge, type Mask } from './image/mask';
import type { JobMask } from './job';

/** Throws AppError `input` when nothing of the mask is left in the part of the picture that is worked on. */
export function makeJobMask(mask: Mask, plan: FitPlan, blurPx: number): JobMask {
  const working = fitMask(mask, plan);
  if (!working.includes(1)) {
    throw new AppError(
      'input',
      'The white of the mask lies wholly in what is cut away from the picture at this size, so nothing would be painted; choose --fit pad, or another size.',
    );
  }
  return {
    weights: softEdge(mask, blurPx),
    working,
    sha256: createHash('sha256').update(mask.values).digest('hex'),
  };
}
