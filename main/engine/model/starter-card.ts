/** `starter.json`: what a model that was made for this app recommends. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import { schedulerNameSchema } from '../../../shared/generation';

const starterCardSchema = z.object({
  id: z.string(),
  name: z.string().optional(),
  prompt: z.string(),
  strength: z.number().min(0).max(1),
  steps: z.number().int().min(1),
  guidance: z.number().min(0),
  scheduler: schedulerNameSchema,
  width: z.number().int(),
  height: z.number().int(),
});
export type StarterCard = z.infer<typeof starterCardSchema>;

/** Reads `starter.json` of a model folder; null when there is none. */
export async function readStarterCard(folder: string): Promise<StarterCard | null> {
  let text: string;
  try {
    text = await readFile(join(folder, 'starter.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return starterCardSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError(
      'model',
      "The model's starter.json does not hold what it should; install Underpaint again.",
      { cause: error },
    );
  }
}
