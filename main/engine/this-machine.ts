/** The machine that the engine runs on: asked once, refreshed before a job, corrected by what the person has set. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { detectHardware } from '../hardware/detect-hardware';
import { HardwareWatch } from '../hardware/hardware-watch';
import { hardwareChoiceSchema, type HardwareChoice } from '../../shared/hardware';
import { homeFolder } from './home';
import { parseJson } from './parse-json';

/** The command line's own file, which can be started as a throw-away process; null where it is not there (in tests). */
export function throwAwayProgram(): string | null {
  const [, program] = process.argv;
  if (program === undefined) return null;
  const cli = join(dirname(program), 'cli.cjs');
  return existsSync(cli) ? cli : null;
}

/** One for all jobs of this process. */
export const thisMachine = new HardwareWatch(async () => {
  const program = throwAwayProgram();
  return detectHardware({
    graphicsCommand: program === null ? null : { command: process.execPath, args: [program, '__graphics'] },
    choice: await readChoice(),
  });
});

/** `UNDERPAINT_VRAM_GB`, else `hardware` in settings.json; what cannot be read counts as not set. */
async function readChoice(): Promise<HardwareChoice | null> {
  const told = process.env['UNDERPAINT_VRAM_GB'];
  if (told !== undefined && told !== '') {
    const choice = hardwareChoiceSchema.safeParse({ vramGb: Number(told) });
    if (choice.success) return choice.data;
  }
  const path = join(homeFolder(), 'settings.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EACCES') return '{}';
    throw error;
  });
  return settingsSchema.safeParse(parseJson(text)).data?.hardware ?? null;
}

const settingsSchema = z.object({ hardware: hardwareChoiceSchema.nullish() });
