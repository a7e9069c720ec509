/** What runs, waits and stopped, in a panel behind one quiet button: reorder, cancel, hold, go on. */
import { CirclePause, ListOrdered, Play, Square } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { placeAfterMove, queueEntries, type QueueEntry } from '../../state/queue-entries';
import { Button } from '../../ui/button';
import { Popover } from '../../ui/popover';
import { VisuallyHidden } from '../../ui/visually-hidden';
import styles from './queue.module.css';
import { QueueRow } from './queue-row';
import { useReorder } from './use-reorder';

/** The button; it is there while there is a queue. */
export function Queue() {
  const t = useT();
  const runs = usePage((state) => state.runs);
  const queue = usePage((state) => state.queue);
  const entries = queueEntries({ runs, queue });
  const open = entries.reduce((sum, { kind, jobs }) => sum + (kind === 'stopped' ? 0 : jobs.length), 0);
  if (entries.length === 0) return null;
  return (
    <Popover
      label={t('queue.title')}
      trigger={
        <Button look="quiet" className={styles.open}>
          {queue.isPaused ? <CirclePause aria-hidden /> : <ListOrdered aria-hidden />}
          {queue.isPaused ? t('queue.openPaused', { count: open }) : t('queue.open', { count: open })}
        </Button>
      }
    >
      <QueueList entries={entries} />
    </Popover>
  );
}

function QueueList({ entries }: { entries: readonly QueueEntry[] }) {
  const t = useT();
  const list = useRef<HTMLOListElement>(null);
  const { isPaused } = usePage((state) => state.queue);
  const { moveJobs, pauseQueue, cancelJobs } = useActions();
  const [moved, setMoved] = useState<{ key: string; place: number; total: number } | null>(null);
  const waiting = entries.filter(({ kind }) => kind === 'waiting');
  const isRunning = entries.some(({ kind }) => kind === 'running');

  const move = (key: string, by: number): void => {
    const place = placeAfterMove(waiting, key, by);
    const entry = waiting.find((one) => one.key === key);
    if (place === undefined || entry === undefined) return;
    const from = waiting.indexOf(entry);
    setMoved({ key, place: Math.min(Math.max(from + by, 0), waiting.length - 1) + 1, total: waiting.length });
    void moveJobs(
      entry.jobs.map(({ id }) => id),
      place.before,
    );
  };
  const reorder = useReorder(list, move);
  useKeptFocus(list, moved?.key ?? null);

  const remove = (jobIds: readonly string[]): void => {
    list.current?.focus();
    void cancelJobs(jobIds);
  };
  const onKeyDown = (event: KeyboardEvent, entry: QueueEntry): void => {
    if (entry.kind !== 'waiting') return;
    if (event.altKey && event.key === 'ArrowUp') move(entry.key, -1);
    else if (event.altKey && event.key === 'ArrowDown') move(entry.key, 1);
    else if (event.key === 'Delete') remove(entry.jobs.map(({ id }) => id));
    else return;
    event.preventDefault();
  };

  return (
    <>
      <header className={styles.head}>
        <h2>{t('queue.title')}</h2>
        {isPaused ? (
          <Button look="primary" onClick={() => void pauseQueue(false)}>
            <Play aria-hidden />
            {t('queue.goOn')}
          </Button>
        ) : isRunning && waiting.length > 0 ? (
          <Button title={t('queue.finishHint')} onClick={() => void pauseQueue(true)}>
            <CirclePause aria-hidden />
            {t('queue.finish')}
          </Button>
        ) : null}
        {isRunning || waiting.length > 0 ? (
          <Button
            onClick={() => {
              list.current?.focus();
              void cancelJobs(null);
            }}
          >
            <Square aria-hidden />
            {t('queue.cancelAll')}
          </Button>
        ) : null}
      </header>
      {isPaused ? (
        <p className={styles.hint}>{t(isRunning ? 'queue.pausedRunning' : 'queue.paused')}</p>
      ) : null}
      <ol className={styles.list} ref={list} tabIndex={-1} aria-label={t('queue.list')}>
        {entries.map((entry) => {
          const index = waiting.indexOf(entry);
          return (
            <QueueRow
              key={entry.key}
              entry={entry}
              place={index < 0 ? null : { index, count: waiting.length }}
              drag={reorder.drag}
              handle={reorder.handle(entry.key, index)}
              onMove={(by) => move(entry.key, by)}
              onRemove={() => remove(entry.jobs.map(({ id }) => id))}
              onKeyDown={(event) => onKeyDown(event, entry)}
            />
          );
        })}
      </ol>
      {waiting.length > 1 ? <p className={styles.hint}>{t('queue.keys')}</p> : null}
      <div aria-live="polite">
        <VisuallyHidden>
          {moved === null ? '' : t('queue.moved', { place: moved.place, total: moved.total })}
        </VisuallyHidden>
      </div>
    </>
  );
}

/** A line that changes its place in the page loses the focus; it gets it back. */
function useKeptFocus(list: RefObject<HTMLElement | null>, key: string | null): void {
  const focused = useRef<string | null>(null);
  useEffect(() => {
    const remember = (event: FocusEvent): void => {
      focused.current = event.target instanceof HTMLElement ? (event.target.dataset['focus'] ?? null) : null;
    };
    const element = list.current;
    element?.addEventListener('focusin', remember);
    return () => element?.removeEventListener('focusin', remember);
  }, [list]);
  // Without a list of what it depends on: it looks after every drawing, since any may have moved the line.
  useEffect(() => {
    if (key === null || focused.current?.endsWith(key) !== true) return;
    if (document.activeElement !== document.body && list.current?.contains(document.activeElement) === true)
      return;
    const wanted = [...(list.current?.querySelectorAll<HTMLElement>('[data-focus]') ?? [])].find(
      ({ dataset }) => dataset['focus'] === focused.current,
    );
    wanted?.focus();
  });
}
