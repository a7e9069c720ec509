/** Makes the whole window take a dropped picture; says over which labelled zone one hovers. */
import { useEffect, useState } from 'react';
import { useActions } from '../../app-context';

export const DROP_ZONES = ['input', 'mask', 'settings'] as const;
export type DropZone = (typeof DROP_ZONES)[number];

/** The zone under the pointer, null while nothing is dragged. Everywhere outside a labelled zone means the input. */
export function useDropTarget(): DropZone | null {
  const { importFile, importMask, readSettings } = useActions();
  const [over, setOver] = useState<DropZone | null>(null);
  useEffect(() => {
    const end = new AbortController();
    const { signal } = end;
    const hasFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    window.addEventListener(
      'dragover',
      (event) => {
        // Without this the window would leave the page for the dropped file.
        event.preventDefault();
        if (event.dataTransfer !== null) event.dataTransfer.dropEffect = hasFile(event) ? 'copy' : 'none';
        setOver(hasFile(event) ? zoneOf(event) : null);
      },
      { signal },
    );
    window.addEventListener(
      'dragleave',
      (event) => {
        if (event.relatedTarget === null) setOver(null);
      },
      { signal },
    );
    window.addEventListener(
      'drop',
      (event) => {
        event.preventDefault();
        setOver(null);
        const file = event.dataTransfer?.files[0];
        if (file === undefined) return;
        const take = { input: importFile, mask: importMask, settings: readSettings }[zoneOf(event)];
        void take(file);
      },
      { signal },
    );
    return () => end.abort();
  }, [importFile, importMask, readSettings]);
  return over;
}

/**
 * The zones let the pointer through and are found by place: one that slid between the pointer and what it was over would end a drag
 * that rests there.
 */
function zoneOf({ clientX, clientY }: DragEvent): DropZone {
  const isInside = (zone: DropZone): boolean => {
    const box = document.querySelector(`[data-drop="${zone}"]`)?.getBoundingClientRect();
    if (box === undefined) return false;
    return clientX >= box.left && clientX < box.right && clientY >= box.top && clientY < box.bottom;
  };
  return DROP_ZONES.find(isInside) ?? 'input';
}
