/** What is drawn on the input, while it is not being drawn on: laid over the picture edge to edge. */
import { useEffect, useRef } from 'react';
import type { Source } from '../../../shared/contract';
import { layerOf, type Mark } from '../../../shared/painting';
import { useApp, usePage } from '../../app-context';
import { cx } from '../../ui/cx';
import { LayerCanvas } from './layer-canvas';
import { MaskPictures } from './mask-pictures';
import styles from './paint.module.css';

const NO_MARKS: readonly Mark[] = [];

export function PaintedLayers({ source }: { source: Source }) {
  const isPainted = usePage(({ painting }) => painting.sourceId === source.id && painting.marks.length > 0);
  return isPainted ? <Layers source={source} /> : null;
}

function Layers({ source }: { source: Source }) {
  const { store } = useApp();
  const paint = useRef<HTMLCanvasElement>(null);
  const mask = useRef<HTMLCanvasElement>(null);
  const { id, width, height } = source;
  useEffect(() => {
    if (paint.current === null || mask.current === null) return undefined;
    const maskColour = getComputedStyle(mask.current).getPropertyValue('--mask').trim();
    const urlOf = (sourceId: string): string | null => store.getState().sources[sourceId]?.url ?? null;
    const pictures = new MaskPictures(urlOf, () => layers.mask.drawAgain());
    const options = { width, height, maskColour, pictureOf: pictures.get };
    const layers = {
      paint: new LayerCanvas('paint', paint.current, options),
      mask: new LayerCanvas('mask', mask.current, options),
    };
    let shown: readonly Mark[] = NO_MARKS;
    const show = (): void => {
      const { painting } = store.getState();
      const marks = painting.sourceId === id ? painting.marks : NO_MARKS;
      if (marks === shown) return;
      shown = marks;
      layers.paint.show(marks.filter((mark) => layerOf(mark) === 'paint'));
      layers.mask.show(marks.filter((mark) => layerOf(mark) === 'mask'));
    };
    show();
    return store.subscribe(show);
  }, [store, id, width, height]);
  return (
    <>
      <canvas ref={paint} className={styles.layer} data-layer="paint" aria-hidden />
      <canvas ref={mask} className={cx(styles.layer, styles.seen)} data-layer="mask" aria-hidden />
    </>
  );
}
