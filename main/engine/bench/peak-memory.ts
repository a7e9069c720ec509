/** Peak memory of this process over a stretch of work. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Starts a new stretch; false where the system cannot (everything but Linux), and the peak is then that of the whole process. */
export function restartPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5'); // proc(5): resets VmHWM to the present resident size
    return true;
  } catch {
    return false;
  }
}

/** Largest resident size in bytes since the last `restartPeak`, else since the process started. */
export function peakBytes(): number {
  const whole = process.resourceUsage().maxRSS * 1024;
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kib === undefined ? whole : Number(kib) * 1024;
  } catch {
    return whole;
  }
}
