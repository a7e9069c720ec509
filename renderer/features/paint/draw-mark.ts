/** Draws marks on a canvas whose units are the picture's pixels; the engine draws the same shapes (main/engine/image/coverage.ts). */
import type { Mark } from '../../../shared/painting';

export interface DrawOptions {
  /** The colour that shows the mask. */
  maskColour: string;
  /** Size of the picture. */
  width: number;
  height: number;
  /** A picture that is a mask; null while it is still being read. */
  pictureOf: (sourceId: string) => CanvasImageSource | null;
}

/** Draws one mark over what is there. */
export function drawMark(context: CanvasRenderingContext2D, mark: Mark, options: DrawOptions): void {
  const { width, height, maskColour } = options;
  context.save();
  context.fillStyle = maskColour;
  switch (mark.kind) {
    case 'all':
      context.fillRect(0, 0, width, height);
      break;
    case 'clear':
      context.clearRect(0, 0, width, height);
      break;
    case 'invert':
      context.globalCompositeOperation = 'source-out';
      context.fillRect(0, 0, width, height);
      break;
    case 'picture': {
      context.clearRect(0, 0, width, height);
      const picture = options.pictureOf(mark.sourceId);
      if (picture === null) break;
      context.drawImage(picture, 0, 0, width, height);
      context.globalCompositeOperation = 'source-in';
      context.fillRect(0, 0, width, height);
      break;
    }
    default:
      if (mark.layer === 'paint') context.fillStyle = mark.colour;
      if (mark.erases) context.globalCompositeOperation = 'destination-out';
      else if (mark.layer === 'paint') context.globalAlpha = mark.opacity;
      context.fill(mark.kind === 'stroke' ? strokePath(mark.points, 0) : areaPath(mark.points));
  }
  context.restore();
}

/** The outline of a stroke's points from number `first` on: a dot, or a line that changes its width. */
export function strokePath(points: readonly number[], first: number): Path2D {
  const path = new Path2D();
  if (points.length - first <= 3)
    addDot(path, points[first] ?? 0, points[first + 1] ?? 0, points[first + 2] ?? 0);
  for (let i = first + 3; i + 2 < points.length; i += 3) {
    addSegment(
      path,
      [points[i - 3] ?? 0, points[i - 2] ?? 0, points[i - 1] ?? 0],
      [points[i] ?? 0, points[i + 1] ?? 0, points[i + 2] ?? 0],
    );
  }
  return path;
}

/** The outline of an area. */
export function areaPath(points: readonly number[]): Path2D {
  const path = new Path2D();
  for (let i = 0; i + 1 < points.length; i += 2) path.lineTo(points[i] ?? 0, points[i + 1] ?? 0);
  path.closePath();
  return path;
}

function addDot(path: Path2D, x: number, y: number, radius: number): void {
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
  path.closePath();
}

type Circle = readonly [x: number, y: number, radius: number];

/** The hull of two circles: both arcs and the lines that touch them. */
function addSegment(path: Path2D, a: Circle, b: Circle): void {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.hypot(dx, dy);
  if (length <= Math.abs(a[2] - b[2])) {
    addDot(path, ...(a[2] >= b[2] ? a : b));
    return;
  }
  const direction = Math.atan2(dy, dx);
  const touch = Math.acos((a[2] - b[2]) / length);
  path.moveTo(a[0] + a[2] * Math.cos(direction + touch), a[1] + a[2] * Math.sin(direction + touch));
  path.arc(a[0], a[1], a[2], direction + touch, direction - touch + 2 * Math.PI);
  path.arc(b[0], b[1], b[2], direction - touch, direction + touch);
  path.closePath();
}
