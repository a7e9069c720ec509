/** Whether this machine has a graphics card worth using. */
import { readdirSync } from 'node:fs';

/**
 * True when a hardware GPU is likely: always on Windows and macOS (their providers refuse what they cannot use, and the next one is
 * taken), on Linux when the kernel exposes a render node or an NVIDIA device. Software drivers expose neither.
 */
export function hasHardwareGpu(
  platform: NodeJS.Platform = process.platform,
  listDevices: () => string[] = linuxDevices,
): boolean {
  if (platform !== 'linux') return true;
  return listDevices().some((name) => /^(renderD\d+|nvidia\d+)$/.test(name));
}

function linuxDevices(): string[] {
  return [...list('/dev/dri'), ...list('/dev')];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'EACCES') return [];
    throw error;
  }
}
