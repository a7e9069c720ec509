/** One command of the list: its keys, and how to change them. */
import { RotateCcw } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { keysOfCommand, type CommandId } from '../../../shared/commands';
import { useActions, usePage } from '../../app-context';
import { giveKeys, holdersOf, refusalOf, resetKeys } from '../../commands/choose-keys';
import { Keys, keyWords } from '../../commands/key-words';
import { pressedKeys } from '../../commands/pressed-keys';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { IconButton } from '../../ui/icon-button';
import styles from './keys.module.css';

interface Props {
  id: CommandId;
  isChanging: boolean;
  onChanging: (isChanging: boolean) => void;
}

export function KeyRow({ id, isChanging, onChanging }: Props) {
  const t = useT();
  const { changePreferences } = useActions();
  const chosen = usePage((state) => state.preferences.keys);
  const changeButton = useRef<HTMLButtonElement>(null);
  const name = t(`command.${id}`);
  const keys = keysOfCommand(id, chosen);
  const done = (): void => {
    onChanging(false);
    changeButton.current?.focus();
  };
  return (
    <li className={styles.row}>
      <span className={styles.name}>{name}</span>
      <span className={styles.combinations}>
        {keys.length === 0 ? (
          <span className={styles.note}>{t('keys.none')}</span>
        ) : (
          keys.map((one) => <Keys key={one} keys={one} />)
        )}
      </span>
      <Button
        ref={changeButton}
        aria-label={t('keys.changeOf', { name })}
        aria-expanded={isChanging}
        onClick={() => onChanging(!isChanging)}
      >
        {t('keys.change')}
      </Button>
      <IconButton
        look="quiet"
        label={t('keys.resetOf', { name })}
        aria-disabled={chosen[id] === undefined}
        onClick={() => void changePreferences({ keys: mutable(resetKeys(id, chosen)) })}
      >
        <RotateCcw aria-hidden />
      </IconButton>
      {isChanging ? <KeyInput id={id} onDone={done} /> : null}
    </li>
  );
}

/** Waits for a combination and says what stands against it. */
function KeyInput({ id, onDone }: { id: CommandId; onDone: () => void }) {
  const t = useT();
  const { changePreferences } = useActions();
  const chosen = usePage((state) => state.preferences.keys);
  const isMac = usePage((state) => state.platform === 'darwin');
  const [pressed, setPressed] = useState<string | null>(null);
  const field = useRef<HTMLButtonElement>(null);
  useEffect(() => field.current?.focus(), []);
  const name = t(`command.${id}`);
  const words = pressed === null ? '' : keyWords(pressed, isMac, t);
  const refusal = pressed === null ? null : refusalOf(pressed);
  const [holder] = pressed === null ? [] : holdersOf(pressed, id, chosen);
  const give = (keys: readonly string[]): void => {
    void changePreferences({ keys: mutable(giveKeys(id, keys, chosen)) });
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Tab') return; // the way on to the buttons
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') return onDone();
    const keys = pressedKeys(event.nativeEvent, isMac);
    if (keys === null) return;
    setPressed(keys);
    if (refusalOf(keys) === null && holdersOf(keys, id, chosen).length === 0) give([keys]);
  };
  return (
    <div className={styles.input}>
      <button ref={field} type="button" className={styles.press} data-takes-keys onKeyDown={onKeyDown}>
        {pressed === null ? t('keys.pressFor', { name }) : words}
      </button>
      <p role="status" className={styles.said}>
        {refusal !== null
          ? t(`keys.refused-${refusal}`, { keys: words })
          : holder !== undefined
            ? t('keys.taken', { keys: words, holder: t(`command.${holder}`) })
            : ''}
      </p>
      {pressed !== null && holder !== undefined && refusal === null ? (
        <Button onClick={() => give([pressed])}>{t('keys.takeAway')}</Button>
      ) : null}
      <Button onClick={() => give([])}>{t('keys.giveNone')}</Button>
      <Button look="quiet" onClick={onDone}>
        {t('keys.leave')}
      </Button>
    </div>
  );
}

/** What is sent over the bridge is a plain copy. */
const mutable = (keys: ReturnType<typeof giveKeys>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(keys).map(([id, list]) => [id, [...list]]));
