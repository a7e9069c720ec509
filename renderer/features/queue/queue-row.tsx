/** One line of the queue: a job, or the waiting jobs of a group. */
import { ChevronDown, ChevronUp, CircleAlert, GripVertical, Play, Trash2, X } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import type { JobView } from '../../../shared/job';
import { useActions, usePage } from '../../app-context';
import { useT, type Translate } from '../../i18n/use-t';
import { chosenModel, effectiveSettings } from '../../state/draft';
import { toPercent } from '../../state/format';
import { stageInWork, stageShare } from '../../state/job-run';
import type { QueueEntry } from '../../state/queue-entries';
import { cx } from '../../ui/cx';
import { IconButton } from '../../ui/icon-button';
import { Progress } from '../../ui/progress';
import styles from './queue.module.css';
import type { Reorder } from './use-reorder';

interface Props {
  entry: QueueEntry;
  /** Among the waiting ones; null for the others. */
  place: { index: number; count: number } | null;
  drag: Reorder['drag'];
  handle: ReturnType<Reorder['handle']>;
  onMove: (by: number) => void;
  onRemove: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

export function QueueRow({ entry, place, drag, handle, onMove, onRemove, onKeyDown }: Props) {
  const t = useT();
  const { resume, discard } = useActions();
  const [first] = entry.jobs;
  const { key, kind } = entry;
  const name = first.settings.prompt.trim() || t('queue.noPrompt');
  const isTarget = drag !== null && place !== null && drag.key !== key;
  const isBefore = isTarget && place.index === drag.to && drag.to < drag.from;
  const isAfter = isTarget && place.index === drag.to && drag.to > drag.from;
  return (
    <li
      className={cx(
        styles.row,
        drag?.key === key && styles.dragged,
        isBefore && styles.before,
        isAfter && styles.after,
      )}
      {...(place === null ? {} : { 'data-line': '' })}
    >
      {place === null ? (
        kind === 'stopped' ? (
          <CircleAlert aria-hidden className={styles.stopped} />
        ) : null
      ) : (
        <span className={styles.grip} aria-hidden {...handle}>
          <GripVertical />
        </span>
      )}
      <div className={styles.words}>
        <p className={styles.name} title={name}>
          {name}
        </p>
        {kind === 'running' ? <Running view={first} /> : <Details entry={entry} />}
      </div>
      {place === null ? null : (
        <>
          <IconButton
            look="quiet"
            label={t('queue.up', { name })}
            data-focus={`up ${key}`}
            onKeyDown={onKeyDown}
            aria-disabled={place.index === 0}
            onClick={() => onMove(-1)}
          >
            <ChevronUp aria-hidden />
          </IconButton>
          <IconButton
            look="quiet"
            label={t('queue.down', { name })}
            data-focus={`down ${key}`}
            onKeyDown={onKeyDown}
            aria-disabled={place.index === place.count - 1}
            onClick={() => onMove(1)}
          >
            <ChevronDown aria-hidden />
          </IconButton>
        </>
      )}
      {kind === 'stopped' ? (
        <>
          <IconButton look="quiet" label={t('queue.resume', { name })} onClick={() => void resume(first.id)}>
            <Play aria-hidden />
          </IconButton>
          <IconButton
            look="quiet"
            label={t('queue.discard', { name })}
            onClick={() => void discard(first.id)}
          >
            <Trash2 aria-hidden />
          </IconButton>
        </>
      ) : (
        <IconButton
          look="quiet"
          label={t('queue.cancelOne', { name })}
          aria-disabled={first.state === 'cancelling'}
          data-focus={`cancel ${key}`}
          onKeyDown={onKeyDown}
          onClick={onRemove}
        >
          <X aria-hidden />
        </IconButton>
      )}
    </li>
  );
}

function Running({ view }: { view: JobView }) {
  const t = useT();
  const run = usePage((state) => state.runs[view.id] ?? null);
  const models = usePage((state) => state.models);
  if (run === null) return null;
  const stage = stageInWork(run);
  const share = stage === null ? 0 : stageShare(run.stages[stage]);
  const words = view.state === 'cancelling' ? t('run.cancelling') : jobWords(view, models, t);
  return (
    <>
      <p className={styles.details}>{words}</p>
      <Progress
        label={t('queue.progress')}
        share={share}
        valueText={stage === null ? t('stage.notStarted') : t(`stage.${stage}`)}
      />
    </>
  );
}

function Details({ entry }: { entry: QueueEntry }) {
  const t = useT();
  const models = usePage((state) => state.models);
  const { kind, jobs, group } = entry;
  const [first] = jobs;
  const words =
    kind === 'stopped'
      ? (first.error?.message ?? t('stopped.interrupted'))
      : group !== null && jobs.length > 1
        ? t(`queue.${group.kind}`, { count: jobs.length, size: group.size })
        : jobWords(first, models, t);
  return <p className={styles.details}>{words}</p>;
}

/** What sets a job apart: strength, seed, number of pictures. */
function jobWords({ settings }: JobView, models: Parameters<typeof chosenModel>[0], t: Translate): string {
  const { strength } = effectiveSettings(settings, chosenModel(models, settings.model));
  const parts = [
    t('queue.strength', { percent: toPercent(strength) }),
    settings.seed === null ? null : t('results.seed', { seed: settings.seed }),
    settings.count > 1 ? t('queue.count', { count: settings.count }) : null,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}
