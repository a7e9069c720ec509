/** Beside the stages: the offline switch, and the way to endpoints and ledger. */
import { Network, WifiOff } from 'lucide-react';
import { useState } from 'react';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { cx } from '../../ui/cx';
import { later } from '../../ui/later';
import styles from './endpoints.module.css';

const EndpointsDialog = later(async () => (await import('./endpoints-dialog')).EndpointsDialog);

export function NetworkBar() {
  const t = useT();
  const isOffline = usePage((state) => state.network?.offline ?? false);
  const isKnown = usePage((state) => state.network !== null);
  const { switchOffline } = useActions();
  const [isOpen, setOpen] = useState(false);
  return (
    <div className={styles.bar}>
      <Button aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Network aria-hidden />
        {t('network.open')}
      </Button>
      <Button
        className={cx(isOffline && styles.offline)}
        aria-pressed={isOffline}
        aria-disabled={!isKnown}
        onClick={() => void (isKnown && switchOffline())}
      >
        <WifiOff aria-hidden />
        {t('network.offline')}
      </Button>
      {isOpen ? <EndpointsDialog onClose={() => setOpen(false)} /> : null}
    </div>
  );
}
