/** The right zone: the picture in work or a result next to its input, and all results as choices. */
import {
  Columns2,
  FolderSearch,
  ImageUp,
  LayoutGrid,
  ListRestart,
  Save,
  SquareSplitHorizontal,
  Star,
  Trash2,
} from 'lucide-react';
import { useState } from 'react';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import type { CompareMode } from '../../state/page-state';
import { inputUrlOf, runInView, shownResult } from '../../state/selectors';
import { IconButton } from '../../ui/icon-button';
import { Button } from '../../ui/button';
import { Segmented } from '../../ui/segmented';
import { EmptyView, ResultPicture, WorkView } from './big-view';
import { FlipButton } from './flip-button';
import styles from './results.module.css';
import { Thumbnails } from './thumbnails';

export function ResultsZone() {
  const t = useT();
  const result = usePage(shownResult);
  const run = usePage(runInView);
  const [isFlipped, setIsFlipped] = useState(false);
  const { setGalleryOpen } = useActions();
  return (
    <section className={styles.zone} aria-label={t('results.title')}>
      <header className={styles.head}>
        <h2>{t('results.title')}</h2>
        {result === null ? <span className={styles.gap} /> : <Toolbar onFlip={setIsFlipped} />}
        <IconButton
          look="quiet"
          label={t('gallery.openButton')}
          aria-keyshortcuts="Control+G Meta+G"
          onClick={() => setGalleryOpen(true)}
        >
          <LayoutGrid aria-hidden />
        </IconButton>
      </header>
      <div className={styles.body}>
        <div className={styles.stage}>
          {result !== null ? (
            <ResultPicture key={result.id} result={result} isFlipped={isFlipped} />
          ) : run !== null ? (
            <WorkView run={run} />
          ) : (
            <EmptyView />
          )}
        </div>
        <Thumbnails />
      </div>
    </section>
  );
}

function Toolbar({ onFlip }: { onFlip: (isFlipped: boolean) => void }) {
  const t = useT();
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
      <Button
        title={t('results.save')}
        onClick={() => void saveResult()}
        aria-keyshortcuts="Control+S Meta+S"
      >
        <Save aria-hidden />
        <span className={styles.word}>{t('results.save')}</span>
      </Button>
    </div>
  );
}
