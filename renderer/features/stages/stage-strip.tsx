/** Encode → Generate → Decode: where each stage runs, why, and how far it is. */
import { Check, ChevronRight, CircleAlert, Cpu, Globe, Microchip } from 'lucide-react';
import { STAGE_CHOICES, STAGES, type Stage, type StagePlan } from '../../../shared/placement';
import { useActions, usePage } from '../../app-context';
import { useSaid } from '../../i18n/use-said';
import { useT, type Translate } from '../../i18n/use-t';
import { formatBytes, formatMs } from '../../state/format';
import { isActive, stageShare, type StagePlace, type StageRun } from '../../state/job-run';
import { currentRun } from '../../state/selectors';
import { NetworkBar } from '../endpoints/network-bar';
import { SaidText } from '../messages/said-text';
import { cx } from '../../ui/cx';
import { Progress } from '../../ui/progress';
import styles from './stage-strip.module.css';

export function StageStrip() {
  const t = useT();
  return (
    <section aria-label={t('stage.title')} className={styles.stages}>
      <ol className={styles.strip}>
        {STAGES.map((stage, index) => (
          <li key={stage} className={styles.item}>
            {index === 0 ? null : <ChevronRight aria-hidden className={styles.arrow} />}
            <StageCell stage={stage} />
          </li>
        ))}
      </ol>
      <NetworkBar />
    </section>
  );
}

function StageCell({ stage }: { stage: Stage }) {
  const t = useT();
  const run = usePage(currentRun);
  const planned = usePage((page) => page.plan?.stages.find((one) => one.stage === stage) ?? null);
  const choice = usePage((page) => page.draft.settings[stage]);
  const { changeSettings } = useActions();
  const said = useSaid();
  const now = run?.stages[stage] ?? null;
  const works = run !== null && isActive(run.view);
  const name = t(`stage.${stage}`);
  const state = now?.state ?? 'waiting';
  // While a job works the strip shows that job, else what the form as it stands would do.
  const ran = now?.place ?? null;
  const place: StagePlace | null =
    works || state === 'stopped' ? (ran ?? planOf(planned)) : (planOf(planned) ?? ran);
  const idle = run === null || run.view.state === 'done' ? 'stage.waiting' : 'stage.notReached';
  const problem = works ? null : planned?.problem;
  const why = problem ?? place?.reason ?? null;
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
      <p className={styles.reason} title={why === null ? undefined : (said(why) ?? why)}>
        {why === null ? t(works ? 'stage.next' : idle) : <SaidText sentence={why} />}
      </p>
      <div className={cx(styles.line, styles.foot)}>
        <span className={styles.figures}>{figures(place, now, t)}</span>
        <select
          className={styles.choice}
          aria-label={t('stage.where', { stage: name })}
          value={choice}
          onChange={({ target }) => {
            const chosen = STAGE_CHOICES[target.selectedIndex];
            if (chosen !== undefined) changeSettings({ [stage]: chosen });
          }}
        >
          <option value="auto">{t('stage.whereAuto')}</option>
          <option value="local">{t('stage.whereLocal')}</option>
          <option value="remote">{t('stage.whereRemote')}</option>
        </select>
      </div>
    </div>
  );
}

/** A plan in the words of a stage that runs. */
const planOf = (plan: StagePlan | null): StagePlace | null =>
  plan === null ? null : { ...plan, predicted: { memoryBytes: plan.memoryBytes, ms: plan.ms } };

/** Predicted, and taken once it is known. */
function figures(place: StagePlace | null, now: StageRun | null, t: Translate): string {
  const parts: string[] = [];
  if (place?.predicted) {
    const time = formatMs(place.predicted.ms);
    const { memoryBytes } = place.predicted;
    parts.push(
      memoryBytes === 0
        ? t('stage.predictedTime', { time })
        : t('stage.predicted', { time, memory: formatBytes(memoryBytes) }),
    );
  }
  if (now?.state === 'done' && now.ms > 0) {
    const time = formatMs(now.ms);
    parts.push(
      now.memoryBytes === null
        ? t('stage.tookTime', { time })
        : t('stage.took', { time, memory: formatBytes(now.memoryBytes) }),
    );
  }
  return parts.join(' · ');
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
