/** Styles: words around the prompt. One at a time, never written into what was typed; own ones can be made, changed and removed. */
import { Palette, Pencil, Plus, Trash2 } from 'lucide-react';
import { RadioGroup } from 'radix-ui';
import { useEffect, useState } from 'react';
import { applyStyle, BUILT_IN_STYLES, type Style } from '../../../shared/prompt-style';
import { useActions, usePage } from '../../app-context';
import { usePanel } from '../../use-panel';
import { useT, type Translate } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { IconButton } from '../../ui/icon-button';
import { Popover } from '../../ui/popover';
import { StyleForm } from './style-form';
import styles from './library.module.css';

/** Values of the list: names are never empty, and built-in ones have a mark that no name can have. */
const NONE = '';
const BUILT_IN = '\n';

/** What is being edited: a style's old name, or null for a new one. */
interface Editing {
  style: Style;
  replaces: string | null;
}

export function StylePicker() {
  const t = useT();
  const chosen = usePage((state) => state.draft.settings.style);
  const name = chosen?.name ?? t('style.none');
  return (
    <Popover
      label={t('style.title')}
      align="start"
      open={usePanel('styles')}
      trigger={
        <Button
          look="quiet"
          className={styles.chip}
          title={t('style.choose')}
          aria-label={`${t('style.title')}: ${name}`}
        >
          <Palette aria-hidden />
          <span className={styles.chipName}>{name}</span>
        </Button>
      }
    >
      <Panel />
    </Popover>
  );
}

function Panel() {
  const t = useT();
  const [editing, setEditing] = useState<Editing | null>(null);
  const { readPrompts } = useActions();
  useEffect(() => void readPrompts(), [readPrompts]);
  if (editing !== null) return <StyleForm {...editing} onDone={() => setEditing(null)} />;
  return (
    <>
      <StyleList onEdit={setEditing} />
      <Preview />
      <Button
        onClick={() =>
          setEditing({ style: { name: '', prompt: '{prompt}, ', negativePrompt: '' }, replaces: null })
        }
      >
        <Plus aria-hidden />
        {t('style.new')}
      </Button>
    </>
  );
}

function StyleList({ onEdit }: { onEdit: (editing: Editing) => void }) {
  const t = useT();
  const chosen = usePage((state) => state.draft.settings.style);
  const own = usePage((state) => state.prompts?.styles);
  const { chooseStyle, removeStyle } = useActions();
  const builtIn = builtInStyles(t);
  const all = [
    ...builtIn.map((style) => ({ value: BUILT_IN + style.name, style, isOwn: false })),
    ...(own ?? []).map((style) => ({ value: style.name, style, isOwn: true })),
  ];
  const value =
    chosen === null
      ? NONE
      : (all.find(({ style }) => style.name === chosen.name && style.prompt === chosen.prompt)?.value ?? '?');
  return (
    <RadioGroup.Root
      className={styles.list}
      aria-label={t('style.title')}
      value={value}
      onValueChange={(next) => chooseStyle(all.find((entry) => entry.value === next)?.style ?? null)}
    >
      <RadioGroup.Item value={NONE} className={styles.choice}>
        <span className={styles.name}>{t('style.none')}</span>
      </RadioGroup.Item>
      {all.map(({ value: name, style, isOwn }) => (
        <div key={name} className={styles.row}>
          <RadioGroup.Item value={name} className={styles.choice} aria-label={style.name}>
            <span className={styles.name}>{style.name}</span>
            <span className={styles.words}>{style.prompt}</span>
          </RadioGroup.Item>
          {isOwn ? (
            <>
              <IconButton
                look="quiet"
                label={t('style.edit', { name: style.name })}
                onClick={() => onEdit({ style, replaces: style.name })}
              >
                <Pencil aria-hidden />
              </IconButton>
              <IconButton
                look="quiet"
                label={t('style.remove', { name: style.name })}
                onClick={() => void removeStyle(style.name)}
              >
                <Trash2 aria-hidden />
              </IconButton>
            </>
          ) : null}
        </div>
      ))}
    </RadioGroup.Root>
  );
}

/** The prompt as it will be asked for. */
function Preview() {
  const t = useT();
  const settings = usePage((state) => state.draft.settings);
  if (settings.style === null) return null;
  return <p className={styles.preview}>{t('style.becomes', { prompt: applyStyle(settings).prompt })}</p>;
}

const builtInStyles = (t: Translate): Style[] =>
  BUILT_IN_STYLES.map(({ id, prompt, negativePrompt }) => ({
    name: t(`style.${id}`),
    prompt,
    negativePrompt,
  }));
