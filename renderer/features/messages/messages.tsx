/** What the person should know: an error with its ways out, stopped jobs, fallbacks that were taken, confirmations. */
import { CirclePause, Info, TriangleAlert, X } from 'lucide-react';
import type { JobView } from '../../../shared/job';
import type { RestoredSettings } from '../../../shared/restored-settings';
import { useActions, usePage } from '../../app-context';
import { useT, type Translate } from '../../i18n/use-t';
import type { Actions } from '../../state/app';
import type { Problem } from '../../state/page-state';
import { isBusy } from '../../state/readiness';
import { jobNotices, stoppedJobs } from '../../state/selectors';
import { waysOut, type WayOut } from '../../state/ways-out';
import { Button } from '../../ui/button';
import { IconButton } from '../../ui/icon-button';
import { cx } from '../../ui/cx';
import { ErrorText } from './error-text';
import { SaidText } from './said-text';
import styles from './messages.module.css';

export function Messages() {
  const t = useT();
  const problem = usePage((state) => state.problem);
  const newest = usePage((state) => (isBusy(state) ? undefined : stoppedJobs(state)[0]));
  return (
    <section className={styles.messages} aria-label={t('notice.title')}>
      {problem === null ? null : <ProblemMessage problem={problem} />}
      {newest === undefined ? null : <StoppedMessage view={newest} />}
      <Notices />
    </section>
  );
}

function ProblemMessage({ problem }: { problem: Problem }) {
  const t = useT();
  const state = usePage((now) => now);
  const actions = useActions();
  const ways = waysOut(problem, state);
  return (
    <div className={cx(styles.message, styles.problem)} role="alert">
      <TriangleAlert aria-hidden className={styles.icon} />
      <p className={styles.text}>
        <ErrorText error={problem.error} />
      </p>
      {ways.map((way, index) => (
        <Button
          key={way}
          look={index === 0 ? 'primary' : 'plain'}
          onClick={() => takeWayOut(way, problem, actions)}
        >
          {t(`problem.${way}`)}
        </Button>
      ))}
      <IconButton look="quiet" label={t('problem.dismiss')} onClick={actions.dismissProblem}>
        <X aria-hidden />
      </IconButton>
    </div>
  );
}

function takeWayOut(way: WayOut, { jobId }: Problem, actions: Actions): void {
  switch (way) {
    case 'reload':
      return void actions.load();
    case 'try-again':
      return void actions.retry();
    case 'resume':
      return void (jobId === null ? actions.retry() : actions.resume(jobId));
    case 'discard':
      return void (jobId === null ? actions.dismissProblem() : actions.discard(jobId));
    case 'use-cpu':
      return void actions.switchToCpu();
    case 'open-picture':
      return void actions.openPicture();
    case 'open-mask':
      return void actions.openMask();
    case 'open-settings':
      return void actions.openSettings();
    case 'open-model':
      return void actions.openModel();
    case 'use-starter-model':
      return actions.switchToStarterModel();
  }
}

function StoppedMessage({ view }: { view: JobView }) {
  const t = useT();
  const { resume, discard } = useActions();
  return (
    <div className={styles.message} role="status">
      <CirclePause aria-hidden className={styles.icon} />
      <p className={styles.text}>
        {view.error === null ? (
          t(view.state === 'cancelled' ? 'stopped.cancelled' : 'stopped.interrupted')
        ) : (
          <ErrorText error={view.error} />
        )}
      </p>
      {view.canResume ? (
        <Button look={view.state === 'cancelled' ? 'plain' : 'primary'} onClick={() => void resume(view.id)}>
          {t('stopped.resume')}
        </Button>
      ) : null}
      <Button onClick={() => void discard(view.id)}>{t('stopped.discard')}</Button>
    </div>
  );
}

/** Which settings of which program were taken over. */
function restoredWords({ tool = '', fields = '' }: Record<string, string>, t: Translate): string {
  const names = RESTORED_FIELDS.filter((field) => fields.split(' ').includes(field)).map((field) =>
    t(`restored.${field}`),
  );
  return t('notice.restored', { tool: TOOL_NAMES[tool] ?? tool, fields: names.join(', ') });
}

const RESTORED_FIELDS = [
  'prompt',
  'negativePrompt',
  'seed',
  'steps',
  'guidance',
  'size',
  'strength',
  'scheduler',
  'style',
] as const satisfies (keyof RestoredSettings['settings'])[];

/** Proper names, the same in every language. */
const TOOL_NAMES: Readonly<Record<string, string>> = {
  underpaint: 'Underpaint',
  a1111: 'Automatic1111',
  comfyui: 'ComfyUI',
  invokeai: 'InvokeAI',
  fooocus: 'Fooocus',
} satisfies Record<RestoredSettings['tool'], string>;

/** What the engine said about the followed job, and short confirmations. */
function Notices() {
  const t = useT();
  const notice = usePage((state) => state.notice);
  const lines = [...usePage(jobNotices)];
  if (notice !== null) {
    lines.push(
      notice.key === 'restored' ? restoredWords(notice.values, t) : t(`notice.${notice.key}`, notice.values),
    );
  }
  return (
    <div role="status" className={styles.notices}>
      {lines.map((line) => (
        <p key={line} className={styles.notice}>
          <Info aria-hidden className={styles.icon} />
          <SaidText sentence={line} />
        </p>
      ))}
    </div>
  );
}
