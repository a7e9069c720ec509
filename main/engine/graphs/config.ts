/** Reads a component's config.json against what its architecture can build. */
import type { z } from 'zod';
import { AppError } from '../../../shared/errors';

/** Throws `AppError('model')` that names the first setting which is missing or cannot be built. */
export function parseConfig<T>(schema: z.ZodType<T>, json: unknown, label: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const setting = issue?.path.join('.') ?? '';
  throw new AppError(
    'model',
    `The config of ${label} has a setting that cannot be built here ("${setting}"); use a Stable Diffusion 1 or 2 model in its usual architecture.`,
    { cause: parsed.error },
  );
}
