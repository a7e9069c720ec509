/** One style being made or changed. */
import { useState } from 'react';
import { isStyle, MAX_STYLE_NAME_LENGTH, PROMPT_PLACE, type Style } from '../../../shared/prompt-style';
import { useActions } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import fieldStyles from '../../ui/field.module.css';
import styles from './library.module.css';

interface Props {
  style: Style;
  /** Name of the style that is changed; null: a new one. */
  replaces: string | null;
  onDone: () => void;
}

export function StyleForm({ style, replaces, onDone }: Props) {
  const t = useT();
  const { saveStyle } = useActions();
  const [draft, setDraft] = useState(style);
  const [problem, setProblem] = useState<string | null>(null);
  const change = (patch: Partial<Style>): void => setDraft((now) => ({ ...now, ...patch }));
  const save = async (): Promise<void> => {
    if (!isStyle(draft) || `${draft.prompt}${draft.negativePrompt}`.trim() === '') {
      return setProblem(t('style.incomplete'));
    }
    const failure = await saveStyle(draft, replaces);
    if (failure === null) onDone();
    else setProblem(failure.message);
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Field label={t('style.name')}>
        {(id) => (
          <input
            id={id}
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the form replaces the list that had the focus
            autoFocus
            className={fieldStyles.control}
            value={draft.name}
            maxLength={MAX_STYLE_NAME_LENGTH}
            onChange={(event) => change({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label={t('style.words', { place: PROMPT_PLACE })}>
        {(id) => (
          <textarea
            id={id}
            className={styles.text}
            value={draft.prompt}
            spellCheck={false}
            onChange={(event) => change({ prompt: event.target.value })}
          />
        )}
      </Field>
      <Field label={t('style.negative')}>
        {(id) => (
          <input
            id={id}
            className={fieldStyles.control}
            value={draft.negativePrompt}
            spellCheck={false}
            onChange={(event) => change({ negativePrompt: event.target.value })}
          />
        )}
      </Field>
      {problem === null ? null : (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <div className={styles.buttons}>
        <Button onClick={onDone}>{t('style.back')}</Button>
        <Button look="primary" type="submit">
          {t('style.save')}
        </Button>
      </div>
    </form>
  );
}
