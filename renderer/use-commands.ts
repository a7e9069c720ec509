/** Keyboard shortcuts, pasted pictures and the menu's commands: one table of what they do. */
import { useEffect } from 'react';
import type { EventOf } from '../shared/contract';
import { useActions } from './app-context';
import type { PageBridge } from './bridge';
import type { Actions } from './state/app';

type Command = EventOf<'command'> | 'gallery';

/** Listens for as long as the window is there. */
export function useCommands(bridge: PageBridge): void {
  const actions = useActions();
  useEffect(() => {
    const end = new AbortController();
    const { signal } = end;
    window.addEventListener(
      'keydown',
      (event) => {
        const command = commandOf(event);
        if (command === null) return;
        event.preventDefault();
        if (!event.repeat) doCommand(command, actions);
      },
      { signal },
    );
    window.addEventListener('paste', (event) => pastePicture(event, actions), { signal });
    const stopMenu = bridge.onCommand((command) => doCommand(command, actions));
    return () => {
      end.abort();
      stopMenu();
    };
  }, [bridge, actions]);
}

/** The command of a key press; null when it is none, or when something open has taken it. */
function commandOf(event: KeyboardEvent): Command | null {
  if (event.defaultPrevented || event.altKey || event.shiftKey) return null;
  if (event.key === 'Escape') return 'cancel';
  if (!event.ctrlKey && !event.metaKey) return null;
  switch (event.key.toLowerCase()) {
    case 'o':
      return 'open';
    case 'enter':
      return 'generate';
    case 's':
      return 'save';
    case 'g':
      return 'gallery';
    default:
      return null;
  }
}

function doCommand(command: Command, actions: Actions): void {
  switch (command) {
    case 'open':
      return void actions.openPicture();
    case 'generate':
      return void actions.generate();
    case 'cancel':
      return void actions.cancel();
    case 'save':
      return void actions.saveResult();
    case 'gallery':
      return actions.setGalleryOpen(true);
    case 'paste':
      // The page may not read the clipboard by itself; where the platform refuses this, the key still works.
      if (!document.execCommand('paste')) actions.askForPasteKey();
  }
}

/** Takes a picture from the clipboard, unless text is being pasted into a text field. */
function pastePicture(event: ClipboardEvent, actions: Actions): void {
  const data = event.clipboardData;
  if (data === null) return;
  const picture = [...data.files].find((file) => file.type.startsWith('image/'));
  if (picture === undefined) return;
  const isInText = event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement;
  if (isInText && data.types.includes('text/plain')) return;
  event.preventDefault();
  void actions.importPasted(picture);
}
