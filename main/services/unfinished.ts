/** What becomes of a job that an earlier session left on the disk. Pure. */
import type { ErrorBody } from '../../shared/errors';
import type { JobRecord } from './job-record';

/** Forgotten with its journal; kept as it is; waits as before; or goes on at once, because it was being painted. */
export type Fate = 'forget' | 'keep' | 'wait' | 'go-on';

/** A job that took the app down with it this often, without a step between, waits for the person. */
const MAX_DEATHS = 1;

/** Failures of the request itself; nothing that was done for it can be of use. */
const HOPELESS: readonly ErrorBody['code'][] = ['usage', 'input', 'model'];

/** The record as it is now, and its fate. `isNewest`: no other job was started after it. */
export function afterRestart(record: JobRecord, isNewest: boolean): { record: JobRecord; fate: Fate } {
  switch (record.state) {
    case 'done':
      return { record, fate: 'forget' };
    case 'failed':
      return {
        record,
        fate: record.error !== null && HOPELESS.includes(record.error.code) ? 'forget' : 'keep',
      };
    case 'cancelling':
      return { record: { ...record, state: 'cancelled' }, fate: 'keep' };
    case 'cancelled':
      // Only the newest is offered again; one that never began has nothing to keep either.
      return { record, fate: isNewest && record.startedAt !== null ? 'keep' : 'forget' };
    case 'interrupted':
      return { record, fate: 'keep' };
    case 'queued':
      return record.asksAgain
        ? { record: stopped(record, ASKS_AGAIN), fate: 'keep' }
        : { record, fate: 'wait' };
    case 'running': {
      const deaths = record.deaths + 1;
      if (record.asksAgain) return { record: stopped(record, ASKS_AGAIN), fate: 'keep' };
      if (deaths > MAX_DEATHS) return { record: stopped({ ...record, deaths }, TWICE), fate: 'keep' };
      return { record: { ...record, deaths, state: 'queued', error: null }, fate: 'go-on' };
    }
  }
}

const stopped = (record: JobRecord, message: string): JobRecord => ({
  ...record,
  state: 'interrupted',
  error: { code: 'engine-died', message },
});

const ASKS_AGAIN =
  'Underpaint was closed before this picture was finished, and what you allowed it to send was for that time only; resume to be asked again.';
const TWICE =
  'Underpaint was closed twice while this picture was being painted, so it does not begin by itself again; nothing is lost, resume to go on.';
