/** The combination of a keyboard event of the page. */
import { keysOfPress } from '../../shared/keys';

/** Null for a modifier alone and for keys that belong to the system. */
export const pressedKeys = (event: KeyboardEvent, isMac: boolean): string | null =>
  keysOfPress(
    {
      key: event.key,
      code: event.code,
      ctrlKey: event.ctrlKey,
      metaKey: event.metaKey,
      altKey: event.altKey,
      shiftKey: event.shiftKey,
      isAltGraph: event.getModifierState('AltGraph'),
    },
    isMac,
  );
