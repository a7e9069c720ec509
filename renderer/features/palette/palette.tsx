/** The command palette: everything that the app can do, found by words, done by Enter. */
import { useId, useState, type KeyboardEvent } from 'react';
import { COMMAND_IDS, keysOfCommand } from '../../../shared/commands';
import { THEMES } from '../../../shared/look';
import { useApp, usePage } from '../../app-context';
import { findByWords, type Findable } from '../../commands/find-commands';
import { Keys } from '../../commands/key-words';
import { isCommandEnabled, runCommand } from '../../commands/run-command';
import { en } from '../../i18n/en';
import { LANGUAGE_CODES, nameOfLanguage } from '../../i18n/language-codes';
import { useT } from '../../i18n/use-t';
import { cx } from '../../ui/cx';
import { Modal } from '../../ui/modal';
import styles from './palette.module.css';

interface Entry extends Findable {
  id: string;
  keys: string | undefined;
  isEnabled: boolean;
  run: () => void;
}

export function Palette() {
  const t = useT();
  const [words, setWords] = useState('');
  const [active, setActive] = useState(0);
  const { actions } = useApp();
  const listId = useId();
  const found = findByWords(useEntries(), words);
  // What can be done now comes first.
  const entries = [...found.filter((one) => one.isEnabled), ...found.filter((one) => !one.isEnabled)];
  const chosen = entries[active];
  const choose = (entry: Entry | undefined): void => {
    if (entry?.isEnabled !== true) return;
    actions.openDialog(null);
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = entries.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: active >= last ? 0 : active + 1,
      ArrowUp: active <= 0 ? last : active - 1,
      PageDown: Math.min(active + 8, last),
      PageUp: Math.max(active - 8, 0),
    };
    const next = moves[event.key];
    if (next === undefined && event.key !== 'Enter') return;
    event.preventDefault();
    if (event.key === 'Enter') choose(chosen);
    else setActive(Math.max(0, next ?? 0));
  };
  return (
    <Modal title={t('palette.title')} className={styles.palette} onClose={() => actions.openDialog(null)}>
      <input
        className={styles.search}
        type="text"
        role="combobox"
        aria-label={t('palette.search')}
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={chosen === undefined ? undefined : `${listId}-${chosen.id}`}
        aria-autocomplete="list"
        placeholder={t('palette.search')}
        value={words}
        onChange={(event) => {
          setWords(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={listId} role="listbox" aria-label={t('palette.title')} className={styles.list}>
        {entries.map((entry, index) => (
          <Row
            key={entry.id}
            id={`${listId}-${entry.id}`}
            entry={entry}
            isActive={index === active}
            onChoose={() => choose(entry)}
          />
        ))}
      </div>
      <p className={styles.none} role="status">
        {entries.length === 0 ? t('palette.nothing') : ''}
      </p>
    </Modal>
  );
}

interface RowProps {
  id: string;
  entry: Entry;
  isActive: boolean;
  onChoose: () => void;
}

function Row({ id, entry, isActive, onChoose }: RowProps) {
  return (
    // The keyboard chooses in the field above.
    <button
      type="button"
      id={id}
      ref={(row) => {
        if (isActive) row?.scrollIntoView({ block: 'nearest' });
      }}
      role="option"
      tabIndex={-1}
      aria-selected={isActive}
      aria-disabled={!entry.isEnabled}
      className={cx(styles.row, isActive && styles.active)}
      onPointerDown={(event) => event.preventDefault()}
      onClick={onChoose}
    >
      <span>{entry.label}</span>
      {entry.keys === undefined ? null : <Keys keys={entry.keys} />}
    </button>
  );
}

/** Every command, then what menus choose among. */
function useEntries(): Entry[] {
  const t = useT();
  const app = useApp();
  const state = usePage((now) => now);
  const { changePreferences } = app.actions;
  const commands = COMMAND_IDS.filter((id) => id !== 'palette').map((id): Entry => ({
    id,
    label: t(`command.${id}`),
    alias: en.command[id],
    keys: keysOfCommand(id, state.preferences.keys)[0],
    isEnabled: isCommandEnabled(id, state),
    run: () => runCommand(id, app),
  }));
  const themes = THEMES.map((theme): Entry => ({
    id: `theme-${theme}`,
    label: `${t('preferences.theme')}: ${t(`preferences.theme-${theme}`)}`,
    alias: `${en.preferences.theme} ${en.preferences[`theme-${theme}`]}`,
    keys: undefined,
    isEnabled: true,
    run: () => void changePreferences({ theme }),
  }));
  const languages = LANGUAGE_CODES.map((language): Entry => ({
    id: `language-${language}`,
    label: `${t('preferences.language')}: ${nameOfLanguage(language)}`,
    alias: en.preferences.language,
    keys: undefined,
    isEnabled: true,
    run: () => void changePreferences({ language }),
  }));
  return [...commands, ...themes, ...languages];
}
