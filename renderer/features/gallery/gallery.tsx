/** Every result with its settings, over the whole window: search by words, date, model and star; choose, open, delete. */
import { Search, Star, X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useEffect, useRef, useState, type RefObject } from 'react';
import type { ResultView } from '../../../shared/contract';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import fieldStyles from '../../ui/field.module.css';
import { IconButton } from '../../ui/icon-button';
import { Select } from '../../ui/select';
import { GalleryDetails, modelName } from './gallery-details';
import { GalleryGrid } from './gallery-grid';
import styles from './gallery.module.css';
import { useGallery, type GalleryFilter } from './use-gallery';

/** Typing rests this long before a search begins. */
const SEARCH_DELAY_MS = 120;
/** Values of the model list; ids and paths are never like these. */
const [ANY_MODEL, STARTER] = ['(any)', '(starter)'];
const EVERYTHING: GalleryFilter = { text: '', from: null, to: null, model: null, isStarred: false };

export function Gallery() {
  const t = useT();
  const { setGalleryOpen } = useActions();
  const searchField = useRef<HTMLInputElement>(null);
  const cameFrom = useRef<Element | null>(null);
  return (
    <Dialog.Root open onOpenChange={setGalleryOpen}>
      <Dialog.Portal>
        <Dialog.Content
          className={styles.gallery}
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            cameFrom.current = document.activeElement;
            searchField.current?.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (cameFrom.current instanceof HTMLElement) cameFrom.current.focus();
          }}
        >
          <header className={styles.head}>
            <Dialog.Title className={styles.title}>{t('gallery.title')}</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton look="quiet" label={t('gallery.close')}>
                <X aria-hidden />
              </IconButton>
            </Dialog.Close>
          </header>
          <Contents searchField={searchField} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Contents({ searchField }: { searchField: RefObject<HTMLInputElement | null> }) {
  const t = useT();
  const [filter, setFilter] = useState(EVERYTHING);
  const [active, setActive] = useState(0);
  const entries = useGallery(filter);
  const { showResult, starResult, deleteResult } = useActions();
  const change = (patch: Partial<GalleryFilter>): void => {
    setFilter((now) => ({ ...now, ...patch }));
    setActive(0);
  };
  const chosen = entries.at(active);
  const star = async (result: ResultView): Promise<void> => {
    const changed = await starResult(result);
    if (changed !== null) entries.replace(changed);
  };
  const remove = async (result: ResultView): Promise<void> => {
    if (!(await deleteResult(result))) return;
    setActive((now) => Math.max(0, Math.min(now, entries.length - 2)));
    entries.refresh();
  };
  return (
    <>
      <Filters filter={filter} searchField={searchField} onChange={change} />
      <p className={styles.count} role="status">
        {entries.total === null ? '' : t('gallery.count', { count: entries.total })}
        {entries.isReading ? ` · ${t('gallery.reading')}` : ''}
      </p>
      <div className={styles.body}>
        {entries.length === 0 && entries.total === 0 ? (
          <p className={styles.empty}>{t(filter === EVERYTHING ? 'gallery.empty' : 'gallery.nothing')}</p>
        ) : (
          <GalleryGrid
            entries={entries}
            active={active}
            onActivate={setActive}
            onOpen={showResult}
            onDelete={(result) => void remove(result)}
          />
        )}
        {chosen === undefined ? null : (
          <GalleryDetails
            result={chosen}
            onOpen={showResult}
            onStar={(result) => void star(result)}
            onDelete={(result) => void remove(result)}
          />
        )}
      </div>
    </>
  );
}

interface FiltersProps {
  searchField: RefObject<HTMLInputElement | null>;
  filter: GalleryFilter;
  onChange: (patch: Partial<GalleryFilter>) => void;
}

function Filters({ filter, searchField, onChange }: FiltersProps) {
  const t = useT();
  const known = usePage((state) => state.models);
  const { galleryModels } = useActions();
  const [models, setModels] = useState<(string | null)[]>([]);
  const [text, setText] = useState(filter.text);
  useEffect(() => void galleryModels().then(setModels), [galleryModels]);
  useEffect(() => {
    if (text === filter.text) return;
    const timer = setTimeout(() => onChange({ text }), SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  });
  const chosenModel = filter.model === null ? ANY_MODEL : filter.model === '' ? STARTER : filter.model;
  return (
    <div className={styles.filters} role="search">
      <Field label={t('gallery.search')} className={styles.search}>
        {(id) => (
          <div className={styles.searchBox}>
            <Search aria-hidden />
            <input
              id={id}
              ref={searchField}
              type="search"
              className={fieldStyles.control}
              value={text}
              placeholder={t('gallery.searchPlaceholder')}
              onChange={(event) => setText(event.target.value)}
            />
          </div>
        )}
      </Field>
      <Day label={t('gallery.from')} onChange={(from) => onChange({ from })} />
      <Day label={t('gallery.to')} isEnd onChange={(to) => onChange({ to })} />
      <Select
        label={t('settings.model')}
        value={chosenModel}
        options={[
          { value: ANY_MODEL, label: t('gallery.anyModel') },
          ...models.map((id) => ({
            value: id ?? STARTER,
            label: modelName(id, known.find((model) => model.id === id)?.name) ?? t('settings.starter'),
          })),
        ]}
        onChange={(value) => onChange({ model: value === ANY_MODEL ? null : value === STARTER ? '' : value })}
      />
      <Button aria-pressed={filter.isStarred} onClick={() => onChange({ isStarred: !filter.isStarred })}>
        <Star aria-hidden className={filter.isStarred ? styles.starred : undefined} />
        {t('gallery.starred')}
      </Button>
    </div>
  );
}

interface DayProps {
  label: string;
  /** Means the end of the chosen day and not its beginning. */
  isEnd?: boolean;
  onChange: (timeMs: number | null) => void;
}

/** A day in the person's own time zone. */
function Day({ label, isEnd = false, onChange }: DayProps) {
  return (
    <Field label={label}>
      {(id) => (
        <input
          id={id}
          type="date"
          className={fieldStyles.control}
          onChange={({ target }) => {
            const day = target.value === '' ? null : new Date(`${target.value}T00:00:00`);
            if (day !== null && isEnd) day.setDate(day.getDate() + 1);
            onChange(day === null || Number.isNaN(day.getTime()) ? null : day.getTime());
          }}
        />
      )}
    </Field>
  );
}
