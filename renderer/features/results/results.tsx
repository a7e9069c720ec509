/** The right zone: the picture in work or a result next to its input, and all results as choices. */
import {
  Columns2,
  FolderSearch,
  ImageUp,
  LayoutGrid,
  ListRestart,
  Save,
  ZoomIn,
  SquareSplitHorizontal,
  Star,
  Trash2,
} from 'lucide-react';
import { useRef, useState } from 'react';
import { useActions, usePage } from '../../app-context';
import { usePanel } from '../../use-panel';
import { useCommandKeys } from '../../commands/key-words';
import { useT } from '../../i18n/use-t';
import type { CompareMode } from '../../state/page-state';
import { fullInputUrlOf, inputUrlOf, runInView, shownResult } from '../../state/selectors';
import { IconButton } from '../../ui/icon-button';
import { LiveSwitch, LiveView, useShowsLive } from '../live/live';
import { Button } from '../../ui/button';
import { cx } from '../../ui/cx';
import { later } from '../../ui/later';
import { Segmented } from '../../ui/segmented';
import { EmptyView, ResultPicture, WorkView } from './big-view';
import { FlipButton } from './flip-button';
import { createLens, Lens, type LensState } from './lens';
import { MoreMenu } from './more-menu';
import { GroupStrip } from './group-strip';
import styles from './results.module.css';
import { Welcome } from '../welcome/welcome';
import { Thumbnails } from './thumbnails';
import { useDragOut } from './use-drag-out';

const ExportDialog = later(async () => (await import('./export-dialog')).ExportDialog);

export function ResultsZone() {
  const t = useT();
  const result = usePage(shownResult);
  const run = usePage(runInView);
  const hasSeenWelcome = usePage((state) => state.preferences.hasSeenWelcome);
  const areResultsRead = usePage((state) => state.areResultsRead);
  const [isFlipped, setIsFlipped] = useState(false);
  const exportPanel = usePanel('export');
  const isLensOn = usePage((state) => state.isLensOn);
  const inputUrl = usePage((state) => (result === null ? null : fullInputUrlOf(state, result)));
  const [lens] = useState(createLens);
  useDragOut();
  const stage = useRef<HTMLDivElement>(null);
  const galleryKeys = useCommandKeys('gallery');
  const showsLive = useShowsLive();
  const { setGalleryOpen } = useActions();
  return (
    <section className={styles.zone} aria-label={t('results.title')}>
      <header className={styles.head}>
        <h2>{t('results.title')}</h2>
        {result === null ? (
          <span className={styles.gap} />
        ) : (
          <Toolbar onFlip={setIsFlipped} lens={lens} onExport={() => exportPanel.set(true)} />
        )}
        <LiveSwitch />
        <IconButton
          look="quiet"
          label={t('gallery.openButton')}
          aria-keyshortcuts={galleryKeys.aria}
          onClick={() => setGalleryOpen(true)}
        >
          <LayoutGrid aria-hidden />
        </IconButton>
      </header>
      <div className={styles.body}>
        <div
          ref={stage}
          className={cx(styles.stage, isLensOn && styles.lensed)}
          {...(isLensOn
            ? {
                onPointerMove: lens.onPointerMove,
                onPointerLeave: lens.onPointerLeave,
                onWheel: lens.onWheel,
              }
            : {})}
        >
          {result !== null ? (
            <ResultPicture key={result.id} result={result} isFlipped={isFlipped} />
          ) : showsLive ? (
            <LiveView />
          ) : run !== null ? (
            <WorkView run={run} />
          ) : !areResultsRead ? null : hasSeenWelcome ? (
            <EmptyView />
          ) : (
            <Welcome />
          )}
          {isLensOn && result !== null ? (
            <Lens lens={lens} result={result} inputUrl={inputUrl} stage={stage} />
          ) : null}
        </div>
        <Thumbnails />
      </div>
      {exportPanel.is && result !== null ? (
        <ExportDialog result={result} onClose={() => exportPanel.set(false)} />
      ) : null}
      <GroupStrip />
    </section>
  );
}

interface ToolbarProps {
  onFlip: (isFlipped: boolean) => void;
  lens: LensState;
  onExport: () => void;
}

function Toolbar({ onFlip, lens, onExport }: ToolbarProps) {
  const t = useT();
  const isLensOn = usePage((state) => state.isLensOn);
  const saveKeys = useCommandKeys('save');
  const mode = usePage((state) => state.compareMode);
  const hasInput = usePage((state) => {
    const result = shownResult(state);
    return result !== null && inputUrlOf(state, result) !== null;
  });
  const result = usePage(shownResult);
  const {
    setCompareMode,
    saveResult,
    makeResultInput,
    revealResult,
    reuseSettings,
    starResult,
    deleteResult,
    setLens,
  } = useActions();
  return (
    <div className={styles.tools}>
      {hasInput ? (
        <>
          <Segmented<CompareMode>
            label={t('results.compare')}
            isLabelHidden
            value={mode}
            options={[
              { value: 'side', label: t('results.side'), icon: <Columns2 aria-hidden /> },
              { value: 'slider', label: t('results.slider'), icon: <SquareSplitHorizontal aria-hidden /> },
            ]}
            onChange={setCompareMode}
          />
          <FlipButton onFlip={onFlip} />
        </>
      ) : null}
      <IconButton
        label={t('results.lens')}
        aria-pressed={isLensOn}
        onClick={() => setLens(!isLensOn)}
        onKeyDown={isLensOn ? lens.onKeyDown : undefined}
      >
        <ZoomIn aria-hidden />
      </IconButton>
      <span className={styles.gap} />
      {result === null ? null : (
        <>
          <IconButton
            look="quiet"
            label={t(result.isStarred ? 'results.unstar' : 'results.star')}
            aria-pressed={result.isStarred}
            onClick={() => void starResult(result)}
          >
            <Star aria-hidden className={result.isStarred ? styles.starred : undefined} />
          </IconButton>
          <IconButton look="quiet" label={t('results.delete')} onClick={() => void deleteResult(result)}>
            <Trash2 aria-hidden />
          </IconButton>
        </>
      )}
      <IconButton look="quiet" label={t('results.reuse')} onClick={() => reuseSettings()}>
        <ListRestart aria-hidden />
      </IconButton>
      <IconButton look="quiet" label={t('results.reveal')} onClick={() => void revealResult()}>
        <FolderSearch aria-hidden />
      </IconButton>
      <Button title={t('results.use')} onClick={() => void makeResultInput()}>
        <ImageUp aria-hidden />
        <span className={styles.word}>{t('results.use')}</span>
      </Button>
      <Button title={t('results.save')} onClick={() => void saveResult()} aria-keyshortcuts={saveKeys.aria}>
        <Save aria-hidden />
        <span className={styles.word}>{t('results.save')}</span>
      </Button>
      <MoreMenu onExport={onExport} />
    </div>
  );
}
