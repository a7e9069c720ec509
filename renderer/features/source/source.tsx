/** The left zone: the input picture, where it can be dropped, pasted or opened. */
import { FileSliders, FolderOpen, ImagePlus } from 'lucide-react';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { chosenModel } from '../../state/draft';
import { currentRun } from '../../state/selectors';
import { formatSize } from '../../state/format';
import { workingSize } from '../../state/working-size';
import { Button } from '../../ui/button';
import { cx } from '../../ui/cx';
import { IconButton } from '../../ui/icon-button';
import styles from './source.module.css';
import { useDropTarget, type DropZone } from './use-drop-target';

export function SourceZone() {
  const t = useT();
  const source = usePage((state) => state.source);
  const isImporting = usePage((state) => state.isImporting);
  const { openPicture, openSettings } = useActions();
  const over = useDropTarget();
  return (
    <section className={cx(styles.zone, over === 'input' && styles.over)} aria-label={t('source.zone')}>
      <header className={styles.head}>
        <h2>{t('source.title')}</h2>
        <IconButton look="quiet" label={t('source.readSettings')} onClick={() => void openSettings()}>
          <FileSliders aria-hidden />
        </IconButton>
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
        {over !== null ? (
          <div className={styles.zones}>
            <DropArea zone="input" isOver={over === 'input'} />
            <DropArea zone="settings" isOver={over === 'settings'} />
          </div>
        ) : isImporting ? (
          <p className={styles.veil} role="status">
            {t('source.importing')}
          </p>
        ) : null}
      </div>
      <SourceFacts />
    </section>
  );
}

/** One labelled zone, shown while a picture is dragged. */
function DropArea({ zone, isOver }: { zone: DropZone; isOver: boolean }) {
  const t = useT();
  const [title, text] =
    zone === 'input'
      ? [t('source.dropInput'), t('source.dropInputText')]
      : [t('source.dropSettings'), t('source.dropSettingsText')];
  return (
    <div className={cx(styles.dropArea, isOver && styles.target)} data-drop={zone}>
      {zone === 'input' ? <ImagePlus aria-hidden /> : <FileSliders aria-hidden />}
      <p className={styles.emptyTitle}>{title}</p>
      <p>{text}</p>
    </div>
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
