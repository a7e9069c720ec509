/** The one screen: input left, results right, the stage strip and the controls below. */
import { Tooltip } from 'radix-ui';
import { usePage } from './app-context';
import styles from './app.module.css';
import type { PageBridge } from './bridge';
import { Consent } from './features/consent/consent';
import { Dialogs } from './features/dialogs';
import { LiveRegion } from './features/messages/live-region';
import { Messages } from './features/messages/messages';
import { Prompt } from './features/prompt/prompt';
import { ResultsZone } from './features/results/results';
import { Run } from './features/run/run';
import { Settings } from './features/settings/settings';
import { SourceZone } from './features/source/source';
import { StageStrip } from './features/stages/stage-strip';
import { Strength } from './features/strength/strength';
import { useT } from './i18n/use-t';
import { useCommands } from './use-commands';
import { useLook } from './use-look';
import { cx } from './ui/cx';
import { later } from './ui/later';
import { VisuallyHidden } from './ui/visually-hidden';

const NewSketch = later(async () => (await import('./features/paint/new-sketch')).NewSketch);
const Gallery = later(async () => (await import('./features/gallery/gallery')).Gallery);

export function Window({ bridge }: { bridge: PageBridge }) {
  const t = useT();
  const phase = usePage((state) => state.phase);
  const isPainting = usePage((state) => state.isPainting);
  const isSketchOpen = usePage((state) => state.isSketchOpen);
  const isGalleryOpen = usePage((state) => state.isGalleryOpen);
  useCommands(bridge);
  useLook();
  return (
    <Tooltip.Provider delayDuration={400}>
      <main className={styles.window}>
        <VisuallyHidden>
          <h1>{t('app.name')}</h1>
        </VisuallyHidden>
        {phase === 'ready' ? (
          <>
            <div className={cx(styles.pictures, isPainting && styles.painting)}>
              <SourceZone />
              <ResultsZone />
            </div>
            <Messages />
            <StageStrip />
            <div className={styles.controls}>
              <Prompt />
              <div className={styles.middle}>
                <Strength />
                <Settings />
              </div>
              <Run />
            </div>
          </>
        ) : phase === 'broken' ? (
          <div className={styles.broken}>
            <h2>{t('app.brokenTitle')}</h2>
            <Messages />
          </div>
        ) : (
          <p className={styles.loading} role="status">
            {t('app.loading')}
          </p>
        )}
        {isSketchOpen ? <NewSketch /> : null}
        <Consent />
        {isGalleryOpen ? <Gallery /> : null}
        <Dialogs />
        <LiveRegion />
      </main>
    </Tooltip.Provider>
  );
}
