/** Everything that was ever sent, newest first, and its export. */
import { useEffect, useState } from 'react';
import type { LedgerEntry } from '../../../shared/network';
import type { LedgerView } from '../../../shared/network-view';
import { useActions } from '../../app-context';
import { useT, type Translate } from '../../i18n/use-t';
import { formatNumber, formatDate, formatMs } from '../../state/format';
import { Button } from '../../ui/button';
import styles from './endpoints.module.css';

export function Ledger() {
  const t = useT();
  const { readLedger, saveLedger } = useActions();
  const [ledger, setLedger] = useState<LedgerView | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    void readLedger().then((answer) => {
      if (answer.ok) setLedger(answer.value);
      else setSaid(answer.error.message);
    });
  }, [readLedger]);
  const save = async (): Promise<void> => {
    const answer = await saveLedger();
    if (!answer.ok) setSaid(answer.error.message);
    else if (answer.value !== null) setSaid(t('ledger.exported', { path: answer.value.path }));
  };
  return (
    <section aria-label={t('ledger.title')} className={styles.stage}>
      {ledger === null ? null : (
        <p className={styles.hint}>
          {ledger.count === 0
            ? t('ledger.empty')
            : t('ledger.total', {
                count: formatNumber(ledger.count),
                sent: formatNumber(ledger.bytesSent),
                received: formatNumber(ledger.bytesReceived),
              })}
          {ledger.entries.length < ledger.count
            ? ` ${t('ledger.newest', { shown: ledger.entries.length })}`
            : ''}
        </p>
      )}
      <div className={styles.line}>
        <p role="status" className={styles.hint}>
          {said}
        </p>
        <span className={styles.space} />
        <Button onClick={() => void save()}>{t('ledger.export')}</Button>
      </div>
      {ledger === null || ledger.count === 0 ? null : (
        <div className={styles.tableBox}>
          <table className={styles.table}>
            <thead>
              <tr>
                {COLUMNS.map((column) => (
                  <th key={column} scope="col">
                    {t(`ledger.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ledger.entries.map((entry) => (
                <LedgerRow key={entry.id} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const COLUMNS = ['time', 'stage', 'kinds', 'sent', 'received', 'duration', 'outcome', 'endpoint'] as const;

function LedgerRow({ entry }: { entry: LedgerEntry }) {
  const t = useT();
  return (
    <tr>
      <td>{formatDate(new Date(entry.time).getTime(), 'second')}</td>
      <td>{entry.stage === 'test' ? t('ledger.test') : t(`stage.${entry.stage}`)}</td>
      <td>{kindWords(entry, t)}</td>
      <td className={styles.number}>{formatNumber(entry.bytesSent)}</td>
      <td className={styles.number}>{formatNumber(entry.bytesReceived)}</td>
      <td className={styles.number}>{formatMs(entry.ms)}</td>
      <td>{entry.outcome}</td>
      <td>{entry.endpoint}</td>
    </tr>
  );
}

const kindWords = ({ kinds }: LedgerEntry, t: Translate): string =>
  kinds.length === 0 ? t('ledger.nothing') : kinds.map((kind) => t(`network.${kind}`)).join(', ');
