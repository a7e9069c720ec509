/** How much main memory a piece of work takes at most, as far as the system tells it. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Most memory that this process ever held, in bytes; survives the resets below. */
let largest = 0;

export function largestRssBytes(): number {
  largest = Math.max(largest, process.resourceUsage().maxRSS * 1024);
  return largest;
}

/** Starts a measurement; the answer ends it: bytes that were held at most beyond what was held at the start, null when nobody can tell. */
export function measurePeak(): () => number | null {
  const before = process.memoryUsage.rss();
  const oldPeak = largestRssBytes();
  const isReset = resetPeak();
  return () => {
    const peak = process.resourceUsage().maxRSS * 1024;
    largestRssBytes();
    // Without a reset the peak tells something only when this work has raised it.
    return isReset || peak > oldPeak ? Math.max(0, peak - before) : null;
  };
}

/** Linux forgets a process's peak on request. */
function resetPeak(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return /^VmHWM:/m.test(readFileSync('/proc/self/status', 'utf8'));
  } catch {
    // Some containers forbid it; then only a raised peak is told.
    return false;
  }
}
