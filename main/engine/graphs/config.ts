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
    `The config of ${label} has a setting that cannot be built here ("${setting}"); use a Stable Diffusion or FLUX.1 model in its usual architecture.`,
    { cause: parsed.error },
  );
}

/** Throws `AppError('model')` when channels cannot be shared out evenly. */
export function assertDivides(setting: string, parts: number, channels: number): void {
  if (parts > 0 && channels % parts === 0) return;
  throw new AppError(
    'model',
    `The model's ${setting} is ${parts}, which does not divide its ${channels} channels; the model is not built like Stable Diffusion or FLUX.1, or its config belongs to another one.`,
  );
}
