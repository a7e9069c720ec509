/** Lets results be dragged out of the window: from here on the desktop drags the file. */
import { useEffect } from 'react';
import { useActions } from '../../app-context';

/** What makes an element one that a result is dragged by. */
export const dragOf = (resultId: string) => ({ draggable: true, 'data-drag-result': resultId }) as const;

/** Listens for as long as the window is there. */
export function useDragOut(): void {
  const { dragResult } = useActions();
  useEffect(() => {
    const begin = (event: DragEvent): void => {
      const from = event.target instanceof Element ? event.target.closest('[data-drag-result]') : null;
      const resultId = from?.getAttribute('data-drag-result') ?? null;
      if (resultId === null) return;
      event.preventDefault();
      void dragResult(resultId);
    };
    window.addEventListener('dragstart', begin);
    return () => window.removeEventListener('dragstart', begin);
  }, [dragResult]);
}
