/** Brings the window into every state that has a name, by what a person does, and photographs it. Started by scripts/screenshots.mjs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { launchApp, makeHome, removeHome, type RunningApp } from '../support/electron-app';
import { Camera, type Album, type Studio } from './camera';
import { photographDialogs } from './dialogs';
import { photographDrawing } from './draw';
import { photographGallery } from './gallery';
import { photographInput } from './input';
import { photographLook } from './look';
import { photographQueue } from './queue';
import { photographResults } from './results';
import { photographStart } from './start';
import { photographWork } from './work';

/** What is photographed, each part in an app and a home of its own. */
const PARTS: readonly ((studio: Studio) => Promise<void>)[] = [
  photographStart,
  photographInput,
  photographDrawing,
  photographWork,
  photographQueue,
  photographResults,
  photographGallery,
  photographDialogs,
  photographLook,
];

/** Takes all pictures, also when a part fails, which is said at the end; answers how many there are. */
export async function takeScreenshots(album: Album): Promise<number> {
  const camera = new Camera(album);
  const failures: unknown[] = [];
  for (const part of PARTS) {
    const home = makeHome();
    const opened: RunningApp[] = [];
    const open = async (): Promise<RunningApp> => {
      const running = await launchApp({ home });
      opened.push(running);
      return running;
    };
    try {
      await part({ camera, home, open });
    } catch (error) {
      album.say(`${part.name}: ${String(error)}`);
      failures.push(error);
    } finally {
      for (const running of opened) await running.close().catch((error: unknown) => album.say(String(error)));
      await sleep(200);
      removeHome(home);
    }
  }
  const count = camera.finish();
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} parts failed, see above.`);
  return count;
}
