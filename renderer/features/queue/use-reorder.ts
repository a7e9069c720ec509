/** Moving a line of a list with the pointer: follows it from the handle and says where the line would go. */
import { useState, type PointerEvent, type RefObject } from 'react';

interface Drag {
  key: string;
  /** Places in the list: where it came from, and where it would go. */
  from: number;
  to: number;
}

export interface Reorder {
  drag: Drag | null;
  /** Handlers for the handle of the line at `index`. */
  handle: (
    key: string,
    index: number,
  ) => {
    onPointerDown: (event: PointerEvent) => void;
    onPointerMove: (event: PointerEvent) => void;
    onPointerUp: () => void;
    onPointerCancel: () => void;
  };
}

/** `lines`: the list whose children marked with `data-line` can change places. */
export function useReorder(
  lines: RefObject<HTMLElement | null>,
  onMove: (key: string, by: number) => void,
): Reorder {
  const [drag, setDrag] = useState<Drag | null>(null);
  const placeOf = (y: number, from: number): number =>
    [...(lines.current?.querySelectorAll('[data-line]') ?? [])].filter((line, index) => {
      const { top, height } = line.getBoundingClientRect();
      return index !== from && top + height / 2 < y;
    }).length;
  return {
    drag,
    handle: (key, index) => ({
      onPointerDown: (event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ key, from: index, to: index });
      },
      onPointerMove: (event) => {
        const { clientY } = event;
        setDrag((now) => (now === null ? null : { ...now, to: placeOf(clientY, now.from) }));
      },
      onPointerUp: () => {
        setDrag(null);
        if (drag !== null && drag.to !== drag.from) onMove(drag.key, drag.to - drag.from);
      },
      onPointerCancel: () => setDrag(null),
    }),
  };
}
