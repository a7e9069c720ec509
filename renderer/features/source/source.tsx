/** The left zone: the input picture, where it can be dropped, pasted or opened. */
import { Blend, Brush, FileSliders, FolderOpen, ImagePlus } from 'lucide-react';
import type { Source } from '../../../shared/contract';
import { useActions, usePage } from '../../app-context';
import { useCommandKeys } from '../../commands/key-words';
import { CommandButton } from '../../commands/command-button';
import { useT } from '../../i18n/use-t';
import { formatSize } from '../../state/format';
import { Button } from '../../ui/button';
import { cx } from '../../ui/cx';
import { IconButton } from '../../ui/icon-button';
import { FitChoice } from './fit-choice';
import { RecentSources } from './recent-sources';
import { SourcePicture } from './source-picture';
import { PaintedLayers } from '../paint/painted-layers';
import { PaintStage } from '../paint/paint-stage';
import { PaintTools } from '../paint/paint-tools';
import styles from './source.module.css';
import { useDropTarget, type DropZone } from './use-drop-target';

export function SourceZone() {
  const t = useT();
  const source = usePage((state) => state.source);
  const isImporting = usePage((state) => state.isImporting);
  const openKeys = useCommandKeys('open');
  const { openPicture, openSettings } = useActions();
  const isPainting = usePage((state) => state.isPainting);
  const over = useDropTarget();
  return (
    <section className={cx(styles.zone, over === 'input' && styles.over)} aria-label={t('source.zone')}>
      <header className={styles.head}>
        <h2>{t('source.title')}</h2>
        <CommandButton
          id="paint"
          className={styles.paint}
          icon={<Brush aria-hidden />}
          isPressed={isPainting}
        />
        <RecentSources />
        <IconButton look="quiet" label={t('source.readSettings')} onClick={() => void openSettings()}>
          <FileSliders aria-hidden />
        </IconButton>
        <Button look="quiet" onClick={() => void openPicture()} aria-keyshortcuts={openKeys.aria}>
          <FolderOpen aria-hidden />
          {t('source.open')}
        </Button>
      </header>
      <div className={styles.work}>
        {isPainting && source !== null ? <PaintTools /> : null}
        <div className={styles.stage} aria-busy={isImporting}>
          {source === null ? (
            <div className={styles.empty}>
              <ImagePlus aria-hidden strokeWidth={1.3} />
              <p className={styles.emptyTitle}>{t('source.emptyTitle')}</p>
              <p>{t('source.emptyText')}</p>
            </div>
          ) : (
            <InputPicture key={source.id} source={source} />
          )}
          {over !== null ? (
            <div className={styles.zones}>
              <DropArea zone="input" isOver={over === 'input'} />
              {source === null ? null : <DropArea zone="mask" isOver={over === 'mask'} />}
              <DropArea zone="settings" isOver={over === 'settings'} />
            </div>
          ) : isImporting ? (
            <p className={styles.veil} role="status">
              {t('source.importing')}
            </p>
          ) : null}
        </div>
      </div>
      <SourceFacts />
    </section>
  );
}

/** The picture as the encoder will get it, or, while it is drawn on, as large as it goes. */
function InputPicture({ source }: { source: Source }) {
  const isPainting = usePage((state) => state.isPainting);
  if (isPainting) return <PaintStage source={source} />;
  return (
    <SourcePicture source={source}>
      <PaintedLayers source={source} />
    </SourcePicture>
  );
}

/** One labelled zone, shown while a picture is dragged. */
function DropArea({ zone, isOver }: { zone: DropZone; isOver: boolean }) {
  const t = useT();
  const [title, text] = {
    input: [t('source.dropInput'), t('source.dropInputText')],
    mask: [t('source.dropMask'), t('source.dropMaskText')],
    settings: [t('source.dropSettings'), t('source.dropSettingsText')],
  }[zone];
  const Icon = { input: ImagePlus, mask: Blend, settings: FileSliders }[zone];
  return (
    <div className={cx(styles.dropArea, isOver && styles.target)} data-drop={zone}>
      <Icon aria-hidden />
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
