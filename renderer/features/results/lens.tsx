/** The lens: the input and the result at the same spot, one pixel of the picture for one of the screen. It follows the pointer, or the arrow keys. */
import type { KeyboardEvent, PointerEvent, RefObject, WheelEvent } from 'react';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ResultView } from '../../../shared/contract';
import { useT } from '../../i18n/use-t';
import styles from './lens.module.css';

/** Screen pixels for one pixel of the picture. */
const ZOOMS = [1, 2, 4, 8] as const;
/** Side of one pane in CSS pixels: larger in a larger window. */
const paneSide = (): number => Math.round(Math.min(460, Math.max(190, 0.24 * innerHeight)));
/** Distance to the pointer and to the window's edge. */
const GAP_PX = 18;
/** So far an arrow key goes, as a share of the picture; with Shift ten times as far. */
const KEY_STEP = 0.01;

interface Spot {
  /** 0 … 1 across the picture. */
  x: number;
  y: number;
}

/** Attribute of what the lens works over: a picture from edge to edge. */
export const LENS_AREA = { 'data-lens': '' } as const;

interface Place {
  /** Null: the pointer is nowhere over a picture. */
  spot: Spot | null;
  zoom: number;
}

/** Where the lens is, and what moves it. It lies outside of React's state, so that a moving pointer draws nothing but the lens. */
export interface LensState {
  store: StoreApi<Place>;
  onPointerMove: (event: PointerEvent) => void;
  onPointerLeave: () => void;
  onWheel: (event: WheelEvent) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

export function createLens(): LensState {
  const store = createStore<Place>(() => ({ spot: null, zoom: ZOOMS[0] }));
  const turn = (by: 1 | -1): void =>
    store.setState(({ zoom }) => ({ zoom: ZOOMS[ZOOMS.findIndex((known) => known === zoom) + by] ?? zoom }));
  return {
    store,
    onPointerMove: ({ target, clientX, clientY }) => {
      const area = target instanceof Element ? target.closest('[data-lens]') : null;
      if (area === null) return store.setState({ spot: null });
      const box = area.getBoundingClientRect();
      store.setState({
        spot: { x: share((clientX - box.left) / box.width), y: share((clientY - box.top) / box.height) },
      });
    },
    onPointerLeave: () => store.setState({ spot: null }),
    onWheel: ({ deltaY }) => turn(deltaY < 0 ? 1 : -1),
    onKeyDown: (event) => {
      const step = KEY_STEP * (event.shiftKey ? 10 : 1);
      const move = MOVES[event.key];
      if (move !== undefined) {
        event.preventDefault();
        store.setState(({ spot }) => ({
          spot: {
            x: share((spot?.x ?? 0.5) + move.x * step),
            y: share((spot?.y ?? 0.5) + move.y * step),
          },
        }));
      } else if (event.key === '+' || event.key === '-') turn(event.key === '+' ? 1 : -1);
    },
  };
}

const MOVES: Readonly<Record<string, Spot>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const share = (value: number): number => Math.min(1, Math.max(0, value));

interface Props {
  lens: LensState;
  result: ResultView;
  /** Null when the input is not there any more. */
  inputUrl: string | null;
  /** Holds the pictures that the lens works over. */
  stage: RefObject<HTMLElement | null>;
}

export function Lens({ lens, result, inputUrl, stage }: Props) {
  const t = useT();
  const { spot, zoom } = useStore(lens.store);
  const area = stage.current?.querySelector('[data-lens]')?.getBoundingClientRect();
  if (spot === null || area === undefined) return null;
  const panes = inputUrl === null ? 1 : 2;
  const side = paneSide();
  const [width, height] = [side * panes, side];
  const place = {
    left: beside(area.left + spot.x * area.width, width, innerWidth),
    top: beside(area.top + spot.y * area.height, height + GAP_PX, innerHeight),
  };
  return (
    <div
      className={styles.lens}
      style={place}
      role="img"
      aria-label={t('results.lensAt', { zoom: zoom * 100 })}
    >
      {inputUrl === null ? null : (
        <Pane url={inputUrl} name={t('results.input')} result={result} spot={spot} zoom={zoom} side={side} />
      )}
      <Pane url={result.url} name={t('results.result')} result={result} spot={spot} zoom={zoom} side={side} />
      <span className={styles.zoom}>{zoom * 100} %</span>
    </div>
  );
}

interface PaneProps {
  url: string;
  name: string;
  result: ResultView;
  spot: Spot;
  zoom: number;
  side: number;
}

function Pane({ url, name, result, spot, zoom, side }: PaneProps) {
  const scale = zoom / devicePixelRatio;
  const [width, height] = [result.width * scale, result.height * scale];
  return (
    <div
      className={styles.pane}
      style={{
        width: side,
        height: side,
        backgroundImage: `url("${url}")`,
        backgroundSize: `${width}px ${height}px`,
        backgroundPosition: `${side / 2 - spot.x * width}px ${side / 2 - spot.y * height}px`,
      }}
    >
      <span className={styles.name}>{name}</span>
    </div>
  );
}

/** Behind the pointer where there is room, else before it; always inside the window. */
function beside(at: number, length: number, room: number): number {
  const behind = at + GAP_PX;
  const place = behind + length + GAP_PX > room ? at - GAP_PX - length : behind;
  return Math.max(GAP_PX / 2, place);
}
