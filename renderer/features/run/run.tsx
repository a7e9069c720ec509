/** The primary button, why it cannot be pressed, and Cancel. */
import { ListPlus, Sparkles, Square } from 'lucide-react';
import { useId } from 'react';
import { useActions, usePage } from '../../app-context';
import { useCommandKeys } from '../../commands/key-words';
import { useT, type Translate } from '../../i18n/use-t';
import { chosenModel, effectiveSettings } from '../../state/draft';
import { formatLeft, formatMs, toPercent } from '../../state/format';
import { isBusy, readiness, type Reason } from '../../state/readiness';
import { activeRun, currentRun } from '../../state/selectors';
import type { PageState } from '../../state/page-state';
import { Button } from '../../ui/button';
import { MAIN_BUTTON_ID } from '../welcome/welcome';
import { Queue } from '../queue/queue';
import { Variations } from '../variations/variations';
import styles from './run.module.css';

export function Run() {
  const t = useT();
  // Words and flags, not the state: it changes with every step of a job and every letter that is typed.
  const words = usePage((state) => buttonWords(state, t));
  const isOff = usePage((state) => readiness(state).length > 0);
  const isWorking = usePage(isBusy);
  const activeState = usePage((state) => activeRun(state)?.view.state ?? null);
  const { generate, cancel } = useActions();
  const generateKeys = useCommandKeys('generate');
  const cancelKeys = useCommandKeys('cancel');
  const line = usePage((state) => lineWords(state, generateKeys.text, t));
  const reasonId = useId();
  return (
    <div className={styles.run} role="group" aria-label={t('run.title')}>
      <div className={styles.buttons}>
        <Button
          id={MAIN_BUTTON_ID}
          look="primary"
          className={styles.generate}
          // Stays focusable, so that a keyboard or a screen reader finds out why it does nothing.
          aria-disabled={isOff}
          aria-describedby={reasonId}
          aria-keyshortcuts={generateKeys.aria}
          onClick={() => void generate()}
        >
          {isWorking ? <ListPlus aria-hidden /> : <Sparkles aria-hidden />}
          {words}
        </Button>
        <Variations className={styles.ways} />
        {activeState === null ? null : (
          <Button
            className={styles.cancel}
            aria-keyshortcuts={cancelKeys.aria}
            aria-disabled={activeState === 'cancelling'}
            onClick={() => void cancel()}
          >
            <Square aria-hidden />
            {t('run.cancel')}
          </Button>
        )}
      </div>
      <p id={reasonId} className={styles.reason}>
        {line}
      </p>
      <Queue />
    </div>
  );
}

function buttonWords(state: PageState, t: Translate): string {
  if (isBusy(state) || state.queue.isPaused) return t('run.add');
  const { settings } = state.draft;
  const { strength } = effectiveSettings(settings, chosenModel(state.models, settings.model));
  if (strength === 0) return t('run.giveBack');
  return settings.count > 1 ? t('run.generateMany', { count: settings.count }) : t('run.generate');
}

/** Below the buttons: why they are off, else what goes on. */
function lineWords(state: PageState, keys: string, t: Translate): string {
  const [first] = readiness(state);
  if (first !== undefined) return reasonWords(first, t);
  if (isBusy(state)) return workingWords(state, t);
  return state.queue.isPaused ? t('queue.held') : idleWords(state, keys, t);
}

function workingWords(state: PageState, t: Translate): string {
  const run = activeRun(state);
  if (run === null) return t('run.working');
  if (run.view.state === 'cancelling') return t('run.cancelling');
  const { count } = run.view.settings;
  const words = [
    count > 1 ? t('run.picture', { index: run.image + 1, count }) : null,
    run.leftMs === null ? null : t('run.left', { time: formatLeft(run.leftMs) }),
  ].filter((part) => part !== null);
  return words.length === 0 ? t('run.working') : words.join(' · ');
}

function idleWords(state: PageState, keys: string, t: Translate): string {
  const run = currentRun(state);
  const report = run?.view.report ?? null;
  if (run !== null && run.view.state === 'done' && report !== null) {
    return t('run.took', { time: formatMs(report.totalMs) });
  }
  return keys;
}

/** One reason in a person's words. */
function reasonWords(reason: Reason, t: Translate): string {
  switch (reason.kind) {
    case 'no-steps':
      return t('reason.no-steps', { percent: toPercent(reason.useful) });
    case 'prompt-too-long':
      return t('reason.prompt-too-long', { limit: reason.limit });
    case 'model-missing':
      return t('reason.model-missing', { model: reason.model });
    default:
      return t(`reason.${reason.kind}`);
  }
}
