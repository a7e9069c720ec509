/** Prompts that were painted: searched by words, taken again, forgotten; all by arrows, Enter and Delete. */
import { History, X } from 'lucide-react';
import { useEffect, useState, type KeyboardEvent } from 'react';
import { searchHistory, type HistoryEntry } from '../../../shared/prompt-library';
import { useActions, usePage } from '../../app-context';
import { usePanel } from '../../use-panel';
import { useT } from '../../i18n/use-t';
import { formatDate } from '../../state/format';
import { Button } from '../../ui/button';
import { IconButton } from '../../ui/icon-button';
import { Field } from '../../ui/field';
import fieldStyles from '../../ui/field.module.css';
import { Popover, PopoverClose } from '../../ui/popover';
import styles from './library.module.css';

/** So many are listed at once; a search finds the others. */
const MAX_SHOWN = 60;

export function PromptHistory() {
  const t = useT();
  return (
    <Popover
      label={t('history.title')}
      align="start"
      open={usePanel('history')}
      trigger={
        <Button look="quiet" aria-label={t('history.open')} title={t('history.open')}>
          <History aria-hidden />
        </Button>
      }
    >
      <Panel />
    </Popover>
  );
}

function Panel() {
  const t = useT();
  const history = usePage((state) => state.prompts?.history);
  const { forgetPrompt, readPrompts } = useActions();
  useEffect(() => void readPrompts(), [readPrompts]);
  const [text, setText] = useState('');
  const found = searchHistory(history ?? [], text);
  return (
    <div className={styles.form}>
      <Field label={t('history.search')}>
        {(id) => (
          <input
            id={id}
            type="search"
            className={fieldStyles.control}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={walk}
          />
        )}
      </Field>
      {found.length === 0 ? (
        <p className={styles.empty}>{t(history?.length ? 'history.nothing' : 'history.empty')}</p>
      ) : (
        <ul className={styles.list} aria-label={t('history.title')}>
          {found.slice(0, MAX_SHOWN).map((entry) => (
            <Entry key={`${entry.prompt}\n${entry.negativePrompt}`} entry={entry} />
          ))}
        </ul>
      )}
      {found.length > MAX_SHOWN ? (
        <p className={styles.empty}>{t('history.more', { count: found.length - MAX_SHOWN })}</p>
      ) : null}
      {history === undefined || history.length === 0 ? null : (
        <Button look="quiet" onClick={() => void forgetPrompt(null)}>
          {t('history.forgetAll')}
        </Button>
      )}
    </div>
  );
}

function Entry({ entry }: { entry: HistoryEntry }) {
  const t = useT();
  const { takePrompt, forgetPrompt } = useActions();
  return (
    <li className={styles.row}>
      <PopoverClose>
        <button
          type="button"
          className={styles.choice}
          data-entry
          onClick={() => void takePrompt(entry)}
          onKeyDown={(event) => {
            walk(event);
            if (event.key !== 'Delete') return;
            event.preventDefault();
            // The neighbour gets the focus before this one goes.
            step(event.currentTarget, 1);
            void forgetPrompt(entry);
          }}
        >
          <span className={styles.name}>{entry.prompt}</span>
          {entry.negativePrompt === '' ? null : (
            <span className={styles.words}>{t('gallery.without', { words: entry.negativePrompt })}</span>
          )}
          <span className={styles.words}>{formatDate(entry.usedAt)}</span>
        </button>
      </PopoverClose>
      <IconButton
        look="quiet"
        label={t('history.forget', { prompt: entry.prompt.slice(0, 60) })}
        onClick={() => void forgetPrompt(entry)}
      >
        <X aria-hidden />
      </IconButton>
    </li>
  );
}

/** Arrows go from the search to the entries and between them. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  event.preventDefault();
  step(event.currentTarget, event.key === 'ArrowDown' ? 1 : -1);
}

/** To the next or the one before; around the entries lies the search. */
function step(from: HTMLElement, by: 1 | -1): void {
  const panel = from.closest(`.${styles.form}`);
  const stops = [...(panel?.querySelectorAll<HTMLElement>('input, [data-entry]') ?? [])];
  stops.at((stops.indexOf(from) + by) % stops.length)?.focus();
}
