/** Encode → Generate → Decode: where each stage runs, why, and how far it is. */
import { Check, ChevronRight, CircleAlert, Cpu, Globe, Microchip } from 'lucide-react';
import { STAGES, type Stage } from '../../../shared/placement';
import { usePage } from '../../app-context';
import { useT, type Translate } from '../../i18n/use-t';
import { formatMs } from '../../state/format';
import { isActive, stageShare, type StagePlace, type StageRun } from '../../state/job-run';
import { currentRun } from '../../state/selectors';
import { cx } from '../../ui/cx';
import { Progress } from '../../ui/progress';
import styles from './stage-strip.module.css';

export function StageStrip() {
  const t = useT();
  return (
    <section aria-label={t('stage.title')}>
      <ol className={styles.strip}>
        {STAGES.map((stage, index) => (
          <li key={stage} className={styles.item}>
            {index === 0 ? null : <ChevronRight aria-hidden className={styles.arrow} />}
            <StageCell stage={stage} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function StageCell({ stage }: { stage: Stage }) {
  const t = useT();
  const run = usePage(currentRun);
  const now = run?.stages[stage] ?? null;
  const name = t(`stage.${stage}`);
  const place = now?.place ?? null;
  const state = now?.state ?? 'waiting';
  const idle = run === null || run.view.state === 'done' ? 'stage.waiting' : 'stage.notReached';
  const works = run !== null && isActive(run.view);
  return (
    <div className={cx(styles.cell, styles[state])}>
      <div className={styles.line}>
        <h3 className={styles.name}>
          {state === 'done' ? (
            <Check aria-hidden />
          ) : state === 'stopped' ? (
            <CircleAlert aria-hidden />
          ) : null}
          {name}
        </h3>
        {place === null ? null : <Place place={place} />}
        <span className={styles.time}>{timeWords(now, t)}</span>
      </div>
      <Progress
        label={t('stage.progress', { stage: name })}
        share={now === null ? 0 : stageShare(now)}
        valueText={stateWords(now, stage, t)}
      />
      <p className={styles.reason} title={place?.reason}>
        {place?.reason ?? t(works ? 'stage.next' : idle)}
      </p>
    </div>
  );
}

function Place({ place }: { place: StagePlace }) {
  const t = useT();
  const isRemote = place.where === 'remote';
  const Icon = isRemote ? Globe : place.device === 'gpu' ? Microchip : Cpu;
  const device = isRemote ? t('stage.remote') : place.device === 'gpu' ? t('stage.gpu') : t('stage.cpu');
  const provider = place.provider === null || place.provider === place.device ? '' : ` ${place.provider}`;
  return (
    <span className={styles.place}>
      <Icon aria-hidden />
      {device}
      {provider}
      {place.tiled ? ` ${t('stage.tiled')}` : ''}
    </span>
  );
}

/** Steps or tiles while it runs, the time when it is done. */
function timeWords(now: StageRun | null, t: Translate): string {
  if (now === null || now.state === 'waiting') return '';
  if (now.state === 'done') return formatMs(now.ms);
  if (now.done === null || now.of === null)
    return t(now.state === 'running' ? 'stage.running' : 'stage.stopped');
  return `${now.done} / ${now.of}`;
}

function stateWords(now: StageRun | null, stage: Stage, t: Translate): string {
  if (now === null || now.state === 'waiting') return t('stage.notStarted');
  if (now.state === 'done') return t('stage.done');
  if (now.state === 'stopped') return t('stage.stopped');
  if (now.done === null || now.of === null) return t('stage.running');
  const parts = { done: now.done, of: now.of };
  return stage === 'generate' ? t('stage.stepsDone', parts) : t('stage.tilesDone', parts);
}
