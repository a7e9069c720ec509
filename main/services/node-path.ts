/** Finds the Node executable that runs the engine. Never Electron's own binary: its allocator ends the process on large tensors. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../shared/errors';

export interface NodeSearch {
  /** The executable that ships with a packaged app; null in development. */
  bundledNodeFile: string | null;
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  /** This process's own executable, which is Electron. */
  ownExecutable: string;
}

/**
 * Absolute path of a Node executable: the bundled one, or in development `UNDERPAINT_NODE`, npm's own, the first on PATH.
 * Throws `engine-died` when there is none.
 */
export function findNode(search: NodeSearch): string {
  if (search.bundledNodeFile !== null) {
    if (isExecutable(search.bundledNodeFile)) return search.bundledNodeFile;
    throw new AppError(
      'engine-died',
      'Underpaint cannot paint because a part of its installation is missing (the engine); install Underpaint again.',
      { details: `missing: ${search.bundledNodeFile}` },
    );
  }
  const nodeName = search.platform === 'win32' ? 'node.exe' : 'node';
  const onPath = (search.env['PATH'] ?? search.env['Path'] ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, nodeName));
  const candidates = [search.env['UNDERPAINT_NODE'], search.env['npm_node_execpath'], ...onPath];
  for (const candidate of candidates) {
    if (candidate === undefined || candidate === '' || candidate === search.ownExecutable) continue;
    if (isExecutable(candidate)) return candidate;
  }
  throw new AppError(
    'engine-died',
    'Underpaint cannot paint because no Node.js was found to run its engine; set UNDERPAINT_NODE to a Node.js 20 or newer.',
  );
}

function isExecutable(filePath: string): boolean {
  try {
    if (!statSync(filePath).isFile()) return false;
    accessSync(filePath, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
