/** How much main memory is free for one more job. */
import { freemem, totalmem } from 'node:os';

/**
 * Bytes that can be used without swapping. Respects container limits where Node does. macOS counts reclaimable pages as used,
 * so at least 40 % of the installed memory is assumed there.
 */
export function availableMemoryBytes(): number {
  const reported = typeof process.availableMemory === 'function' ? process.availableMemory() : freemem();
  return process.platform === 'darwin' ? Math.max(reported, 0.4 * totalmem()) : reported;
}
