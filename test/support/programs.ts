/** The built programs that the tests start, and what their environment is. */
import { join } from 'node:path';
import { ensureBuilt } from '../../scripts/bootstrap.mjs';
import { ensureElectron } from '../../scripts/electron-runtime.mjs';

/** The repository's root folder. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** Folder of the built programs; TEST_PROGRAMS names another one, such as that of an unpacked package. */
const programs = (): string => process.env['TEST_PROGRAMS'] ?? join(ROOT, 'out', 'main');

/** Absolute path of the built command line or engine. */
export const programPath = (name: 'cli' | 'engine'): string => join(programs(), `${name}.cjs`);

/** Builds the programs when a source is newer; `npm test` has done so already. Call before all tests of a file. */
export async function ensurePrograms(): Promise<void> {
  if (process.env['TEST_PROGRAMS'] !== undefined) return;
  await ensureBuilt('engine');
}

/** This process's environment with changes; `undefined` removes a variable. */
export function environment(changes: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...process.env, ...changes })) {
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}

/** A machine whose Vulkan loader finds no driver at all. */
export const NO_GPU = {
  VK_DRIVER_FILES: '/nonexistent/driver.json',
  VK_ICD_FILENAMES: '/nonexistent/driver.json',
} as const;

/** Environment in which WebGPU runs on the software driver that every Electron carries (architecture, fact 5). */
export async function softwareGpu(): Promise<Record<string, string>> {
  const icd = process.env['TEST_VK_ICD'] ?? join((await ensureElectron()).dist, 'vk_swiftshader_icd.json');
  return { VK_DRIVER_FILES: icd, VK_ICD_FILENAMES: icd };
}
