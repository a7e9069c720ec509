/** Paths, the search for Node, the engine's environment, window bounds, file names, task bar. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveAppPaths, type PathSources } from '../../../main/app-paths';
import { copyFileAtomic } from '../../../main/services/atomic-file';
import { engineEnvironment } from '../../../main/services/engine-environment';
import { findNode } from '../../../main/services/node-path';
import { suggestName } from '../../../main/services/requests';
import { fitBounds, MINIMUM_SIZE } from '../../../main/services/window-bounds';
import {
  functionName,
  PAGE_EVENTS,
  PAGE_REQUESTS,
  PRELOAD_REQUESTS,
  subscriptionName,
} from '../../../shared/bridge';
import { EVENTS, REQUESTS } from '../../../shared/contract';
import { temporaryFolder } from '../../support/temporary-folder';

const sources = (more: Partial<PathSources> = {}): PathSources => ({
  env: {},
  appDataFolder: '/data',
  isPackaged: false,
  appPath: '/runtime/resources/app',
  resourcesPath: '/runtime/resources',
  platform: 'linux',
  fileExists: () => true,
  ...more,
});

describe('resolveAppPaths', () => {
  it('keeps everything of the person in one folder, which the environment may name', () => {
    expect(resolveAppPaths(sources()).home).toBe(path.resolve('/data/Underpaint'));
    const paths = resolveAppPaths(sources({ env: { UNDERPAINT_HOME: '/elsewhere' } }));
    for (const folder of [paths.settingsFile, paths.sourcesFolder, paths.jobsFolder, paths.resultsFolder])
      expect(folder.startsWith(path.resolve('/elsewhere') + path.sep)).toBe(true);
  });

  it('takes engine and starter from the checkout in development', () => {
    const paths = resolveAppPaths(sources({ env: { UNDERPAINT_APP_ROOT: '/checkout' } }));
    expect(paths.engineFile).toBe(path.join('/checkout', 'out/main/engine.cjs'));
    expect(paths.starterFolder).toBe(path.join('/checkout', 'models/starter'));
    expect(paths.preloadFile).toBe(path.join('/runtime/resources/app', 'out/preload/preload.cjs'));
    expect(paths.bundledNodeFile).toBeNull();
  });

  it('takes them from the resources when packaged, whatever the environment says', () => {
    const packaged = sources({
      isPackaged: true,
      appPath: '/opt/app/resources/app.asar',
      resourcesPath: '/opt/app/resources',
      env: { UNDERPAINT_APP_ROOT: '/evil' },
    });
    const paths = resolveAppPaths(packaged);
    expect(paths.engineFile).toBe(path.join('/opt/app/resources/app.asar.unpacked/out/main/engine.cjs'));
    expect(paths.starterFolder).toBe(path.join('/opt/app/resources/models/starter'));
    expect(paths.bundledNodeFile).toBe(path.join('/opt/app/resources/engine-node/node'));
    expect(resolveAppPaths({ ...packaged, platform: 'win32' }).bundledNodeFile).toMatch(/node\.exe$/);
    const plain = resolveAppPaths({ ...packaged, appPath: '/opt/app/resources/app' });
    expect(plain.engineFile).toBe(path.join('/opt/app/resources/app/out/main/engine.cjs'));
  });
});

describe('findNode', () => {
  const nodeName = process.platform === 'win32' ? 'node.exe' : 'node';
  const executable = (folder: string, name = nodeName): string => {
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, name);
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o755);
    return file;
  };
  const search = (env: Record<string, string>, bundledNodeFile: string | null = null, own = '/electron') =>
    findNode({ env, bundledNodeFile, platform: process.platform, ownExecutable: own });

  it('prefers UNDERPAINT_NODE, then npm, then PATH', () => {
    const folder = temporaryFolder();
    const wanted = executable(path.join(folder, 'a'), 'my-node');
    const npm = executable(path.join(folder, 'b'));
    const onPath = executable(path.join(folder, 'c'));
    const env = {
      UNDERPAINT_NODE: wanted,
      npm_node_execpath: npm,
      PATH: ['/nowhere', path.dirname(onPath)].join(path.delimiter),
    };
    expect(search(env)).toBe(wanted);
    expect(search({ ...env, UNDERPAINT_NODE: '/missing' })).toBe(npm);
    expect(search({ PATH: env.PATH })).toBe(onPath);
  });

  it('never takes Electron itself, a folder, or a file that cannot run', () => {
    const folder = temporaryFolder();
    const electron = executable(folder);
    const data = path.join(folder, 'data');
    writeFileSync(data, '');
    chmodSync(data, 0o644);
    // Windows has no bit that says whether a file can run.
    const useless = process.platform === 'win32' ? [electron, folder] : [electron, folder, data];
    for (const candidate of useless)
      expect(() => search({ UNDERPAINT_NODE: candidate, PATH: folder }, null, electron)).toThrow(
        /no Node\.js was found/,
      );
  });

  it('takes only its own Node when packaged', () => {
    const folder = temporaryFolder();
    const bundled = executable(path.join(folder, 'engine-node'));
    expect(search({ UNDERPAINT_NODE: '/other' }, bundled)).toBe(bundled);
    const other = executable(path.join(folder, 'other'));
    expect(() => search({ UNDERPAINT_NODE: other }, path.join(folder, 'missing'))).toThrow(/install/);
  });
});

describe('engineEnvironment', () => {
  it('passes on what the engine needs and nothing else', () => {
    const env = engineEnvironment(
      {
        PATH: '/bin',
        UNDERPAINT_DEBUG: '1',
        NODE_OPTIONS: '--inspect',
        ELECTRON_RUN_AS_NODE: '1',
        SECRET_TOKEN: 'x',
      },
      { home: '/home', starterFolder: '/starter' },
    );
    expect(env).toEqual({
      PATH: '/bin',
      UNDERPAINT_DEBUG: '1',
      UNDERPAINT_HOME: '/home',
      UNDERPAINT_STARTER: '/starter',
      MALLOC_TRIM_THRESHOLD_: '131072',
      GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
    });
  });
});

describe('fitBounds', () => {
  const left = { x: 0, y: 0, width: 1920, height: 1040 };
  const right = { x: 1920, y: 0, width: 1280, height: 984 };

  it('opens where the window was', () => {
    const wanted = { x: 2000, y: 50, width: 1000, height: 800 };
    expect(fitBounds(wanted, [left, right])).toEqual(wanted);
  });

  it.each([
    { x: 2000, y: 50 }, // the second screen is gone
    { x: -990, y: 0 },
    { x: 100, y: -200 }, // the title bar would be out of reach
    { x: 100, y: 1030 },
    { x: 1900, y: 0 },
  ])('centres a window that nobody could find at %j', (place) => {
    expect(fitBounds({ ...place, width: 1000, height: 800 }, [left])).toEqual({ width: 1000, height: 800 });
  });

  it('is never larger than the screen nor smaller than usable', () => {
    expect(fitBounds({ x: 0, y: 0, width: 5000, height: 5000 }, [left])).toEqual({ ...left });
    expect(fitBounds({ width: 10, height: 10 }, [left])).toEqual({ ...MINIMUM_SIZE });
    expect(fitBounds(null, [{ x: 0, y: 0, width: 1024, height: 700 }])).toEqual({ width: 1024, height: 700 });
  });
});

describe('the bridge', () => {
  it('names every request but those with a path, and every event', () => {
    expect([...PAGE_REQUESTS, ...PRELOAD_REQUESTS].sort()).toEqual(Object.keys(REQUESTS).sort());
    expect([...PAGE_EVENTS].sort()).toEqual(Object.keys(EVENTS).sort());
    expect(functionName('source.import-bytes')).toBe('sourceImportBytes');
    expect(subscriptionName('results.added')).toBe('onResultsAdded');
  });
});

describe('saving', () => {
  it('suggests names that every file system takes', () => {
    expect(suggestName('sketch.png', 7)).toBe('sketch-7');
    expect(suggestName('b:c*?"<>|\n.jpeg', 0)).toBe('b_c______-0');
    expect(suggestName('', 1)).toBe('picture-1');
    expect(suggestName('x'.repeat(300), 1).length).toBeLessThan(100);
  });

  it('replaces a file as a whole and leaves no half of it', async () => {
    const folder = temporaryFolder();
    const [from, to] = [path.join(folder, 'from'), path.join(folder, 'to')];
    writeFileSync(from, 'new');
    writeFileSync(to, 'old');
    await copyFileAtomic(from, to);
    expect(readFileSync(to, 'utf8')).toBe('new');
    await expect(copyFileAtomic(path.join(folder, 'missing'), to)).rejects.toThrow();
    expect(readFileSync(to, 'utf8')).toBe('new');
    expect(readdirSync(folder).sort()).toEqual(['from', 'to']);
  });
});
