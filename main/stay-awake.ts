/** Keeps the machine from falling asleep in the middle of a picture; the screen may go dark. */
import { powerSaveBlocker } from 'electron';

/** A switch: true while something is worked on. */
export function makeStayAwake(): (isWorking: boolean) => void {
  let blocker: number | null = null;
  return (isWorking) => {
    if (isWorking) blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (blocker !== null) {
      powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  };
}
