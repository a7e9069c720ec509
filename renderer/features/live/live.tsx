/** Live mode in the results' zone: its switch, and the picture that follows the hand. */
import { BookmarkPlus, LoaderCircle, TriangleAlert, Zap } from 'lucide-react';
import { usePage } from '../../app-context';
import { CommandButton } from '../../commands/command-button';
import { useT, type Translate } from '../../i18n/use-t';
import { formatMs, formatSize } from '../../state/format';
import type { LiveState } from '../../state/live';
import { activeRun } from '../../state/selectors';
import styles from './live.module.css';

export function LiveSwitch() {
  const isOn = usePage((state) => state.live.isOn);
  return <CommandButton id="live" className={styles.switch} icon={<Zap aria-hidden />} isPressed={isOn} />;
}

/** The newest live picture, how it was made, and what live mode is doing. */
export function LiveView() {
  const t = useT();
  const live = usePage((state) => state.live);
  const { picture, error } = live;
  return (
    <figure className={styles.view} aria-busy={live.status === 'working'}>
      <div className={styles.frame}>
        {picture === null ? (
          <p className={styles.waiting}>{t('live.first')}</p>
        ) : (
          <img className={styles.picture} src={picture.url} alt={t('live.alt')} draggable={false} />
        )}
      </div>
      <figcaption className={styles.caption}>
        {live.status === 'working' ? <LoaderCircle aria-hidden className={styles.spinner} /> : null}
        {error === null ? null : <TriangleAlert aria-hidden className={styles.failed} />}
        <span className={styles.words}>{error === null ? captionWords(live, t) : error.message}</span>
        {picture === null ? null : <CommandButton id="keep-live" icon={<BookmarkPlus aria-hidden />} />}
      </figcaption>
    </figure>
  );
}

/** True while the big view belongs to live mode. */
export function useShowsLive(): boolean {
  return usePage((state) => state.live.isOn && state.selectedResultId === null && activeRun(state) === null);
}

function captionWords({ status, picture }: LiveState, t: Translate): string {
  if (status === 'waiting') return t('live.waiting');
  if (status === 'paused') return t('live.paused');
  if (picture === null) return t('live.title');
  const { width, height, stepsRun, seed, ms } = picture;
  return t('live.caption', {
    size: formatSize(width, height),
    steps: stepsRun,
    seed,
    time: formatMs(ms),
  });
}
