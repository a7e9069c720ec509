/** What recognising an architecture from shapes needs. */
import { AppError } from '../../../shared/errors';

/** A tensor's shape by its name in the file; undefined: there is none. */
export type Shapes = (name: string) => readonly number[] | undefined;

/** Counts 0, 1, 2 ... as long as the tensor exists. */
export function countWhile(exists: (i: number) => boolean): number {
  let n = 0;
  while (n < 1000 && exists(n)) n += 1;
  return n;
}

/** The refusal of a file without one of its parts. */
export const incomplete = (label: string, part: string): AppError =>
  new AppError(
    'model',
    `${label} has no complete ${part}; it was cut out of a checkpoint or is of an unknown architecture, so use the whole checkpoint.`,
  );
