/** The environment that the engine is started with: only what it needs, and settings for its memory. */

const FORWARDED = [
  'PATH',
  'Path',
  'HOME',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramData',
  'SystemRoot',
  'SystemDrive',
  'windir',
  'TEMP',
  'TMP',
  'TMPDIR',
  'LANG',
  'LC_ALL',
  'LD_LIBRARY_PATH',
  'XDG_RUNTIME_DIR',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'VK_DRIVER_FILES',
  'VK_ICD_FILENAMES',
  'CUDA_VISIBLE_DEVICES',
] as const;

/**
 * Environment of the engine child. `MALLOC_TRIM_THRESHOLD_` (bytes) makes glibc give memory back after a model
 * is released; without it a released model stays resident (measured with onnxruntime-node 1.30). `GLIBC_TUNABLES`: huge pages, with which
 * memory that was given back is had again for half of the system's time.
 */
export function engineEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  folders: { home: string; starterFolder: string },
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (name.startsWith('UNDERPAINT_') || FORWARDED.some((known) => known === name)) kept[name] = value;
  }
  return {
    ...kept,
    UNDERPAINT_HOME: folders.home,
    UNDERPAINT_STARTER: folders.starterFolder,
    MALLOC_TRIM_THRESHOLD_: '131072',
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  };
}
