/** Places where nothing can be saved: a sentence, the right exit code, and no half-written file. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { journalsIn, runCli, sentences, stepsOf, type CliResult } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { INPUT_64 } from '../support/pictures';
import { asArguments, smallJob } from '../support/settings';

const { folder, home } = useCliFolder();

const save = (output: string, wrapper: string[] = []): Promise<CliResult> =>
  runCli(['img2img', INPUT_64, ...asArguments(smallJob({ strength: 0.25 })), '-o', output], {
    home,
    wrapper,
  });

function expectRefusal(result: CliResult, code: number, words: RegExp): void {
  const said = sentences(result);
  expect(said, result.lines.join('\n')).toHaveLength(1);
  expect(said[0]).toMatch(words);
  expect(result.code).toBe(code);
  expect(result.stdout).toBe('');
}

/** A folder that nobody may write into: root may write everywhere but into the kernel's own file system. */
async function readOnlyFolder(): Promise<string> {
  if (process.getuid?.() === 0) return process.platform === 'darwin' ? '/System/Library' : '/sys/kernel';
  const path = join(folder, 'locked');
  await mkdir(path, { mode: 0o555 });
  return path;
}

/** A shell line in a mount namespace of its own where `full` is a drive of one page, or null where that is not allowed. */
function onFullDrive(full: string, listing: string): string[] | null {
  const unshare = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-r', '-m'];
  const mount = 'mount -t tmpfs -o size=4k tmpfs "$1"';
  const [program = '', ...args] = unshare;
  try {
    execFileSync(program, [...args, 'sh', '-c', mount, 'sh', full], { stdio: 'ignore' });
  } catch {
    return null;
  }
  const script = `${mount} || exit 99; full="$1"; list="$2"; shift 2; "$@"; code=$?; ls -A "$full" > "$list"; exit $code`;
  return [...unshare, 'sh', '-c', script, 'sh', full, listing];
}

describe('an output that cannot be written', () => {
  it('because a file is in the way', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'in the way');
    expectRefusal(await save(join(file, 'result.png')), 2, /a file with that name is in the way/);
    expectRefusal(await save(join(file, 'deeper', 'result.png')), 2, /output folder .* is not usable/);
    expect(journalsIn(home)).toEqual([]);
  });

  it('because nothing can be made where it should go', async () => {
    // Node's recursive mkdir never ends there on Linux.
    const nowhere = process.platform === 'linux' ? '/proc/nowhere' : join(folder, 'file');
    if (process.platform !== 'linux') await writeFile(join(folder, 'file'), 'in the way');
    expectRefusal(await save(join(nowhere, 'deeper', 'result.png')), 2, /output folder .* is not usable/);
    expect(journalsIn(home)).toEqual([]);
  });

  it('because the folder is read-only', async () => {
    const locked = await readOnlyFolder();
    expectRefusal(await save(join(locked, 'result.png')), 2, /is not writable/);
    expectRefusal(await save(join(locked, 'inner', 'result.png')), 2, /cannot be made there/);
    expect(existsSync(join(locked, 'result.png'))).toBe(false);
    expect(journalsIn(home)).toEqual([]);
  });

  it('because the disk is full; the next run saves what was made, without a step', async () => {
    const full = join(folder, 'full');
    const listing = join(folder, 'listing');
    await mkdir(full);
    const wrapper = onFullDrive(full, listing);
    if (wrapper === null) {
      // No mounts here: a limit on the size of files takes the place of the full disk.
      expectRefusal(
        await save(join(full, 'result.png'), ['prlimit', '--fsize=4096']),
        2,
        /could not be saved/,
      );
      expect(await readdir(full)).toEqual([]);
      return;
    }
    const failed = await save(join(full, 'result.png'), wrapper);
    expectRefusal(failed, 1, /could not be saved because the disk is full/);
    expect(stepsOf(failed)).toEqual([1]);
    expect(await readFile(listing, 'utf8')).toBe('');
    expect(journalsIn(home)).toHaveLength(1);

    const saved = await save(join(full, 'result.png'));
    expect(saved.code).toBe(0);
    expect(stepsOf(saved)).toEqual([]);
    expect(await readdir(full)).toEqual(['result.png']);
    expect(journalsIn(home)).toEqual([]);
  });

  it('because the drive takes no file that large', async () => {
    const output = join(folder, 'limited');
    const wrapper = ['prlimit', '--fsize=1024'];
    const result = await save(
      join(output, 'result.png'),
      process.platform === 'linux' ? wrapper : ['sh', '-c', 'ulimit -f 2; exec "$@"', 'sh'],
    );
    expectRefusal(result, 2, /does not take a file that large/);
    expect(await readdir(output)).toEqual([]);
  });

  it('because the folder for unfinished jobs cannot be made', async () => {
    const file = join(folder, 'home-file');
    await writeFile(file, 'in the way');
    const args = ['img2img', INPUT_64, ...asArguments(smallJob()), '-o', join(folder, 'homeless.png')];
    expectRefusal(await runCli(args, { home: file }), 2, /UNDERPAINT_HOME/);
    expect(existsSync(join(folder, 'homeless.png'))).toBe(false);
  });

  it('because a folder has that very name', async () => {
    await mkdir(join(folder, 'taken-result', 'result.png', 'full'), { recursive: true });
    const result = await save(join(folder, 'taken-result', 'result.png'));
    // A folder named on purpose is a folder to write into.
    expect(result.code).toBe(0);
    expect(await readdir(join(folder, 'taken-result', 'result.png'))).toContain('input-64x64-underpaint.png');
  });
});
