/** Work that waits until the person pauses, such as saving what is typed or drawn; but never for long, so that little is lost with the app. */

export interface AfterPause<T> {
  /** There is something to do. */
  schedule: () => void;
  /** Does it at once, if there is. */
  flush: () => T | undefined;
}

/** Does `work` when nothing was scheduled for `pauseMs`, and at the latest `longestMs` after the first time. */
export function afterPause<T>(work: () => T, pauseMs: number, longestMs: number): AfterPause<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When the work that waits must be done; null while none does. */
  let latest: number | null = null;
  const flush = (): T | undefined => {
    clearTimeout(timer);
    if (latest === null) return undefined;
    latest = null;
    return work();
  };
  const schedule = (): void => {
    const now = Date.now();
    latest ??= now + longestMs;
    clearTimeout(timer);
    timer = setTimeout(flush, Math.max(0, Math.min(pauseMs, latest - now)));
  };
  return { schedule, flush };
}
