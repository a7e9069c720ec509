/** Reads the settings that a result carries, so that dropping it on the window brings them back. */
import type { FoundSettings } from './embedded-settings';
import { findInJpeg } from './jpeg-settings';
import { findInPng } from './png-settings';
import { sniff } from './sniff';
import { readSourceFile } from './source-file';
import { findInWebp } from './webp-settings';

/**
 * Reads settings from a PNG, JPEG or WebP file: `parameters` in A1111 form (ours or another tool's), our own `json`, and what
 * other programs keep under other names; nothing is parsed.
 * Null when there are none. Throws AppError `input` when the file cannot be read at all.
 */
export async function readSettings(path: string): Promise<FoundSettings | null> {
  const bytes = await readSourceFile(path);
  const found = find(bytes);
  return Object.keys(found).length === 0 ? null : found;
}

function find(bytes: Buffer): FoundSettings {
  switch (sniff(bytes).format) {
    case 'png':
      return findInPng(bytes);
    case 'jpeg':
      return findInJpeg(bytes);
    case 'webp':
      return findInWebp(bytes);
    default:
      return {};
  }
}
