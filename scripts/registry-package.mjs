// Fetches one pinned package from the package registry into a cache folder, checks its hash, and unpacks what is wanted of it.
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { npmCommand, root, runQuiet, say, ScriptError } from './bootstrap.mjs';
import { withLock } from './lock.mjs';

/** The folder for downloads that several checkouts share: UNDERPAINT_CACHE, the user's cache folder, or one in the checkout. */
export function cacheFolder() {
  const wanted = [
    process.env.UNDERPAINT_CACHE,
    process.env.XDG_CACHE_HOME && join(process.env.XDG_CACHE_HOME, 'underpaint'),
    join(homedir(), '.cache/underpaint'),
    join(root, '.cache/underpaint'),
  ];
  for (const folder of wanted) {
    if (!folder) continue;
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      continue; // a read-only home folder: take the next
    }
  }
  throw new ScriptError(
    `No folder for downloads could be made: set UNDERPAINT_CACHE to one that can be written.`,
  );
}

/**
 * The folder that `unpack(tarballPath, folder)` filled from `name@version`; done once per version and machine.
 * `integrity` is the registry's sha512 of the tarball: another file is refused.
 */
export async function fetchRegistryPackage({ name, version, integrity, what, unpack }) {
  const slug = `${name.replace(/[@/]/g, '-').replace(/^-/, '')}-${version}`;
  const cache = cacheFolder();
  const folder = join(cache, slug);
  if (existsSync(folder)) return folder;
  await withLock(join(cache, `${slug}.lock`), async () => {
    if (existsSync(folder)) return;
    const work = join(cache, `${slug}.partial`);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(join(work, 'files'), { recursive: true });
    try {
      say(`Fetching ${what} (${name}@${version}) from the registry, once ...`);
      const tarball = await pack(`${name}@${version}`, work);
      const actual = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
      if (actual !== integrity) {
        throw new ScriptError(
          `${name}@${version} from the registry is not the file that this repository pins (${actual}): nothing of it was used.`,
        );
      }
      await unpack(tarball, join(work, 'files'));
      renameSync(join(work, 'files'), folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
  return folder;
}

async function pack(spec, folder) {
  const [command, lead, options] = npmCommand();
  const args = [...lead, 'pack', spec, '--silent', '--ignore-scripts', '--pack-destination', folder];
  const { code, output } = await runQuiet(command, args, { cwd: folder, ...options });
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (code !== 0 || !file) {
    throw new ScriptError(
      `${spec} could not be fetched, because npm failed; check the connection to the package registry and try again. ${output.trim()}`,
    );
  }
  return join(folder, file);
}
