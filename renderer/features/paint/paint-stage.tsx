/** The input picture with what is drawn on it. React lays out the elements; everything that moves is the surface's. */
import { useEffect, useId, useRef, useState } from 'react';
import type { Source } from '../../../shared/contract';
import { SHOWN_SIDE_PX, type Mark } from '../../../shared/painting';
import { useApp, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import type { PageState } from '../../state/page-state';
import { brushOf } from '../../state/painting';
import { cx } from '../../ui/cx';
import { CropFrame } from '../source/source-picture';
import sourceStyles from '../source/source-picture.module.css';
import styles from './paint.module.css';
import { PaintSurface } from './surface';

const NO_MARKS: readonly Mark[] = [];

export function PaintStage({ source }: { source: Source }) {
  const t = useT();
  const app = useApp();
  const hintId = useId();
  const isPainting = usePage((state) => state.isPainting);
  const [percent, setPercent] = useState(100);
  const isClose = useIsClose(source, percent);
  const stage = useRef<HTMLDivElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const maskSheet = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const paint = useRef<HTMLCanvasElement>(null);
  const mask = useRef<HTMLCanvasElement>(null);
  const livePaint = useRef<HTMLCanvasElement>(null);
  const liveMask = useRef<HTMLCanvasElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const { id, width, height } = source;

  useEffect(() => {
    const { store, actions } = app;
    const surface = new PaintSurface(
      {
        stage: there(stage.current),
        sheets: [there(sheet.current), there(maskSheet.current)],
        picture: there(picture.current),
        layers: { paint: there(paint.current), mask: there(mask.current) },
        live: { paint: there(livePaint.current), mask: there(liveMask.current) },
        ring: there(ring.current),
      },
      {
        picture: { width, height },
        maskColour: getComputedStyle(there(stage.current)).getPropertyValue('--mask').trim(),
        urlOf: (sourceId) => store.getState().sources[sourceId]?.url ?? null,
        onMark: actions.addMark,
        onPick: (colour) => actions.changeBrush({ colour }),
        onScale: (scale) => setPercent(Math.round(100 * scale * window.devicePixelRatio)),
      },
    );
    const marksOf = ({ painting }: PageState): readonly Mark[] =>
      painting.sourceId === id ? painting.marks : NO_MARKS;
    const toolsOf = ({ draft, isPainting: isOn }: PageState): ReturnType<typeof brushOf> | null =>
      isOn ? brushOf(draft) : null;
    surface.show(marksOf(store.getState()));
    surface.use(toolsOf(store.getState()));
    const stop = store.subscribe((now, before) => {
      if (marksOf(now) !== marksOf(before)) surface.show(marksOf(now));
      if (toolsOf(now) !== toolsOf(before)) surface.use(toolsOf(now));
      if (now.lookAsked !== before.lookAsked && now.lookAsked !== null) surface.look(now.lookAsked.look);
    });
    return () => {
      stop();
      surface.close();
    };
  }, [app, id, width, height]);

  return (
    <div
      ref={stage}
      className={styles.stage}
      {...(isPainting
        ? { tabIndex: 0, role: 'application', 'aria-label': t('paint.surface'), 'aria-describedby': hintId }
        : {})}
    >
      <div ref={sheet} className={cx(styles.sheet, source.hasAlpha && sourceStyles.checkered)}>
        <img
          ref={picture}
          className={styles.picture}
          src={isClose && source.fullUrl !== undefined ? source.fullUrl : source.url}
          alt={t('source.alt', { name: source.name })}
          draggable={false}
        />
        <canvas ref={paint} className={styles.layer} data-layer="paint" aria-hidden />
        <CropFrame source={source} />
      </div>
      <canvas ref={livePaint} className={styles.live} aria-hidden />
      <div className={styles.mask} aria-hidden>
        <div ref={maskSheet} className={styles.sheet}>
          <canvas ref={mask} className={styles.layer} data-layer="mask" />
        </div>
        <canvas ref={liveMask} className={styles.live} />
      </div>
      <div ref={ring} className={styles.ring} hidden />
      {isPainting ? (
        <>
          <p className={styles.percent}>{percent} %</p>
          <p id={hintId} className={styles.hint}>
            {t('paint.hint')}
          </p>
        </>
      ) : null}
    </div>
  );
}

/** True from the moment on at which the picture is looked at so closely that the smaller one would blur. */
function useIsClose({ width, height }: Source, percent: number): boolean {
  const [isClose, setIsClose] = useState(false);
  if (!isClose && percent / 100 > (1.1 * SHOWN_SIDE_PX) / Math.max(width, height)) setIsClose(true);
  return isClose;
}

/** An element that React has put in place before its effects run. */
function there<T>(element: T | null): T {
  if (element === null) throw new Error('The picture is not in the window.');
  return element;
}
