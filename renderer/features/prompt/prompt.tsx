/** What the picture should become, what it should not, and how long the prompt is. */
import type { KeyboardEvent } from 'react';
import { LIMITS } from '../../../shared/generation';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { changeWeight } from '../../state/prompt-weights';
import { cx } from '../../ui/cx';
import { Field } from '../../ui/field';
import { VisuallyHidden } from '../../ui/visually-hidden';
import { PromptHistory } from './prompt-history';
import styles from './prompt.module.css';
import { StylePicker } from './style-picker';

export function Prompt() {
  const t = useT();
  const prompt = usePage((state) => state.draft.settings.prompt);
  const negativePrompt = usePage((state) => state.draft.settings.negativePrompt);
  const { changeSettings } = useActions();
  return (
    <div className={styles.prompts}>
      <Field label={t('prompt.label')} aside={<PromptTools />} className={styles.grow}>
        {(id) => (
          <>
            <textarea
              id={id}
              className={styles.text}
              value={prompt}
              maxLength={LIMITS.promptLength}
              placeholder={t('prompt.placeholder')}
              aria-describedby={`${id}-hint`}
              spellCheck={false}
              onChange={(event) => changeSettings({ prompt: event.target.value })}
              onKeyDown={changeWeightByKey}
            />
            <span id={`${id}-hint`} hidden>
              {t('prompt.hint')}
            </span>
          </>
        )}
      </Field>
      <Field label={t('prompt.negativeLabel')} className={styles.negative}>
        {(id) => (
          <textarea
            id={id}
            className={styles.text}
            value={negativePrompt}
            maxLength={LIMITS.promptLength}
            placeholder={t('prompt.negativePlaceholder')}
            spellCheck={false}
            onChange={(event) => changeSettings({ negativePrompt: event.target.value })}
            onKeyDown={changeWeightByKey}
          />
        )}
      </Field>
    </div>
  );
}

function PromptTools() {
  return (
    <span className={styles.tools}>
      <TokenCount />
      <StylePicker />
      <PromptHistory />
    </span>
  );
}

function TokenCount() {
  const t = useT();
  const tokenCount = usePage((state) => state.tokenCount);
  if (tokenCount === null) return null;
  const { tokens, limit } = tokenCount;
  const isOver = tokens > limit;
  return (
    <span className={cx(styles.tokens, isOver && styles.over)}>
      <span aria-hidden>
        {tokens} / {limit}
      </span>
      <VisuallyHidden>
        {isOver
          ? t('prompt.tokensOver', { count: tokens, limit })
          : t('prompt.tokens', { count: tokens, limit })}
      </VisuallyHidden>
    </span>
  );
}

/** Ctrl/Cmd + arrow up or down: one step of weight. */
function changeWeightByKey(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (!(event.ctrlKey || event.metaKey) || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
  event.preventDefault();
  const area = event.currentTarget;
  const before = { text: area.value, start: area.selectionStart, end: area.selectionEnd };
  const after = changeWeight(before, event.key === 'ArrowUp' ? 1 : -1);
  if (after.text === before.text) return;
  replaceText(area, before.text, after.text);
  area.setSelectionRange(after.start, after.end);
}

/** Replaces the part that differs through the editing command, which keeps undo working and tells React. */
function replaceText(area: HTMLTextAreaElement, from: string, to: string): void {
  let head = 0;
  while (head < from.length && head < to.length && from[head] === to[head]) head += 1;
  let tail = 0;
  while (
    tail < from.length - head &&
    tail < to.length - head &&
    from[from.length - 1 - tail] === to[to.length - 1 - tail]
  ) {
    tail += 1;
  }
  area.setSelectionRange(head, from.length - tail);
  const text = to.slice(head, to.length - tail);
  document.execCommand(text === '' ? 'delete' : 'insertText', false, text);
}
