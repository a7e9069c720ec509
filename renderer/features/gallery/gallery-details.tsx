/** The chosen picture of the gallery: large, with what it was made with and what can be done with it. */
import { FolderSearch, ListRestart, Maximize2, Star, Trash2 } from 'lucide-react';
import type { ResultView } from '../../../shared/contract';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { chosenModel, effectiveSettings } from '../../state/draft';
import { formatDate, formatSize, toPercent } from '../../state/format';
import { Button } from '../../ui/button';
import { IconButton } from '../../ui/icon-button';
import { dragOf } from '../results/use-drag-out';
import styles from './gallery.module.css';

interface Props {
  result: ResultView;
  onOpen: (result: ResultView) => void;
  onStar: (result: ResultView) => void;
  onDelete: (result: ResultView) => void;
}

export function GalleryDetails({ result, onOpen, onStar, onDelete }: Props) {
  const t = useT();
  const models = usePage((state) => state.models);
  const { revealResult, reuseSettings } = useActions();
  const model = chosenModel(models, result.settings.model);
  const { strength, steps, guidance } = effectiveSettings(result.settings, model);
  const facts: [string, string][] = [
    [t('gallery.date'), formatDate(result.createdAt)],
    [t('settings.model'), modelName(result.settings.model, model?.name) ?? t('settings.starter')],
    [t('strength.label'), `${toPercent(strength)} %`],
    [t('settings.steps'), String(steps)],
    [t('settings.guidance'), String(guidance)],
    [t('settings.seed'), String(result.seed)],
    ...(result.settings.style === null
      ? []
      : [[t('style.title'), result.settings.style.name] satisfies [string, string]]),
    [t('settings.size'), `${formatSize(result.width, result.height)} px`],
  ];
  return (
    <aside className={styles.details} aria-label={t('gallery.details')}>
      <img
        {...dragOf(result.id)}
        className={styles.large}
        src={result.url}
        alt={t('results.altResult', { seed: result.seed })}
      />
      <div className={styles.actions}>
        <Button look="primary" onClick={() => onOpen(result)}>
          <Maximize2 aria-hidden />
          {t('gallery.open')}
        </Button>
        <IconButton
          label={t(result.isStarred ? 'results.unstar' : 'results.star')}
          aria-pressed={result.isStarred}
          onClick={() => onStar(result)}
        >
          <Star aria-hidden className={result.isStarred ? styles.starred : undefined} />
        </IconButton>
        <IconButton label={t('results.reuse')} onClick={() => reuseSettings(result)}>
          <ListRestart aria-hidden />
        </IconButton>
        <IconButton label={t('results.reveal')} onClick={() => void revealResult(result)}>
          <FolderSearch aria-hidden />
        </IconButton>
        <IconButton label={t('results.delete')} onClick={() => onDelete(result)}>
          <Trash2 aria-hidden />
        </IconButton>
      </div>
      <p className={styles.words}>{result.settings.prompt}</p>
      {result.settings.negativePrompt === '' ? null : (
        <p className={styles.unwanted}>{t('gallery.without', { words: result.settings.negativePrompt })}</p>
      )}
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

/** A model that is not open any more is named after its folder; null for the bundled one. */
export function modelName(id: string | null, name: string | undefined): string | null {
  if (id === null) return null;
  return name ?? id.split(/[\\/]/u).findLast((part) => part !== '') ?? id;
}
