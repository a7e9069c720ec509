/** Finds LoRAs by name in the folder `loras` of the app's own folder, subfolders included. */
import { readdir } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { AppError } from '../../../shared/errors';
import { homeFolder } from '../home';

const ENDING = /\.safetensors$/i;

export const loraFolder = (): string => join(homeFolder(), 'loras');

/** Name without ending → path, in the order of the names; empty when there is no such folder. */
export async function listLoras(): Promise<ReadonlyMap<string, string>> {
  const folder = loraFolder();
  const files = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new AppError('model', `The folder ${folder} cannot be read; check its permissions.`, {
      cause: error,
    });
  });
  const found = new Map<string, string>();
  for (const file of files.toSorted((a, b) => a.localeCompare(b))) {
    const name = basename(file).replace(ENDING, '');
    if (ENDING.test(file) && !found.has(name)) found.set(name, join(folder, file));
  }
  return found;
}

/** The path of a LoRA given as an absolute path or a name; throws `AppError('model')` that lists what is there. */
export async function findLora(lora: string): Promise<string> {
  if (isAbsolute(lora)) return lora;
  const known = await listLoras();
  const wanted = lora.replace(ENDING, '');
  const same = [...known.keys()].find((name) => name.toLowerCase() === wanted.toLowerCase());
  const path = known.get(wanted) ?? known.get(same ?? '');
  if (path !== undefined) return path;
  throw new AppError(
    'model',
    `There is no LoRA "${wanted.slice(0, 100)}" in ${loraFolder()}; ${suggest(wanted, [...known.keys()])}.`,
  );
}

const LISTED = 8;

function suggest(wanted: string, names: readonly string[]): string {
  if (names.length === 0) return 'put its .safetensors file there first, or use --lora with a path';
  const nearest = names.toSorted((a, b) => distance(wanted, a) - distance(wanted, b)).slice(0, LISTED);
  return names.length > LISTED
    ? `the nearest of ${names.length} names are ${nearest.join(', ')}`
    : `it holds ${nearest.join(', ')}`;
}

/** Letters to insert, remove or replace (Levenshtein), without regard to case. */
function distance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
