/** Which graphics providers work on this machine: tried once in a throw-away process, and remembered until something changes. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { chosenGpu, type Hardware } from '../../../shared/hardware';
import { providerSchema, type Provider } from '../../../shared/placement';
import { homeFolder } from '../home';
import { writeAtomically } from '../image/write';
import { makeFolder } from '../make-folder';
import { parseJson } from '../parse-json';
import { probeApart } from '../onnx/probe';
import { availableProviders } from '../onnx/providers';
import { throwAwayProgram } from '../this-machine';
import { APP_VERSION } from '../version';

const knownSchema = z.object({ key: z.string(), working: z.array(providerSchema) });

/** Graphics providers of this platform, whether or not they work. */
export const graphicsProviders = (): Provider[] =>
  availableProviders().filter((provider) => provider !== 'cpu');

/** Those that compute rightly here, in the order in which they are tried; none without a graphics card. */
export async function workingProviders(hardware: Hardware): Promise<Provider[]> {
  const gpu = chosenGpu(hardware);
  const candidates = graphicsProviders();
  const program = throwAwayProgram();
  if (gpu === null || candidates.length === 0) return [];
  if (program === null) return candidates;
  const told = [APP_VERSION, hardware.platform, gpu.id, gpu.name, ...candidates];
  const key = createHash('sha256').update(told.join(';')).digest('hex').slice(0, 16);
  const path = join(homeFolder(), 'providers.json');
  const known = await read(path);
  if (known?.key === key) return known.working;
  const working: Provider[] = [];
  for (const provider of candidates) {
    if ((await probeApart(provider, program)).works) working.push(provider);
  }
  await makeFolder(homeFolder());
  await writeAtomically(path, Buffer.from(JSON.stringify({ key, working })), { isDurable: false });
  return working;
}

async function read(path: string): Promise<z.infer<typeof knownSchema> | null> {
  try {
    return knownSchema.safeParse(parseJson(await readFile(path, 'utf8'))).data ?? null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
