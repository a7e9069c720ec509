/** Endpoints of every stage, and the ledger of what was sent. */
import { Plus, RotateCcw } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ErrorBody } from '../../../shared/errors';
import type { Endpoint } from '../../../shared/network';
import { STAGES, type Stage } from '../../../shared/placement';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { Modal, ModalButtons } from '../../ui/modal';
import { Segmented } from '../../ui/segmented';
import { ErrorText } from '../messages/error-text';
import { EndpointForm } from './endpoint-form';
import { EndpointRow } from './endpoint-row';
import { Ledger } from './ledger';
import styles from './endpoints.module.css';

/** The endpoint that is being edited; null for a new one. */
interface Editing {
  stage: Stage;
  endpoint: Endpoint | null;
}

export function EndpointsDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const { readNetwork } = useActions();
  const [tab, setTab] = useState<'endpoints' | 'ledger'>('endpoints');
  const [editing, setEditing] = useState<Editing | null>(null);
  const [error, setError] = useState<ErrorBody | null>(null);
  useEffect(() => void readNetwork().then(setError), [readNetwork]);
  if (editing !== null) {
    return <EndpointForm key="form" {...editing} onDone={() => setEditing(null)} />;
  }
  return (
    <Modal key="list" title={t('network.title')} className={styles.dialog} onClose={onClose}>
      <Segmented
        label={t('network.tabs')}
        isLabelHidden
        value={tab}
        options={[
          { value: 'endpoints', label: t('network.tabEndpoints') },
          { value: 'ledger', label: t('network.tabLedger') },
        ]}
        onChange={setTab}
      />
      {error === null ? null : (
        <p role="alert" className={styles.error}>
          <ErrorText error={error} />
        </p>
      )}
      {tab === 'ledger' ? <Ledger /> : <Lists onEdit={setEditing} onError={setError} />}
      <ModalButtons>
        <Button onClick={onClose}>{t('network.close')}</Button>
      </ModalButtons>
    </Modal>
  );
}

interface ListsProps {
  onEdit: (editing: Editing) => void;
  onError: (error: ErrorBody | null) => void;
}

function Lists({ onEdit, onError }: ListsProps) {
  const t = useT();
  const network = usePage((state) => state.network);
  const { changeNetwork } = useActions();
  return (
    <>
      <p className={styles.hint}>{t(network?.offline === true ? 'network.offlineOn' : 'network.intro')}</p>
      {STAGES.map((stage) => {
        const name = t(`stage.${stage}`);
        const list = network?.stages[stage];
        return (
          <section key={stage} aria-label={name} className={styles.stage}>
            <h3 className={styles.stageName}>{name}</h3>
            {list === undefined || list.endpoints.length === 0 ? (
              <p className={styles.hint}>{t('network.none')}</p>
            ) : (
              <ul className={styles.list}>
                {list.endpoints.map((item) => (
                  <EndpointRow
                    key={item.endpoint.url}
                    stage={stage}
                    item={item}
                    onEdit={() => onEdit({ stage, endpoint: item.endpoint })}
                    onError={onError}
                  />
                ))}
              </ul>
            )}
            <div className={styles.line}>
              <Button
                aria-label={t('network.addTo', { stage: name })}
                onClick={() => onEdit({ stage, endpoint: null })}
              >
                <Plus aria-hidden />
                {t('network.add')}
              </Button>
              {list?.isOwnList === true ? (
                <Button
                  look="quiet"
                  aria-label={t('network.presetsOf', { stage: name })}
                  onClick={() => void changeNetwork({ kind: 'presets', stage }).then(onError)}
                >
                  <RotateCcw aria-hidden />
                  {t('network.presets')}
                </Button>
              ) : null}
            </div>
          </section>
        );
      })}
    </>
  );
}
