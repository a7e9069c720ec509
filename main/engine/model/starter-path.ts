/** Where the bundled starter model lies: told by the packaged app, else found beside the program in a checkout. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../../shared/errors';

/** Absolute folder of the starter model; throws `AppError('model')` when the installation lost it. */
export function starterModelPath(): string {
  const told = process.env['UNDERPAINT_STARTER'];
  if (told !== undefined && told !== '') return told;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, 'models', 'starter');
    if (existsSync(join(candidate, 'model_index.json'))) return candidate;
    const parent = dirname(folder);
    if (parent === folder) {
      throw new AppError(
        'model',
        'The bundled starter model is missing from this installation; install Underpaint again, or choose a model folder.',
      );
    }
    folder = parent;
  }
}
