/** Real sessions whose results or runs are spoilt on purpose: fault injection for the guards and the recovery ladder. */
import { basename, dirname } from 'node:path';
import type { AppError } from '../../shared/errors';
import type { Component } from '../../main/engine/model/component';
import type { SessionOpener } from '../../main/engine/onnx/providers';
import { openSession, type Session } from '../../main/engine/onnx/session';

export interface Fault {
  readonly component: Component;
  /** Only sessions of a GPU provider, or every session. */
  readonly on: 'gpu' | 'all';
  /** Which run of the component is spoilt, counted from 1 over all its sessions; left out: every one. */
  readonly onlyRun?: number;
  /** Changes a result in place. */
  readonly spoil?: (data: Float32Array) => void;
  /** Fails before the run, given the shape of its first feed. */
  readonly refuse?: (dims: readonly number[]) => AppError | null;
}

export const SPOIL = {
  nan: (data: Float32Array): void => void (data[Math.floor(data.length / 2)] = NaN),
  infinite: (data: Float32Array): void => void (data[0] = -Infinity),
  constant: (data: Float32Array): void => void data.fill(0.25),
} as const;

/** What was opened, for counting. */
export interface FaultyOpener {
  readonly open: SessionOpener;
  readonly opened: { readonly component: string; readonly provider: string }[];
}

/** Opens real sessions, all of them on the CPU whatever provider they stand for, so that a GPU's faults can be made anywhere. */
export function faultyOpener(fault: Fault | null = null): FaultyOpener {
  const opened: FaultyOpener['opened'] = [];
  let runs = 0;
  const open: SessionOpener = async (path, options) => {
    const component = basename(dirname(path));
    opened.push({ component, provider: options.provider });
    const real = await openSession(path, { ...options, provider: 'cpu' });
    const isFaulty =
      fault !== null && component === fault.component && (fault.on === 'all' || options.provider !== 'cpu');
    const session: Session = {
      ...real,
      provider: options.provider,
      async run(feeds, only) {
        if (!isFaulty) return real.run(feeds, only);
        runs += 1;
        const isNow = fault.onlyRun === undefined || fault.onlyRun === runs;
        const refusal = isNow ? fault.refuse?.(Object.values(feeds)[0]?.dims ?? []) : null;
        if (refusal) throw refusal;
        const results = await real.run(feeds, only);
        if (isNow) for (const { data } of Object.values(results)) fault.spoil?.(data);
        return results;
      },
    };
    return session;
  };
  return { open, opened };
}
