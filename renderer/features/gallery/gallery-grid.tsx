/** The pictures of the gallery as a grid of any length: only the rows in sight exist. One stop for Tab, arrows inside. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { Star } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { ResultView } from '../../../shared/contract';
import { useT } from '../../i18n/use-t';
import { cx } from '../../ui/cx';
import styles from './gallery.module.css';
import type { GalleryEntries } from './use-gallery';

/** Smallest width of a tile and the gap between two, in pixels. */
const TILE_PX = 148;
const GAP_PX = 8;

interface Props {
  entries: GalleryEntries;
  /** Index of the entry that the arrows stand on. */
  active: number;
  onActivate: (index: number) => void;
  /** Enter or a double click. */
  onOpen: (result: ResultView) => void;
  onDelete: (result: ResultView) => void;
}

export function GalleryGrid({ entries, active, onActivate, onOpen, onDelete }: Props) {
  const t = useT();
  const scroller = useRef<HTMLDivElement>(null);
  const columns = useColumns(scroller);
  const rows = Math.ceil(entries.length / columns.count);
  // oxlint-disable-next-line react/incompatible-library -- nothing that comes from it is remembered between two drawings
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => columns.sidePx + GAP_PX,
    overscan: 2,
  });
  useEffect(() => virtual.measure(), [virtual, columns.sidePx]);
  const seen = virtual.getVirtualItems();
  const [first, last] = [seen[0]?.index ?? 0, seen.at(-1)?.index ?? 0];
  const { need } = entries;
  useEffect(
    () => need(first * columns.count, Math.min((last + 1) * columns.count, Math.max(entries.length, 1)) - 1),
    [need, first, last, columns.count, entries.length],
  );
  useEffect(() => need(active, active), [need, active]);

  const goTo = (index: number): void => {
    const next = Math.min(Math.max(index, 0), entries.length - 1);
    if (next < 0) return;
    onActivate(next);
    virtual.scrollToIndex(Math.floor(next / columns.count));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const result = entries.at(active);
    const page =
      columns.count *
      Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / (columns.sidePx + GAP_PX)));
    const moves: Record<string, () => void> = {
      ArrowRight: () => goTo(active + 1),
      ArrowLeft: () => goTo(active - 1),
      ArrowDown: () => goTo(active + columns.count),
      ArrowUp: () => goTo(active - columns.count),
      PageDown: () => goTo(active + page),
      PageUp: () => goTo(active - page),
      Home: () => goTo(0),
      End: () => goTo(entries.length - 1),
      Enter: () => result !== undefined && onOpen(result),
      Delete: () => result !== undefined && onDelete(result),
    };
    const move = moves[event.key];
    if (move === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move();
  };

  return (
    <div
      ref={scroller}
      className={styles.grid}
      role="listbox"
      aria-label={t('gallery.list')}
      tabIndex={0}
      aria-activedescendant={entries.at(active) === undefined ? undefined : optionId(active)}
      onKeyDown={onKeyDown}
      onClick={({ target }) => {
        const index = indexOf(target);
        if (index !== null) onActivate(index);
      }}
      onDoubleClick={({ target }) => {
        const result = entries.at(indexOf(target) ?? -1);
        if (result !== undefined) onOpen(result);
      }}
    >
      <div role="presentation" className={styles.canvas} style={{ height: virtual.getTotalSize() }}>
        {seen.map((row) => (
          <div
            key={row.key}
            role="presentation"
            className={styles.row}
            style={{
              transform: `translateY(${row.start}px)`,
              gridTemplateColumns: `repeat(${columns.count}, minmax(0, 1fr))`,
              height: columns.sidePx,
            }}
          >
            {Array.from({ length: columns.count }, (_, column) => {
              const index = row.index * columns.count + column;
              return index < entries.length ? (
                <Tile
                  key={index}
                  index={index}
                  total={entries.length}
                  result={entries.at(index)}
                  isActive={index === active}
                />
              ) : null;
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The entry that a press was meant for. */
function indexOf(target: EventTarget): number | null {
  const tile = target instanceof Element ? target.closest('[data-index]') : null;
  return tile === null ? null : Number(tile.getAttribute('data-index'));
}

const optionId = (index: number): string => `gallery-entry-${index}`;

interface TileProps {
  index: number;
  total: number;
  result: ResultView | undefined;
  isActive: boolean;
}

function Tile({ index, total, result, isActive }: TileProps) {
  const t = useT();
  return (
    <div
      id={optionId(index)}
      role="option"
      aria-selected={isActive}
      aria-posinset={index + 1}
      aria-setsize={total}
      aria-label={
        result === undefined
          ? t('gallery.loading')
          : t('gallery.entry', { prompt: result.settings.prompt.slice(0, 120), seed: result.seed })
      }
      className={cx(styles.tile, isActive && styles.active)}
      data-index={index}
    >
      {result === undefined ? null : (
        <>
          <img src={result.thumbnailUrl ?? result.url} alt="" decoding="async" draggable={false} />
          {result.isStarred ? <Star aria-hidden className={styles.mark} /> : null}
        </>
      )}
    </div>
  );
}

/** How many tiles fit next to each other, and how large each is, in pixels. */
function useColumns(scroller: { current: HTMLElement | null }): { count: number; sidePx: number } {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth - 2 * GAP_PX));
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  const count = Math.max(1, Math.floor((width + GAP_PX) / (TILE_PX + GAP_PX)));
  return { count, sidePx: Math.max(TILE_PX, Math.floor((width - (count - 1) * GAP_PX) / count)) };
}
