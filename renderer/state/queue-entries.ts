/** The queue as it is listed: what runs, what waits, what stopped; waiting jobs of one group that stand together are one line. Pure. */
import type { JobView } from '../../shared/job';
import type { Group } from '../../shared/variations';
import type { PageState } from './page-state';

export interface QueueEntry {
  /** The first job's id. */
  key: string;
  kind: 'running' | 'waiting' | 'stopped';
  /** In the order of the queue, never empty. */
  jobs: readonly [JobView, ...JobView[]];
  group: Group | null;
}

/** Everything that is listed, in the order in which it is listed. */
export function queueEntries(state: Pick<PageState, 'runs' | 'queue'>): QueueEntry[] {
  const views = Object.values(state.runs).map(({ view }) => view);
  const alone = (kind: QueueEntry['kind'], view: JobView): QueueEntry => ({
    key: view.id,
    kind,
    jobs: [view],
    group: view.group ?? null,
  });
  const running = views.filter((view) => view.state === 'running' || view.state === 'cancelling');
  const stopped = views.filter((view) => view.state === 'failed' || view.state === 'interrupted');
  const waiting: QueueEntry[] = [];
  for (const id of state.queue.waiting) {
    const view = state.runs[id]?.view;
    if (view?.state !== 'queued') continue;
    const last = waiting.at(-1);
    const groupId = last?.group?.id;
    if (last !== undefined && groupId !== undefined && groupId === view.group?.id)
      waiting[waiting.length - 1] = { ...last, jobs: [...last.jobs, view] };
    else waiting.push(alone('waiting', view));
  }
  return [
    ...running.map((view) => alone('running', view)),
    ...waiting,
    ...stopped.toSorted((a, b) => b.createdAt - a.createdAt).map((view) => alone('stopped', view)),
  ];
}

/** Before which waiting job an entry comes when it moves by `by` places among the waiting ones; undefined: it stays where it is. */
export function placeAfterMove(
  waiting: readonly QueueEntry[],
  key: string,
  by: number,
): { before: string | null } | undefined {
  const from = waiting.findIndex((entry) => entry.key === key);
  const to = Math.min(Math.max(from + by, 0), waiting.length - 1);
  if (from < 0 || to === from) return undefined;
  const rest = waiting.filter((entry) => entry.key !== key);
  return { before: rest[to]?.key ?? null };
}
