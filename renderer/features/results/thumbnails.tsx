/** All results as choices, newest first, with the picture in work in front. */
import { LoaderCircle } from 'lucide-react';
import { RadioGroup } from 'radix-ui';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { toPercent } from '../../state/format';
import { chosenModel, effectiveSettings } from '../../state/draft';
import { activeRun } from '../../state/selectors';
import styles from './results.module.css';
import { dragOf } from './use-drag-out';

/** Value of the tile that follows the running job; result ids are never this. */
const LIVE = '(live)';

export function Thumbnails() {
  const t = useT();
  const results = usePage((state) => state.results);
  const selectedId = usePage((state) => state.selectedResultId);
  const models = usePage((state) => state.models);
  const run = usePage(activeRun);
  const { selectResult } = useActions();
  if (results.length === 0) return null;
  return (
    <RadioGroup.Root
      className={styles.thumbs}
      aria-label={t('results.list')}
      orientation="vertical"
      value={selectedId ?? (run === null ? '' : LIVE)}
      onValueChange={(value) => selectResult(value === LIVE ? null : value)}
    >
      {run === null ? null : (
        <RadioGroup.Item value={LIVE} className={styles.thumb} aria-label={t('results.live')}>
          {run.previewUrl === null ? null : <img src={run.previewUrl} alt="" />}
          <LoaderCircle aria-hidden className={styles.spinner} />
        </RadioGroup.Item>
      )}
      {results.map((result, index) => (
        <RadioGroup.Item
          key={result.id}
          value={result.id}
          className={styles.thumb}
          {...dragOf(result.id)}
          aria-label={t('results.thumb', {
            index: index + 1,
            total: results.length,
            seed: result.seed,
            percent: toPercent(
              effectiveSettings(result.settings, chosenModel(models, result.settings.model)).strength,
            ),
          })}
        >
          <img src={result.thumbnailUrl ?? result.url} alt="" loading="lazy" draggable={false} />
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
