/** Ending the command line at every stage and step: the same command goes on, repeats no finished step, and ends in the same file. */
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cancelledError } from '../../main/engine/context';
import { EXIT_CODES } from '../../shared/errors';
import type { GenerationSettings } from '../../shared/generation';
import { journalsIn, runCli, sentences, stepsOf, type CliResult } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { INPUT_64, sha256OfFile } from '../support/pictures';
import { asArguments, smallJob } from '../support/settings';

const { folder } = useCliFolder();
let cases = 0;

/** Large enough for a signal to arrive while a stage runs. */
const SETTINGS = smallJob({ steps: 4, strength: 1, size: { width: 160, height: 160 } });

/** One command with a home and an output folder of its own. */
class Command {
  readonly home: string;
  readonly out: string;

  constructor(readonly settings: GenerationSettings) {
    cases += 1;
    this.home = join(folder, `home-${cases}`);
    this.out = join(folder, `out-${cases}`);
  }

  run(onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void): Promise<CliResult> {
    const args = ['img2img', INPUT_64, ...asArguments(this.settings), '-o', join(this.out, 'result.png')];
    return runCli(args, { home: this.home, ...(onLine === undefined ? {} : { onLine }) });
  }

  /** Runs until stderr says `words` for the `nth` time, then ends the process. A signal that came too late is sent to another run. */
  async killAt(words: string, nth = 1): Promise<CliResult> {
    for (let attempt = 1; ; attempt += 1) {
      let seen = 0;
      const result = await this.run((line, kill) => {
        if (line.startsWith(words) && ++seen === nth) kill('SIGKILL');
      });
      if (result.signal === 'SIGKILL' && journalsIn(this.home).length === 1) return result;
      if (attempt === 5) throw new Error(`could not be ended at "${words}": ${result.lines.join('\n')}`);
      for (const path of [this.home, this.out]) await rm(path, { recursive: true, force: true });
    }
  }

  files(): string[] {
    return existsSync(this.out) ? readdirSync(this.out).sort() : [];
  }

  async hashes(): Promise<string[]> {
    return Promise.all(this.files().map((name) => sha256OfFile(join(this.out, name))));
  }
}

const known = new Map<string, Promise<{ hashes: string[]; steps: number[] }>>();

/** What the same settings give without a disturbance. */
function undisturbed(settings: GenerationSettings): Promise<{ hashes: string[]; steps: number[] }> {
  const key = JSON.stringify(settings);
  const found =
    known.get(key) ??
    (async () => {
      const command = new Command(settings);
      const result = await command.run();
      expect(result.code, result.lines.join('\n')).toBe(0);
      return { hashes: await command.hashes(), steps: stepsOf(result) };
    })();
  known.set(key, found);
  return found;
}

const keptSteps = (result: CliResult): number =>
  Number(/(\d+) steps were kept/.exec(sentences(result).join('\n'))?.[1] ?? NaN);

/** Goes on with a command that was ended, and checks the promise. */
async function expectGoesOn(command: Command, killed: CliResult): Promise<CliResult> {
  const expected = await undisturbed(command.settings);
  expect(journalsIn(command.home)).toHaveLength(1);
  const result = await command.run();
  expect(result.code, result.lines.join('\n')).toBe(0);
  expect(sentences(result)[0]).toContain('goes on where it was interrupted');
  // A step may have been journalled in the moment before the signal came, so at least what was seen is kept.
  const kept = keptSteps(result);
  expect(kept).toBeGreaterThanOrEqual(stepsOf(killed).at(-1) ?? 0);
  const inPicture = expected.steps.slice(expected.steps.length - stepsOf(result).length);
  expect(stepsOf(result)).toEqual(inPicture);
  if (stepsOf(result).length > 0) expect(stepsOf(result)[0]).toBe(kept + 1);
  expect(await command.hashes()).toEqual(expected.hashes);
  expect(journalsIn(command.home)).toEqual([]);
  return result;
}

describe('SIGKILL', () => {
  it('while encoding', async () => {
    const command = new Command(SETTINGS);
    await expectGoesOn(command, await command.killAt('Encode on'));
  });

  it.each([1, 2, 3, 4])('after step %i', async (step) => {
    const command = new Command(SETTINGS);
    const killed = await command.killAt(`  step ${step} of 4`);
    expect(command.files().filter((name) => name === 'result.png')).toEqual([]);
    await expectGoesOn(command, killed);
  });

  it('while decoding', async () => {
    const command = new Command(SETTINGS);
    const result = await expectGoesOn(command, await command.killAt('Decode on'));
    expect(stepsOf(result)).toEqual([]);
    expect(result.lines).toContain('Encode: the latents of this picture were still there');
    expect(result.lines.filter((line) => line.startsWith('Encode'))).toHaveLength(1);
  });

  it.each(['pndm', 'dpmpp-2m', 'dpmpp-2m-sde', 'unipc', 'euler-ancestral', 'lcm'] as const)(
    'in the middle of the loop of %s',
    async (scheduler) => {
      const command = new Command({ ...SETTINGS, scheduler });
      await expectGoesOn(command, await command.killAt('  step 2 of'));
    },
  );

  it('in the second of three pictures', async () => {
    const command = new Command({ ...SETTINGS, count: 3 });
    const killed = await command.killAt('  step 2 of 4', 2);
    expect(command.files().filter((name) => name.startsWith('result'))).toEqual(['result-1.png']);
    const result = await expectGoesOn(command, killed);
    expect(sentences(result)[0]).toContain('1 finished picture');
  });

  it('with choices in the prompt and no seed: it goes on with the words and the seed that it began with', async () => {
    const command = new Command({ ...SETTINGS, prompt: 'a {red|blue|green|old|new} house', seed: null });
    await command.killAt('  step 2 of 4');
    const result = await command.run();
    expect(result.code, result.lines.join('\n')).toBe(0);
    expect(stepsOf(result)).toEqual([3, 4]);
  });

  it('twice in one job', async () => {
    const command = new Command(SETTINGS);
    await command.killAt('  step 1 of 4');
    await expectGoesOn(command, await command.killAt('  step 3 of 4'));
  });

  it('a changed command does not go on from it', async () => {
    const command = new Command(SETTINGS);
    await command.killAt('  step 2 of 4');
    const changed = { ...SETTINGS, seed: 8 };
    const args = ['img2img', INPUT_64, ...asArguments(changed), '-o', join(command.out, 'result.png')];
    const result = await runCli(args, { home: command.home });
    expect(sentences(result)).toEqual([]);
    expect(stepsOf(result)).toEqual([1, 2, 3, 4]);
    expect(await command.hashes()).toEqual((await undisturbed(changed)).hashes);
  });
});

describe('SIGINT', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '(%s) ends with code 7 and saves nothing; the same command goes on',
    async (signal) => {
      const command = new Command(SETTINGS);
      const cancelled = await command.run((line, kill) => line.startsWith('  step 2 of 4') && kill(signal));
      expect([cancelled.code, cancelled.signal]).toEqual([EXIT_CODES.cancelled, null]);
      expect(sentences(cancelled)).toEqual([cancelledError().message]);
      expect(cancelled.stdout).toBe('');
      expect(command.files()).toEqual([]);
      await expectGoesOn(command, cancelled);
    },
  );
});

describe('two equal commands at the same time', () => {
  it('both end with the same picture', async () => {
    const command = new Command(SETTINGS);
    const results = await Promise.all([command.run(), command.run(), command.run()]);
    for (const result of results) {
      expect(result.code, result.lines.join('\n')).toBe(0);
      expect(stepsOf(result)).toEqual([1, 2, 3, 4]);
    }
    expect(await command.hashes()).toEqual((await undisturbed(SETTINGS)).hashes);
    expect(journalsIn(command.home)).toEqual([]);
  });
});
