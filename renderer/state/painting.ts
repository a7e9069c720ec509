/** What is drawn on the input, with undo and redo: a pure reducer. The history is the marks themselves, so it outlives a restart. */
import type { Source } from '../../shared/contract';
import {
  FIRST_BRUSH,
  countNumbers,
  PAINT_LIMITS,
  visibleMarks,
  type Brush,
  type Mark,
} from '../../shared/painting';
import type { Draft } from '../../shared/settings';

export interface Painting {
  /** The picture that it belongs to; null until its marks were read. */
  sourceId: string | null;
  /** For both layers, in the order in which they were made. */
  marks: readonly Mark[];
  /** Taken back, the last one first to come again. */
  undone: readonly Mark[];
}

export const NO_PAINTING: Painting = { sourceId: null, marks: [], undone: [] };

export type PaintingEvent =
  | { type: 'painting-read'; sourceId: string; marks: readonly Mark[]; pictures: readonly Source[] }
  | { type: 'marked'; mark: Mark }
  | { type: 'mark-undone' }
  | { type: 'mark-redone' };

/** The painting after an event. */
export function changePainting(painting: Painting, event: PaintingEvent): Painting {
  switch (event.type) {
    case 'painting-read':
      return { sourceId: event.sourceId, marks: event.marks, undone: [] };
    case 'marked': {
      const marks = withRoom(painting.marks, event.mark);
      return marks === null ? painting : { ...painting, marks: [...marks, event.mark], undone: [] };
    }
    case 'mark-undone': {
      const last = painting.marks.at(-1);
      if (last === undefined) return painting;
      return { ...painting, marks: painting.marks.slice(0, -1), undone: [...painting.undone, last] };
    }
    case 'mark-redone': {
      const next = painting.undone.at(-1);
      if (next === undefined) return painting;
      return { ...painting, marks: [...painting.marks, next], undone: painting.undone.slice(0, -1) };
    }
  }
}

/** True when one more mark can be kept. */
export const hasRoomFor = (painting: Painting, mark: Mark): boolean =>
  withRoom(painting.marks, mark) !== null;

/** The marks with room for one more: as they are, else without those that can no longer be seen; null when that is not enough. */
function withRoom(marks: readonly Mark[], next: Mark): readonly Mark[] | null {
  const isEnough = (kept: readonly Mark[]): boolean =>
    kept.length < PAINT_LIMITS.marks && countNumbers([...kept, next]) <= PAINT_LIMITS.numbers;
  if (isEnough(marks)) return marks;
  const seen = new Set([...visibleMarks(marks, 'paint'), ...visibleMarks(marks, 'mask')]);
  const kept = marks.filter((mark) => seen.has(mark));
  return isEnough(kept) ? kept : null;
}

/** The tools of a draft. */
export const brushOf = (draft: Draft): Brush => draft.brush ?? FIRST_BRUSH;

/** Changes the tools. The layer decides which tools there are: the mask has no colour to be picked. */
export function changeBrush(draft: Draft, patch: Partial<Brush>): Draft {
  const brush = { ...brushOf(draft), ...patch };
  const hasTool = brush.layer === 'paint' || brush.tool !== 'picker';
  return { ...draft, brush: hasTool ? brush : { ...brush, tool: 'brush' } };
}

/** Each press makes a brush this much larger or smaller. */
const SIZE_STEP = 1.2;

/** The next larger or smaller size, within the limits. */
export function nextSize(size: number, direction: 1 | -1): number {
  const next = Math.round(
    direction === 1 ? Math.max(size + 1, size * SIZE_STEP) : Math.min(size - 1, size / SIZE_STEP),
  );
  return Math.min(500, Math.max(1, next));
}
