/** One inference at a time; a few wait, in order; the rest is told honestly that there is no room. */

/** There is no room; `retryAfterS` is about when there will be. */
export class QueueFull extends Error {
  constructor(readonly retryAfterS: number) {
    super('all places in the queue are taken');
  }
}

export class WorkQueue {
  /** Requests that have a place: they are being read, wait, or run. */
  size = 0;
  private waiting: (() => void)[] = [];
  private isBusy = false;
  private meanMs = 1000;

  /** @param length how many may have a place beside the one that runs */
  constructor(private readonly length: number) {}

  /**
   * Takes a place, prepares at once, and works when its turn has come. Throws `QueueFull` before anything is prepared when there is no
   * place, and the signal's reason when it fires before the turn comes.
   */
  async run<P, T>(
    signal: AbortSignal,
    prepare: () => Promise<P>,
    work: (prepared: P) => Promise<T>,
  ): Promise<T> {
    if (this.size > this.length) {
      throw new QueueFull(Math.max(1, Math.ceil((this.meanMs * this.size) / 1000)));
    }
    this.size += 1;
    try {
      const prepared = await prepare();
      await this.turn(signal);
      const startedAt = performance.now();
      try {
        return await work(prepared);
      } finally {
        this.meanMs = 0.8 * this.meanMs + 0.2 * (performance.now() - startedAt);
        this.passOn();
      }
    } finally {
      this.size -= 1;
    }
  }

  private async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.isBusy) {
      this.isBusy = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.waiting = this.waiting.filter((other) => other !== start);
        reject(signal.reason as Error);
      };
      const start = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.waiting.push(start);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The next in line stays busy in its place, so that nobody slips in between. */
  private passOn(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.isBusy = false;
    else next();
  }
}
