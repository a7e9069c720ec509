/** Makes the whole window take a dropped picture; says whether one hovers over it. */
import { useEffect, useState } from 'react';
import { useActions } from '../../app-context';

export function useDropTarget(): boolean {
  const { importFile } = useActions();
  const [isOver, setIsOver] = useState(false);
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
        setIsOver(hasFile(event));
      },
      { signal },
    );
    window.addEventListener(
      'dragleave',
      (event) => {
        if (event.relatedTarget === null) setIsOver(false);
      },
      { signal },
    );
    window.addEventListener(
      'drop',
      (event) => {
        event.preventDefault();
        setIsOver(false);
        const file = event.dataTransfer?.files[0];
        if (file !== undefined) void importFile(file);
      },
      { signal },
    );
    return () => end.abort();
  }, [importFile]);
  return isOver;
}
