/** All commands with their keys: found by words or by pressing keys, changed, given back. */
import { Keyboard, RotateCcw } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';
import { COMMAND_IDS, keysOfCommand, type CommandId } from '../../../shared/commands';
import { useActions, usePage } from '../../app-context';
import { findByWords } from '../../commands/find-commands';
import { keyWords } from '../../commands/key-words';
import { pressedKeys } from '../../commands/pressed-keys';
import { en } from '../../i18n/en';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import fieldStyles from '../../ui/field.module.css';
import { Modal, ModalButtons } from '../../ui/modal';
import { KeyRow } from './key-row';
import styles from './keys.module.css';

export function KeysDialog() {
  const t = useT();
  const { openDialog, changePreferences } = useActions();
  const chosen = usePage((state) => state.preferences.keys);
  const [words, setWords] = useState('');
  /** Keys to look for; `listening`: the next press says them. */
  const [wanted, setWanted] = useState<string | 'listening' | null>(null);
  const [changing, setChanging] = useState<CommandId | null>(null);
  const ids = useFound(words, wanted === 'listening' ? null : wanted);
  const close = (): void => openDialog(null);
  return (
    <Modal title={t('keys.title')} className={styles.dialog} onClose={close}>
      <div className={styles.search}>
        <Field label={t('keys.search')} className={styles.words}>
          {(id) => (
            <input
              id={id}
              type="search"
              className={fieldStyles.control}
              placeholder={t('keys.searchHint')}
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
          )}
        </Field>
        <KeysFilter wanted={wanted} onChange={setWanted} />
      </div>
      <ul className={styles.list} aria-label={t('keys.list')}>
        {ids.map((id) => (
          <KeyRow
            key={id}
            id={id}
            isChanging={changing === id}
            onChanging={(isChanging) => setChanging(isChanging ? id : null)}
          />
        ))}
      </ul>
      <p role="status" className={styles.note}>
        {ids.length === 0 ? t('keys.nothing') : ''}
      </p>
      <ModalButtons>
        <Button
          aria-disabled={Object.keys(chosen).length === 0}
          onClick={() => void changePreferences({ keys: {} })}
        >
          <RotateCcw aria-hidden />
          {t('keys.resetAll')}
        </Button>
        <Button onClick={close}>{t('keys.close')}</Button>
      </ModalButtons>
    </Modal>
  );
}

interface FilterProps {
  wanted: string | null;
  onChange: (wanted: string | null) => void;
}

/** Looks for the command of a combination: press the button, then the keys. */
function KeysFilter({ wanted, onChange }: FilterProps) {
  const t = useT();
  const isMac = usePage((state) => state.platform === 'darwin');
  const onKeyDown = (event: KeyboardEvent): void => {
    if (wanted !== 'listening' || event.key === 'Tab') return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') return onChange(null);
    const keys = pressedKeys(event.nativeEvent, isMac);
    if (keys !== null) onChange(keys);
  };
  const label =
    wanted === null
      ? t('keys.byKeys')
      : wanted === 'listening'
        ? t('keys.press')
        : t('keys.with', { keys: keyWords(wanted, isMac, t) });
  return (
    <Button
      aria-pressed={wanted !== null}
      data-takes-keys={wanted === 'listening' || undefined}
      onClick={() => onChange(wanted === null ? 'listening' : null)}
      onKeyDown={onKeyDown}
      onBlur={() => {
        if (wanted === 'listening') onChange(null);
      }}
    >
      <Keyboard aria-hidden />
      {label}
    </Button>
  );
}

/** The commands that words and keys find. */
function useFound(words: string, keys: string | null): CommandId[] {
  const t = useT();
  const chosen = usePage((state) => state.preferences.keys);
  const entries = COMMAND_IDS.map((id) => ({
    id,
    label: t(`command.${id}`),
    alias: en.command[id],
  }));
  return findByWords(entries, words)
    .map(({ id }) => id)
    .filter((id) => keys === null || keysOfCommand(id, chosen).includes(keys));
}
