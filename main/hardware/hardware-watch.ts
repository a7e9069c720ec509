/** Remembers what the machine has, and asks again before a job for what is free now. */
import type { Adapter, Hardware } from '../../shared/hardware';

export class HardwareWatch {
  private known: Promise<Hardware> | null = null;
  private askedAtMs = -Infinity;

  /** @param detect asks the machine; it must not reject */
  constructor(private readonly detect: () => Promise<Hardware>) {}

  /** What was found out last; asks when nothing has been yet. */
  current(): Promise<Hardware> {
    return this.known ?? this.refresh();
  }

  /** Asks again. What a tool told before and does not tell this time (because it hangs now) is kept, without what is free. */
  refresh(): Promise<Hardware> {
    const before = this.known;
    this.askedAtMs = performance.now();
    this.known = before === null ? this.detect() : this.merge(before);
    return this.known;
  }

  /** What is known, asked again when that is longer ago. */
  notOlderThan(ageMs: number): Promise<Hardware> {
    return performance.now() - this.askedAtMs > ageMs ? this.refresh() : this.current();
  }

  private async merge(before: Promise<Hardware>): Promise<Hardware> {
    const [old, now] = await Promise.all([before, this.detect()]);
    if (now.notes.length === 0) return now;
    const isAssumed = now.adapters.every(({ source }) => source === 'assumed');
    if (isAssumed && old.gpuId !== null) {
      return { ...now, adapters: old.adapters.map(withoutFree), gpuId: old.gpuId };
    }
    const adapters = now.adapters.map((adapter): Adapter => {
      const same = old.adapters.find(({ id }) => id === adapter.id);
      return adapter.totalBytes === null && same !== undefined ? withoutFree(same) : adapter;
    });
    return { ...now, adapters };
  }
}

const withoutFree = (adapter: Adapter): Adapter => ({ ...adapter, freeBytes: null });
