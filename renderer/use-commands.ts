/** Listens for the keys of the commands, for pasted pictures and for the menu. */
import { useEffect } from 'react';
import {
  commandsOfKeys,
  isLeftToText,
  isPageCommand,
  isShellCommand,
  PAGE_COMMAND_IDS,
  type CommandId,
} from '../shared/commands';
import { isTyping } from '../shared/keys';
import { useApp } from './app-context';
import type { PageBridge } from './bridge';
import { isPageCommandEnabled } from './commands/page-commands';
import { pressedKeys } from './commands/pressed-keys';
import { isCommandEnabled, runCommand } from './commands/run-command';
import type { Actions, App } from './state/app';
import type { PageState } from './state/page-state';

/** Where text is edited. */
const TEXT_FIELDS = 'textarea, select, [contenteditable], input:not([type="range"], [type="color"])';

/** Listens for as long as the window is there. */
export function useCommands(bridge: PageBridge): void {
  const app = useApp();
  useEffect(() => {
    const end = new AbortController();
    const { signal } = end;
    const onKey = (event: KeyboardEvent, wanted: (id: CommandId) => boolean): void => {
      const ids = idsOf(event, app).filter(wanted);
      const id = ids.find((one) => isCommandEnabled(one, app.store.getState()));
      if (id === undefined) return;
      event.preventDefault();
      if (!event.repeat || isShellCommand(id)) runCommand(id, app);
    };
    // What the main process does works everywhere; the rest only where nothing that is open has taken the key.
    window.addEventListener('keydown', (event) => onKey(event, isShellCommand), { signal, capture: true });
    window.addEventListener(
      'keydown',
      (event) => {
        if (!event.defaultPrevented && document.querySelector('dialog:modal') === null)
          onKey(event, isPageCommand);
      },
      { signal },
    );
    window.addEventListener('paste', (event) => pastePicture(event, app.actions), { signal });
    const stopMenu = bridge.onCommand((id) => runCommand(id, app));
    const stopTelling = tellEnabled(app, bridge);
    return () => {
      end.abort();
      stopMenu();
      stopTelling();
    };
  }, [bridge, app]);
}

/** The commands of a key press; none where something else takes it. */
function idsOf(event: KeyboardEvent, { store }: App): CommandId[] {
  const { platform, preferences } = store.getState();
  const keys = pressedKeys(event, platform === 'darwin');
  if (keys === null || (isTyping(keys) && isTakenBy(event.target, keys))) return [];
  if (event.target instanceof Element && event.target.closest('[data-takes-keys]') !== null) return [];
  const isText = event.target instanceof Element && event.target.closest(TEXT_FIELDS) !== null;
  return commandsOfKeys(keys, preferences.keys).filter((id) => !isText || !isLeftToText(id));
}

/** True where a plain key means something to the control that has the focus: every one in a text, some of them elsewhere. */
function isTakenBy(target: EventTarget | null, keys: string): boolean {
  if (!(target instanceof Element)) return false;
  if (
    target.closest('input, textarea, select, [contenteditable], [role="slider"], [role="listbox"]') !== null
  )
    return true;
  return /(Space|Enter|Tab|Arrow\w+)$/.test(keys) && target.closest('button, a, [role="radio"]') !== null;
}

/** Tells the menu which commands would do something, at once and whenever that changes. */
function tellEnabled({ store }: App, bridge: PageBridge): () => void {
  let told = '';
  const tell = (state: PageState): void => {
    const ids = PAGE_COMMAND_IDS.filter((id) => isPageCommandEnabled(id, state));
    if (ids.join() === told) return;
    told = ids.join();
    void bridge.commandEnable({ ids });
  };
  tell(store.getState());
  return store.subscribe(tell);
}

/** Takes a picture from the clipboard, unless text is being pasted into a text field. */
function pastePicture(event: ClipboardEvent, actions: Actions): void {
  const data = event.clipboardData;
  if (data === null) return;
  const picture = [...data.files].find((file) => file.type.startsWith('image/'));
  const isInText = event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement;
  if (isInText && (picture === undefined || data.types.includes('text/plain'))) return;
  event.preventDefault();
  // A page does not get to see every form in which other programs copy pictures.
  void (picture === undefined ? actions.pasteFromSystem() : actions.importPasted(picture));
}
