/** The packed app: started without Node on the machine and with an empty home folder, it does the main job with what it brings. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablesBelow, packApp, sizeBytesOf, startPackedApp } from '../support/packaged-app';

const RESULT_TIMEOUT_MS = 120_000;
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Marks the fuses inside an Electron executable; then come a version byte, a length byte and one character per fuse. */
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

let folder: string;
const inResources = (...path: string[]): string => join(folder, 'resources', ...path);

beforeAll(async () => {
  folder = await packApp();
});

describe('the packed folder', () => {
  it('carries native files of this platform only', () => {
    const native = inResources('app.asar.unpacked/node_modules/onnxruntime-node/bin/napi-v6');
    expect(readdirSync(native)).toEqual([process.platform]);
    expect(readdirSync(join(native, process.platform))).toEqual([process.arch]);
    const parts = readdirSync(inResources('app.asar.unpacked/node_modules/@img')).filter((name) =>
      name.startsWith('sharp'),
    );
    expect(parts.filter((name) => !name.endsWith(`${process.platform}-${process.arch}`))).toEqual([]);
    expect(parts.length).toBeGreaterThan(0);
  });

  it('carries the starter model without what made it, and no engine code twice', () => {
    expect(existsSync(inResources('models/starter/model_index.json'))).toBe(true);
    expect(existsSync(inResources('models/starter/train'))).toBe(false);
    const archive = readFileSync(inResources('app.asar'), 'latin1');
    expect(archive).toContain('index.cjs');
    expect(archive).not.toContain('onnxruntime_binding.node"');
  });

  it('has its fuses set: no plain Node, no NODE_OPTIONS, no inspector, only the archive', () => {
    const executable = readFileSync(join(folder, 'underpaint'));
    const at = executable.indexOf(FUSE_SENTINEL);
    expect(at).toBeGreaterThan(0);
    const wire = executable.toString('latin1', at + FUSE_SENTINEL.length + 2, at + FUSE_SENTINEL.length + 8);
    // In order: runAsNode, cookieEncryption, nodeOptions, nodeCliInspect, asarIntegrity, onlyLoadAppFromAsar.
    expect(wire).toMatch(/^0[01]0011$/);
  });

  it('stays small enough, and says how large each part is', () => {
    const parts = {
      all: sizeBytesOf(folder),
      'engine-node': sizeBytesOf(inResources('engine-node')),
      'engine packages': sizeBytesOf(inResources('app.asar.unpacked/node_modules')),
      'starter model': sizeBytesOf(inResources('models/starter')),
      'shell and page': statSync(inResources('app.asar')).size,
    };
    for (const [name, bytes] of Object.entries(parts)) console.log(`${name}: ${(bytes / 1e6).toFixed(1)} MB`);
    expect(parts.all).toBeLessThan(500e6);
    expect(parts['engine packages']).toBeLessThan(80e6);
    expect(parts['shell and page']).toBeLessThan(6e6);
  });
});

describe('the packed app', () => {
  let app: Awaited<ReturnType<typeof startPackedApp>>;

  beforeAll(async () => {
    app = await startPackedApp(folder);
  });
  afterAll(async () => {
    await app.close();
  });

  it('opens its window and makes a picture from the bundled sketch with its own Node', async () => {
    const generate = app.page.getByRole('button', { name: /^Generate/ });
    await generate.waitFor();
    await expect.poll(() => generate.getAttribute('aria-disabled'), { timeout: 30_000 }).not.toBe('true');
    await generate.click();
    const result = app.page.getByRole('img', { name: /^Result/ }).first();
    await result.waitFor({ timeout: RESULT_TIMEOUT_MS });
    await expect
      .poll(() => result.evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(0);

    const pid = app.process.pid ?? -1;
    expect(executablesBelow(pid)).toContain(inResources('engine-node/node'));
    const results = join(app.home, '.config/Underpaint/results');
    const files = readdirSync(results, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.png'),
    );
    expect(files).toHaveLength(1);
    expect(readFileSync(join(results, files[0] ?? '')).subarray(0, 8)).toEqual(PNG_SIGNATURE);
  });
});

describe('the command line of the packed app', () => {
  it('answers without Node on the machine', async () => {
    const { stdout } = await promisify(execFile)(inResources('bin/underpaint'), ['doctor', '--json'], {
      env: { HOME: '/nonexistent', PATH: '/nonexistent' },
    });
    expect(JSON.parse(stdout)).toBeTypeOf('object');
  });
});
