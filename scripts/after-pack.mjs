// electron-builder's afterPack hook: puts the engine beside app.asar. It runs in plain Node, which can not read an asar archive, so it
// gets its own Node executable, its two programs, and of node_modules only what they load on this platform.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root } from './bootstrap.mjs';
import { fetchEngineNode } from './engine-node.mjs';

/** electron-builder's numbers for processor types (its enum Arch). */
const ARCHES = { 0: 'ia32', 1: 'x64', 2: 'armv7l', 3: 'arm64', 4: 'universal' };

/** Named by the engine's bundles; everything else is inside them. */
const ENGINE_PACKAGES = ['onnxruntime-node', 'sharp'];

/** Dependencies that only onnxruntime-node's install script uses. */
const INSTALL_ONLY = new Set(['adm-zip', 'global-agent']);

/** What of a package is not needed to run it. */
const LEFT_OUT = /(^|\/)(script|install|src|README\.md|[^/]*\.map|[^/]*\.d\.[cm]?ts)$/;

export default async function afterPack({
  appOutDir,
  electronPlatformName: platform,
  arch: archNumber,
  packager,
}) {
  const arch = ARCHES[archNumber];
  const resources =
    platform === 'darwin'
      ? join(appOutDir, `${packager.appInfo.productFilename}.app/Contents/Resources`)
      : join(appOutDir, 'resources');
  const beside = join(resources, 'app.asar.unpacked');
  for (const name of ['engine.cjs', 'cli.cjs']) {
    cpSync(join(root, 'out/main', name), join(beside, 'out/main', name));
  }
  for (const name of packagesOf(ENGINE_PACKAGES, platform, arch)) copyPackage(name, beside);
  pruneOnnxRuntime(join(beside, 'node_modules/onnxruntime-node/bin/napi-v6'), platform, arch);
  cpSync(await fetchEngineNode(platform, arch), join(resources, 'engine-node'), { recursive: true });
  writeLauncher(join(resources, 'bin'), platform);
}

/** The packages and everything they need at run time, without other platforms' native parts. */
function packagesOf(names, platform, arch, found = new Set()) {
  for (const name of names) {
    if (found.has(name) || INSTALL_ONLY.has(name)) continue;
    const file = join(root, 'node_modules', name, 'package.json');
    if (!existsSync(file)) continue; // an optional part for another platform
    const { dependencies = {}, optionalDependencies = {}, os, cpu } = JSON.parse(readFileSync(file, 'utf8'));
    if ((os && !os.includes(platform)) || (cpu && !cpu.includes(arch))) continue;
    found.add(name);
    packagesOf([...Object.keys(dependencies), ...Object.keys(optionalDependencies)], platform, arch, found);
  }
  return found;
}

function copyPackage(name, beside) {
  const from = join(root, 'node_modules', name);
  cpSync(from, join(beside, 'node_modules', name), {
    recursive: true,
    dereference: true,
    filter: (path) => !LEFT_OUT.test(path.slice(from.length).replaceAll('\\', '/')),
  });
}

/** onnxruntime-node carries every platform (291 MB): keeps one, and one of two identical libraries on macOS. */
function pruneOnnxRuntime(folder, platform, arch) {
  for (const other of readdirSync(folder)) {
    if (other !== platform) rmSync(join(folder, other), { recursive: true });
  }
  for (const other of readdirSync(join(folder, platform))) {
    if (other !== arch) rmSync(join(folder, platform, other), { recursive: true });
  }
  const kept = join(folder, platform, arch);
  for (const name of readdirSync(kept)) {
    if (/^libonnxruntime\.\d+\.\d+\.\d+\.dylib$/.test(name)) rmSync(join(kept, name)); // the binding links the short name
  }
  if (!existsSync(join(kept, 'onnxruntime_binding.node'))) {
    throw new Error(`onnxruntime-node has no library for ${platform}-${arch}.`);
  }
}

/** `bin/underpaint`: the command line of an installed app, run by its own Node. */
function writeLauncher(folder, platform) {
  mkdirSync(folder, { recursive: true });
  if (platform === 'win32') {
    const lines = [
      '@echo off',
      '"%~dp0..\\engine-node\\node.exe" "%~dp0..\\app.asar.unpacked\\out\\main\\cli.cjs" %*',
    ];
    writeFileSync(join(folder, 'underpaint.cmd'), `${lines.join('\r\n')}\r\n`);
    return;
  }
  const script = `#!/bin/sh
# The Underpaint command line, run by the Node.js that comes with the app.
file=$0
while [ -L "$file" ]; do
  link=$(readlink "$file")
  case $link in /*) file=$link ;; *) file=\${file%/*}/$link ;; esac
done
resources=$(cd "\${file%/*}/.." && pwd)
export MALLOC_TRIM_THRESHOLD_=131072 GLIBC_TUNABLES=glibc.malloc.hugetlb=1
exec "$resources/engine-node/node" "$resources/app.asar.unpacked/out/main/cli.cjs" "$@"
`;
  writeFileSync(join(folder, 'underpaint'), script);
  chmodSync(join(folder, 'underpaint'), 0o755);
}
