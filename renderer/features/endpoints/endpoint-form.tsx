/** Adds an endpoint or changes one: address, what kind of server it is, what it serves, how data travels, its token. */
import { useState } from 'react';
import { FAMILIES } from '../../../shared/models';
import { isEndpointUrl, serverOf, type Endpoint } from '../../../shared/network';
import type { Stage } from '../../../shared/placement';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import fieldStyles from '../../ui/field.module.css';
import { Modal, ModalButtons } from '../../ui/modal';
import { Select } from '../../ui/select';
import styles from './endpoints.module.css';

/** The value that stands for "any model". */
const ANY = 'any';
const FAMILY_CHOICES = [ANY, ...FAMILIES] as const;
const DTYPES = ['float32', 'float16', 'bfloat16'] as const;

interface Props {
  stage: Stage;
  /** Null: a new one. */
  endpoint: Endpoint | null;
  onDone: () => void;
}

export function EndpointForm({ stage, endpoint, onDone }: Props) {
  const t = useT();
  const { changeNetwork, setToken } = useActions();
  const [draft, setDraft] = useState<Endpoint>(
    endpoint ?? { url: '', protocol: 'underpaint', families: [], dtype: 'float32', reply: 'tensor' },
  );
  const [token, typeToken] = useState('');
  const [error, setError] = useState<string | null>(null);
  const hasToken = usePage((state) => state.network?.tokens.includes(serverOf(draft.url)) ?? false);
  const canKeepTokens = usePage((state) => state.network?.canKeepTokens ?? false);
  const change = (patch: Partial<Endpoint>): void => setDraft((now) => ({ ...now, ...patch }));
  const save = async (): Promise<void> => {
    const url = draft.url.trim();
    if (!isEndpointUrl(url)) return setError(t('network.badAddress'));
    if (!/^[\x21-\x7e]*$/.test(token)) return setError(t('network.badToken'));
    const failed =
      (await changeNetwork({
        kind: 'put',
        stage,
        replaces: endpoint?.url ?? null,
        endpoint: { ...draft, url },
      })) ?? (token === '' ? null : await setToken(url, token));
    if (failed === null) onDone();
    else setError(failed.message);
  };
  const name = t(`stage.${stage}`);
  return (
    <Modal
      title={
        endpoint === null
          ? t('network.addTo', { stage: name })
          : t('network.editOf', { url: endpoint.url, stage: name })
      }
      onClose={onDone}
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={t('network.address')} className={styles.wide}>
          {(id) => (
            <input
              id={id}
              className={fieldStyles.control}
              autoComplete="off"
              placeholder={t('network.addressHint')}
              value={draft.url}
              onChange={({ target }) => change({ url: target.value })}
            />
          )}
        </Field>
        <Select
          label={t('network.protocol')}
          value={draft.protocol}
          options={[
            { value: 'underpaint', label: t('network.protocolOwn') },
            { value: 'hybrid', label: t('network.protocolHybrid') },
          ]}
          onChange={(protocol) => change({ protocol })}
        />
        <Select
          label={t('network.family')}
          value={draft.families[0] ?? ANY}
          options={FAMILY_CHOICES.map((value) => ({
            value,
            label: value === ANY ? t('network.anyFamily') : value,
          }))}
          onChange={(family) => change({ families: family === ANY ? [] : [family] })}
        />
        {stage === 'decode' ? (
          <>
            <Select
              label={t('network.dtype')}
              value={draft.dtype}
              options={DTYPES.map((value) => ({ value, label: value }))}
              onChange={(dtype) => change({ dtype })}
            />
            <Select
              label={t('network.reply')}
              value={draft.reply}
              options={[
                { value: 'tensor', label: t('network.replyTensor') },
                { value: 'png', label: 'PNG' },
                { value: 'jpg', label: 'JPEG' },
              ]}
              onChange={(reply) => change({ reply })}
            />
          </>
        ) : null}
        <Field label={t('network.token')} className={styles.wide}>
          {(id) => (
            <input
              id={id}
              className={fieldStyles.control}
              type="password"
              autoComplete="off"
              placeholder={hasToken ? t('network.tokenKept') : ''}
              value={token}
              onChange={({ target }) => typeToken(target.value)}
            />
          )}
        </Field>
        <p className={styles.hint}>{t(canKeepTokens ? 'network.tokenEncrypted' : 'network.tokenMemory')}</p>
        <p role="alert" className={styles.error}>
          {error}
        </p>
        <ModalButtons>
          {hasToken ? (
            <Button
              look="quiet"
              onClick={() =>
                void setToken(draft.url, null).then((failed) => setError(failed?.message ?? null))
              }
            >
              {t('network.tokenForget')}
            </Button>
          ) : null}
          <Button onClick={onDone}>{t('network.back')}</Button>
          <Button type="submit" look="primary">
            {t('network.save')}
          </Button>
        </ModalButtons>
      </form>
    </Modal>
  );
}
