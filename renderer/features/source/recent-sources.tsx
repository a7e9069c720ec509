/** Pictures that were brought in lately: taken again by a press, left out of the list by their cross. */
import { Clock, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { RecentSource } from '../../../shared/contract';
import { useActions } from '../../app-context';
import { usePanel } from '../../use-panel';
import { useT } from '../../i18n/use-t';
import { formatSize } from '../../state/format';
import { Button } from '../../ui/button';
import { IconButton } from '../../ui/icon-button';
import { Popover, PopoverClose } from '../../ui/popover';
import styles from './recent-sources.module.css';

export function RecentSources() {
  const t = useT();
  return (
    <Popover
      label={t('source.recent')}
      align="start"
      side="bottom"
      open={usePanel('recent')}
      trigger={
        <Button look="quiet" aria-label={t('source.recent')} title={t('source.recent')}>
          <Clock aria-hidden />
        </Button>
      }
    >
      <Panel />
    </Popover>
  );
}

function Panel() {
  const t = useT();
  const { recentSources, takeRecentSource, forgetRecentSource } = useActions();
  const [recent, setRecent] = useState<readonly RecentSource[] | null>(null);
  useEffect(() => void recentSources().then(setRecent), [recentSources]);
  if (recent === null) return <p className={styles.empty}>{t('gallery.loading')}</p>;
  if (recent.length === 0) return <p className={styles.empty}>{t('source.recentEmpty')}</p>;
  return (
    <ul className={styles.list} aria-label={t('source.recent')}>
      {recent.map((source) => (
        <li key={source.id} className={styles.entry}>
          <PopoverClose>
            <button
              type="button"
              className={styles.picture}
              title={source.name}
              aria-label={t('source.useRecent', {
                name: source.name,
                size: formatSize(source.width, source.height),
              })}
              onClick={() => void takeRecentSource(source.id)}
            >
              <img src={source.thumbnailUrl} alt="" loading="lazy" draggable={false} />
            </button>
          </PopoverClose>
          <IconButton
            look="quiet"
            className={styles.remove}
            label={t('source.forgetRecent', { name: source.name })}
            onClick={() => void forgetRecentSource(source.id).then(setRecent)}
          >
            <X aria-hidden />
          </IconButton>
        </li>
      ))}
    </ul>
  );
}
