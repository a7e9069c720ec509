/** One endpoint of a stage: its address, how it is, what it may get, and the buttons to test, edit and remove it. */
import { useState } from 'react';
import type { ErrorBody } from '../../../shared/errors';
import { KINDS_OF_STAGE, normalAddress, serverOf } from '../../../shared/network';
import type { EndpointItem, EndpointTest } from '../../../shared/network-view';
import type { Stage } from '../../../shared/placement';
import type { Result } from '../../../shared/result';
import { useActions, usePage } from '../../app-context';
import { useT, type Translate } from '../../i18n/use-t';
import { formatMs } from '../../state/format';
import { Button } from '../../ui/button';
import { cx } from '../../ui/cx';
import styles from './endpoints.module.css';

interface Props {
  stage: Stage;
  item: EndpointItem;
  onEdit: () => void;
  onError: (error: ErrorBody | null) => void;
}

export function EndpointRow({ stage, item, onEdit, onError }: Props) {
  const t = useT();
  const { url, families } = item.endpoint;
  const hasToken = usePage((state) => state.network?.tokens.includes(serverOf(url)) ?? false);
  const { changeNetwork, testEndpoint } = useActions();
  const [test, setTest] = useState<Result<EndpointTest> | 'asking' | null>(null);
  const address = normalAddress(url);
  const names = { url: address, stage: t(`stage.${stage}`) };
  const run = async (): Promise<void> => {
    setTest('asking');
    setTest(await testEndpoint(url));
  };
  return (
    <li className={styles.row}>
      <p className={styles.address}>{address}</p>
      <p className={styles.hint}>
        {[
          families.length === 0 ? t('network.anyFamily') : families.join(', '),
          healthWords(item.last, t),
          ...(hasToken ? [t('network.hasToken')] : []),
        ].join(' · ')}
      </p>
      <div className={styles.line}>
        <span className={styles.hint}>{t('network.mayGet')}</span>
        {KINDS_OF_STAGE[stage].map((kind) => (
          <label key={kind} className={styles.permission}>
            <input
              type="checkbox"
              aria-label={t('network.allowLabel', { ...names, kind: t(`network.${kind}`) })}
              checked={item.allowed.includes(kind)}
              onChange={({ target }) =>
                void changeNetwork({ kind: 'allow', url, data: [kind], isAllowed: target.checked }).then(
                  onError,
                )
              }
            />
            {t(`network.${kind}`)}
          </label>
        ))}
        <span className={styles.space} />
        <Button aria-label={t('network.testOf', names)} onClick={() => void run()}>
          {t('network.test')}
        </Button>
        <Button look="quiet" aria-label={t('network.editOf', names)} onClick={onEdit}>
          {t('network.edit')}
        </Button>
        <Button
          look="quiet"
          aria-label={t('network.removeOf', names)}
          onClick={() => void changeNetwork({ kind: 'remove', stage, url }).then(onError)}
        >
          {t('network.remove')}
        </Button>
      </div>
      <p
        role="status"
        className={cx(styles.result, test !== null && test !== 'asking' && !test.ok && styles.error)}
      >
        {testWords(test, t)}
      </p>
    </li>
  );
}

function healthWords(last: EndpointItem['last'], t: Translate): string {
  if (last === null) return t('network.neverAsked');
  if (!last.isWell) return t('network.unwell');
  return last.ms === null ? t('network.well') : t('network.wellIn', { time: formatMs(last.ms) });
}

function testWords(test: Result<EndpointTest> | 'asking' | null, t: Translate): string {
  if (test === null) return '';
  if (test === 'asking') return t('network.testing');
  if (!test.ok) return test.error.message;
  const { ms, model } = test.value;
  const time = formatMs(ms);
  return model === null
    ? t('network.answered', { time })
    : t('network.answeredModel', { time, model: model.name, family: model.family });
}
