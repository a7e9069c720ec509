/** Finds result pictures that stand in no log, as after a lost index, and reads what they carry themselves. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { generationSettingsSchema } from '../../shared/generation';
import type { RestoredSettings } from '../../shared/restored-settings';
import { recordSchema, type ResultRecord } from './gallery-log';

/** What can be read out of a picture; sizes in pixels. */
export interface PictureContent {
  width: number;
  height: number;
  /** Null when it carries none. */
  restored: RestoredSettings | null;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** `<jobId>-<index>.<format>`; a job's id begins with its time in base 36. */
const FILE = /^(([a-z0-9]{6,12})-[a-z0-9]{4,16})-\d{1,4}\.(png|jpg|webp)$/;
/** The input of a picture that was found is not known. */
export const UNKNOWN_SOURCE = 'unknown';

/** Records for the pictures that `isKnown` does not know, oldest first; a picture that cannot be read is logged and left alone. */
export async function findLostPictures(
  folder: string,
  isKnown: (resultId: string) => boolean,
  read: (filePath: string) => Promise<PictureContent>,
  log: (text: string) => void,
): Promise<ResultRecord[]> {
  const found: ResultRecord[] = [];
  const days = (await readdir(folder)).filter((name) => DAY.test(name)).toSorted();
  for (const day of days) {
    for (const name of (await readdir(path.join(folder, day))).toSorted()) {
      const [, jobId, time] = FILE.exec(name) ?? [];
      const id = path.parse(name).name;
      if (jobId === undefined || time === undefined || isKnown(id)) continue;
      const filePath = path.join(folder, day, name);
      try {
        const { width, height, restored } = await read(filePath);
        const settings = generationSettingsSchema.parse({ prompt: '', ...restored?.settings });
        const createdAt = Number.parseInt(time, 36) || (await stat(filePath)).mtimeMs;
        const seed = settings.seed ?? 0;
        found.push(
          recordSchema.parse({
            id,
            jobId,
            sourceId: UNKNOWN_SOURCE,
            width,
            height,
            seed,
            settings,
            createdAt,
            file: `${day}/${name}`,
          }),
        );
      } catch (error) {
        log(`the picture ${day}/${name} could not be taken into the gallery: ${String(error)}`);
      }
    }
  }
  return found;
}
