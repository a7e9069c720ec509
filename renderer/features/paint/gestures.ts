/** What a press, its moves and its end do, per tool. Points are in the picture's pixels. */
import { PAINT_LIMITS, type Brush, type Ink, type Mark } from '../../../shared/painting';
import { areaPath, strokePath } from './draw-mark';
import { simplifyTo } from './simplify';

export interface Point {
  x: number;
  y: number;
  /** 0 … 1 of a pen; null for what has no pressure. */
  pressure: number | null;
}

/** What gestures draw on while they go on. */
export interface Easel {
  /** Shows a path in the ink, until `clear`. */
  show: (path: Path2D, ink: Ink) => void;
  clear: () => void;
  /** Takes away from the layer at once. */
  erase: (path: Path2D, ink: Ink) => void;
  /** Makes the layer again what its marks say. */
  restore: (ink: Ink) => void;
  add: (mark: Mark) => void;
}

export interface Gesture {
  move: (points: readonly Point[]) => void;
  /** The mark is made. */
  end: () => void;
  /** As if it had never begun. */
  cancel: () => void;
}

/** The thinnest that a pen with no pressure draws, as a part of the brush. */
const THINNEST = 0.15;

/**
 * A stroke of the brush or the eraser.
 * @param pixel the picture's pixels per pixel of the screen: closer points and smaller bends are not seen
 */
export function strokeGesture(easel: Easel, ink: Ink, radius: number, pixel: number): Gesture {
  const least = pixel / 2;
  const points: number[] = [];
  let drawn = 0;
  const add = ({ x, y, pressure }: Point): void => {
    const wide = radius * (pressure === null ? 1 : THINNEST + (1 - THINNEST) * pressure);
    const r = Math.max(PAINT_LIMITS.radiusPx.min, wide);
    const [lastX, lastY, lastR] = points.slice(-3);
    const isNew =
      lastX === undefined ||
      Math.hypot(x - lastX, y - (lastY ?? 0)) >= least ||
      Math.abs(r - (lastR ?? 0)) >= least;
    if (isNew) points.push(x, y, r);
  };
  return {
    move: (moved) => {
      moved.forEach(add);
      if (points.length === drawn) return;
      // From the last point that was drawn, so that the line goes on from there.
      const path = strokePath(points, Math.max(0, drawn - 3));
      drawn = points.length;
      if (ink.erases) easel.erase(path, ink);
      else easel.show(path, ink);
    },
    end: () => {
      easel.clear();
      if (points.length === 0) return;
      const few = simplifyTo(points, 3, least / 2, PAINT_LIMITS.numbersOfMark);
      easel.add({ kind: 'stroke', ...ink, points: few });
    },
    cancel: () => {
      easel.clear();
      if (ink.erases) easel.restore(ink);
    },
  };
}

/** A free shape, filled when it is closed. */
export function lassoGesture(easel: Easel, ink: Ink, pixel: number): Gesture {
  const points: number[] = [];
  return {
    move: (moved) => {
      for (const { x, y } of moved) points.push(x, y);
      easel.clear();
      easel.show(areaPath(points), ink);
    },
    end: () => {
      easel.clear();
      const corners = simplifyTo(points, 2, pixel / 4, PAINT_LIMITS.numbersOfMark);
      if (corners.length >= 6) easel.add({ kind: 'area', ...ink, points: corners });
    },
    cancel: () => easel.clear(),
  };
}

/** A rectangle of whole pixels from corner to corner. */
export function rectangleGesture(easel: Easel, ink: Ink): Gesture {
  let start: Point | null = null;
  let points: number[] = [];
  return {
    move: (moved) => {
      const end = moved.at(-1);
      start ??= moved[0] ?? null;
      if (start === null || end === undefined) return;
      const [left, right] = [start.x, end.x].map(Math.round).toSorted((a, b) => a - b);
      const [top, bottom] = [start.y, end.y].map(Math.round).toSorted((a, b) => a - b);
      if (left === undefined || right === undefined || top === undefined || bottom === undefined) return;
      points = left === right || top === bottom ? [] : [left, top, right, top, right, bottom, left, bottom];
      easel.clear();
      easel.show(areaPath(points), ink);
    },
    end: () => {
      easel.clear();
      if (points.length > 0) easel.add({ kind: 'area', ...ink, points });
    },
    cancel: () => easel.clear(),
  };
}

/** The ink of a brush; `isTurned`: the other end of the pen, or a key, takes away. */
export function inkOf(brush: Brush, isTurned: boolean): Ink {
  const erases = isTurned || brush.tool === 'eraser';
  const isColour = brush.layer === 'paint' && !erases;
  return { layer: brush.layer, erases, colour: brush.colour, opacity: isColour ? brush.opacity : 1 };
}
