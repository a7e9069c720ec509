/** The left zone: the input picture, where it can be dropped, pasted or opened. */
import { FileSliders, FolderOpen, ImagePlus } from 'lucide-react';
import { useActions, usePage } from '../../app-context';
import { useCommandKeys } from '../../commands/key-words';
import { useT } from '../../i18n/use-t';
import { formatSize } from '../../state/format';
import { Button } from '../../ui/button';
import { cx } from '../../ui/cx';
import { IconButton } from '../../ui/icon-button';
import { FitChoice } from './fit-choice';
import { RecentSources } from './recent-sources';
import { SourcePicture } from './source-picture';
import styles from './source.module.css';
import { useDropTarget, type DropZone } from './use-drop-target';

export function SourceZone() {
  const t = useT();
  const source = usePage((state) => state.source);
  const isImporting = usePage((state) => state.isImporting);
  const openKeys = useCommandKeys('open');
  const { openPicture, openSettings } = useActions();
  const over = useDropTarget();
  return (
    <section className={cx(styles.zone, over === 'input' && styles.over)} aria-label={t('source.zone')}>
      <header className={styles.head}>
        <h2>{t('source.title')}</h2>
        <RecentSources />
        <IconButton look="quiet" label={t('source.readSettings')} onClick={() => void openSettings()}>
          <FileSliders aria-hidden />
        </IconButton>
        <Button look="quiet" onClick={() => void openPicture()} aria-keyshortcuts={openKeys.aria}>
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
          <SourcePicture source={source} />
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
  const plan = usePage((state) => state.plan);
  if (source === null) return null;
  const isOurs =
    plan !== null && plan.fit.input.width === source.width && plan.fit.input.height === source.height;
  return (
    <footer className={styles.facts}>
      <div className={styles.words}>
        <p className={styles.name} title={source.name}>
          {source.name}
        </p>
        <p className={styles.sizes}>
          {t('source.size', { size: formatSize(source.width, source.height) })}
          {isOurs ? ` · ${t('source.working', { size: formatSize(plan.width, plan.height) })}` : null}
        </p>
      </div>
      <FitChoice />
    </footer>
  );
}
