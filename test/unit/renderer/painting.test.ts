/** The painting of the page: undo and redo, tools, zoom, and strokes with fewer points. */
import { describe, expect, it } from 'vitest';
import { simplify } from '../../../renderer/features/paint/simplify';
import { fitView, panBy, zoomAt } from '../../../renderer/features/paint/view';
import { brushOf, changeBrush, changePainting, hasRoomFor, nextSize } from '../../../renderer/state/painting';
import { reduce } from '../../../renderer/state/reduce';
import { PAINT_LIMITS, type Mark } from '../../../shared/painting';
import { page, SKETCH } from './samples';

const dot = (x: number): Mark => ({
  kind: 'stroke',
  layer: 'mask',
  erases: false,
  colour: '#ffffff',
  opacity: 1,
  points: [x, 0, 1],
});
const painting = (...marks: Mark[]) => ({ sourceId: SKETCH.id, marks, undone: [] });

describe('the painting', () => {
  it('goes back and forth through both layers, and forgets what was undone at the next mark', () => {
    let now = changePainting(painting(dot(1)), {
      type: 'marked',
      mark: { ...dot(2), layer: 'paint' } as Mark,
    });
    now = changePainting(now, { type: 'mark-undone' });
    expect(now.marks).toEqual([dot(1)]);
    now = changePainting(now, { type: 'mark-undone' });
    expect(now.marks).toEqual([]);
    expect(changePainting(now, { type: 'mark-undone' })).toBe(now);
    now = changePainting(now, { type: 'mark-redone' });
    expect(now.marks).toEqual([dot(1)]);
    now = changePainting(now, { type: 'marked', mark: dot(3) });
    expect(now).toMatchObject({ marks: [dot(1), dot(3)], undone: [] });
    expect(changePainting(now, { type: 'mark-redone' })).toBe(now);
  });

  it('makes room by forgetting what can no longer be seen, and is full when that is not enough', () => {
    const many = Array.from({ length: PAINT_LIMITS.marks - 1 }, (_, i) => dot(i));
    const cleared = painting(...many, { kind: 'clear', layer: 'mask' });
    expect(changePainting(cleared, { type: 'marked', mark: dot(7) }).marks).toEqual([dot(7)]);
    const full = painting(...many, dot(9));
    expect(hasRoomFor(full, dot(7))).toBe(false);
    expect(changePainting(full, { type: 'marked', mark: dot(7) })).toBe(full);
  });

  it('belongs to its picture: another one starts empty until its own was read', () => {
    const read = reduce(page(), {
      type: 'painting-read',
      sourceId: SKETCH.id,
      marks: [dot(1)],
      pictures: [],
    });
    expect(read.painting.marks).toEqual([dot(1)]);
    const same = reduce(read, { type: 'import-ended', source: SKETCH });
    expect(same.painting.marks).toEqual([dot(1)]);
    const other = reduce(read, { type: 'import-ended', source: { ...SKETCH, id: 'other' } });
    expect(other.painting).toMatchObject({ sourceId: null, marks: [] });
  });
});

describe('the tools', () => {
  const { draft } = page();

  it('have no colour to be picked for the mask', () => {
    const picking = changeBrush(draft, { layer: 'paint', tool: 'picker' });
    expect(brushOf(picking).tool).toBe('picker');
    expect(brushOf(changeBrush(picking, { layer: 'mask' })).tool).toBe('brush');
  });

  it('grow and shrink by steps that can be felt, within limits', () => {
    expect(nextSize(1, 1)).toBe(2);
    expect(nextSize(100, 1)).toBe(120);
    expect(nextSize(120, -1)).toBe(100);
    expect(nextSize(1, -1)).toBe(1);
    expect(nextSize(499, 1)).toBe(500);
  });
});

describe('zoom and pan', () => {
  const picture = { width: 4096, height: 2048 };
  const stage = { width: 800, height: 600 };

  it('shows the whole picture in the middle', () => {
    expect(fitView(picture, stage)).toEqual({ scale: 800 / 4096, x: 0, y: 100 });
  });

  it('keeps what lies under the pointer', () => {
    const view = fitView(picture, stage);
    const at = { x: 300, y: 250 };
    const closer = zoomAt(view, 3, at, picture, stage);
    expect((at.x - closer.x) / closer.scale).toBeCloseTo((at.x - view.x) / view.scale, 6);
    expect((at.y - closer.y) / closer.scale).toBeCloseTo((at.y - view.y) / view.scale, 6);
    const back = zoomAt(closer, 1 / 3, at, picture, stage);
    expect(back.scale).toBeCloseTo(view.scale, 9);
  });

  it('never loses the picture, and never goes closer or farther than makes sense', () => {
    const view = fitView(picture, stage);
    const away = panBy(view, -100_000, 100_000, picture, stage);
    expect(away.x + picture.width * away.scale).toBeCloseTo(48, 6);
    expect(away.y).toBeCloseTo(600 - 48, 6);
    expect(zoomAt(view, 1e9, { x: 0, y: 0 }, picture, stage).scale).toBe(32);
    expect(zoomAt(view, 1e-9, { x: 0, y: 0 }, picture, stage).scale).toBeCloseTo(view.scale / 4, 9);
  });
});

describe('simplified strokes', () => {
  it('keep the ends, the corners and changes of width, and nothing on a straight line', () => {
    const straight = Array.from({ length: 50 }, (_, i) => [i, 2 * i, 5]).flat();
    expect(simplify(straight, 3, 0.25)).toEqual([0, 0, 5, 49, 98, 5]);
    expect(simplify([0, 0, 5, 10, 0, 5, 10, 10, 5], 3, 0.25)).toHaveLength(9);
    expect(simplify([0, 0, 5, 10, 0, 9, 20, 0, 5], 3, 0.25)).toHaveLength(9);
    expect(simplify([3, 4, 5], 3, 0.25)).toEqual([3, 4, 5]);
    expect(simplify([], 2, 0.25)).toEqual([]);
  });

  it('stay within the tolerance of what was drawn', () => {
    const circle = Array.from({ length: 400 }, (_, i) => [
      100 + 80 * Math.cos(i / 64),
      100 + 80 * Math.sin(i / 64),
    ]).flat();
    const few = simplify(circle, 2, 0.5);
    expect(few.length).toBeLessThan(circle.length / 5);
    for (let i = 0; i < circle.length; i += 2) {
      const [x = 0, y = 0] = circle.slice(i, i + 2);
      let nearest = Infinity;
      for (let k = 2; k < few.length; k += 2) {
        const [ax = 0, ay = 0, bx = 0, by = 0] = few.slice(k - 2, k + 2);
        const length = Math.hypot(bx - ax, by - ay);
        const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length ** 2));
        nearest = Math.min(nearest, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
      }
      expect(nearest).toBeLessThan(0.55);
    }
  });
});
