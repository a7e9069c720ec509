/** The seed: a new one for every picture, or one that is kept. */
import { Dices, Lock, LockOpen } from 'lucide-react';
import { LIMITS } from '../../../shared/generation';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { IconButton } from '../../ui/icon-button';
import { NumberField } from '../../ui/number-field';
import styles from './settings.module.css';

export function Seed() {
  const t = useT();
  const seed = usePage((state) => state.draft.settings.seed);
  const isLocked = usePage((state) => state.draft.isSeedLocked);
  const { setSeed, toggleSeedLock, rollSeed } = useActions();
  return (
    <div className={styles.seed}>
      <NumberField
        label={t('settings.seed')}
        value={isLocked ? seed : null}
        min={LIMITS.seed.min}
        max={LIMITS.seed.max}
        step={1}
        placeholder={t('settings.seedRandom')}
        onChange={setSeed}
        onClear={() => setSeed(null)}
      />
      <IconButton label={t('settings.lockSeed')} aria-pressed={isLocked} onClick={toggleSeedLock}>
        {isLocked ? <Lock aria-hidden /> : <LockOpen aria-hidden />}
      </IconButton>
      <IconButton label={t('settings.rollSeed')} onClick={rollSeed}>
        <Dices aria-hidden />
      </IconButton>
    </div>
  );
}
