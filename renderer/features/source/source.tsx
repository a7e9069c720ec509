/** The left zone: the input picture, where it can be dropped, pasted or opened. */
import { FolderOpen, ImagePlus } from 'lucide-react';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { chosenModel } from '../../state/draft';
import { currentRun } from '../../state/selectors';
import { formatSize } from '../../state/format';
import { workingSize } from '../../state/working-size';
import { Button } from '../../ui/button';
import { cx } from '../../ui/cx';
import styles from './source.module.css';
import { useDropTarget } from './use-drop-target';

export function SourceZone() {
  const t = useT();
  const source = usePage((state) => state.source);
  const isImporting = usePage((state) => state.isImporting);
  const { openPicture } = useActions();
  const isOver = useDropTarget();
  return (
    <section className={cx(styles.zone, isOver && styles.over)} aria-label={t('source.zone')}>
      <header className={styles.head}>
        <h2>{t('source.title')}</h2>
        <Button look="quiet" onClick={() => void openPicture()} aria-keyshortcuts="Control+O Meta+O">
          <FolderOpen aria-hidden />
          {source === null ? t('source.open') : t('source.replace')}
        </Button>
      </header>
      <div className={styles.stage} aria-busy={isImporting}>
        {source === null ? (
          <div className={styles.empty}>
            <ImagePlus aria-hidden strokeWidth={1.3} />
            <p className={styles.emptyTitle}>{t('source.emptyTitle')}</p>
            <p>{t('source.emptyText')}</p>
          </div>
        ) : (
          <img
            className={styles.picture}
            src={source.url}
            alt={t('source.alt', { name: source.name })}
            draggable={false}
          />
        )}
        {isOver || isImporting ? (
          <p className={styles.veil} role="status">
            {isImporting ? t('source.importing') : t('source.drop')}
          </p>
        ) : null}
      </div>
      <SourceFacts />
    </section>
  );
}

function SourceFacts() {
  const t = useT();
  const source = usePage((state) => state.source);
  const settings = usePage((state) => state.draft.settings);
  const multiplePx = usePage((state) => chosenModel(state.models, settings.model)?.sizeMultiplePx ?? 1);
  const run = usePage(currentRun);
  if (source === null) return null;
  const working = workingSize(source, settings, multiplePx, run?.view ?? null);
  return (
    <footer className={styles.facts}>
      <p className={styles.name} title={source.name}>
        {source.name}
      </p>
      <p className={styles.sizes}>
        {t('source.size', { size: formatSize(source.width, source.height) })}
        {working === null
          ? null
          : ` · ${t('source.working', { size: formatSize(working.width, working.height) })}`}
      </p>
    </footer>
  );
}
