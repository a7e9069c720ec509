// What the desktop tests need from a bare Linux machine: a display server, the libraries of Electron, and a software GPU driver.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runQuiet, say, ScriptError } from './bootstrap.mjs';
import { withLock } from './lock.mjs';

/** Debian package → a file that proves it is there. Newer Debian and Ubuntu name some of them with the ending t64. */
const PACKAGES = {
  xvfb: ['/usr/bin/Xvfb'],
  'libgtk-3-0': library('libgtk-3.so.0'),
  libnss3: library('libnss3.so'),
  libasound2: library('libasound.so.2'),
  libgbm1: library('libgbm.so.1'),
  libxss1: library('libXss.so.1'),
  'libatk-bridge2.0-0': library('libatk-bridge-2.0.so.0'),
  libdrm2: library('libdrm.so.2'),
  libvulkan1: library('libvulkan.so.1'),
  'fonts-dejavu-core': ['/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'],
};

const APT_ENV = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };

function library(name) {
  const folders = [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/usr/lib64',
    '/usr/lib',
    '/lib',
  ];
  return folders.map((folder) => `${folder}/${name}`);
}

function missingPackages() {
  return Object.keys(PACKAGES).filter((name) => !PACKAGES[name].some((path) => existsSync(path)));
}

/** Installs the missing system packages on Debian and Ubuntu as root; elsewhere says in one sentence which are missing. */
export async function ensureSystemPackages() {
  if (process.platform !== 'linux' || missingPackages().length === 0) return;
  await withLock(join(root, '.cache/apt.lock'), async () => {
    const missing = missingPackages();
    if (missing.length === 0) return;
    const canInstall = process.getuid() === 0 && existsSync('/usr/bin/apt-get');
    if (!canInstall) {
      throw new ScriptError(
        `The desktop tests need these system packages, which are not installed: ${missing.join(' ')}; install them (on Debian and Ubuntu: sudo apt-get install ${missing.join(' ')}) and try again.`,
      );
    }
    say(`Installing system packages for the desktop tests (once): ${missing.join(' ')} ...`);
    await apt(['update', '-qq']);
    const names = await Promise.all(missing.map(nameInThisRelease));
    await apt(['install', '-y', '-qq', '--no-install-recommends', ...names]);
    const still = missingPackages();
    if (still.length > 0)
      throw new ScriptError(`apt-get installed ${names.join(' ')}, but ${still.join(' ')} is still missing.`);
  });
}

async function nameInThisRelease(name) {
  const { output } = await runQuiet('apt-cache', ['policy', `${name}t64`], { env: APT_ENV });
  return /Candidate: (?!\(none\))\S/.test(output) ? `${name}t64` : name;
}

async function apt(args) {
  const wait = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2'];
  const { code, output } = await runQuiet('apt-get', [...wait, ...args], { env: APT_ENV });
  if (code !== 0) throw new ScriptError(`apt-get ${args[0]} failed:\n${output.trim()}`);
}

/**
 * Environment that makes WebGPU run on the software Vulkan driver which every Electron carries: { VK_DRIVER_FILES,
 * VK_ICD_FILENAMES, TEST_VK_ICD }, or {} where there is none (not Linux, or a runtime without it).
 */
export function softwareGpuEnv(electronDist) {
  const icd = join(electronDist, 'vk_swiftshader_icd.json');
  if (process.platform !== 'linux' || !existsSync(icd)) return {};
  JSON.parse(readFileSync(icd, 'utf8')); // a broken driver file would only show as "no adapter" much later
  return { VK_DRIVER_FILES: icd, VK_ICD_FILENAMES: icd, TEST_VK_ICD: icd };
}
