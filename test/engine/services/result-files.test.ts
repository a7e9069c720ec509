/** Results on their way out, on the real engine: formats with settings that a foreign reader finds, names, nothing overwritten. */
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ExifReader from 'exifreader';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeServices, type Services } from '../../../main/services/make-services';
import { answerRequest } from '../../../main/services/request-door';
import type { ClipboardPicture } from '../../../main/services/requests';
import type { RequestName } from '../../../shared/contract';
import { encodePicture } from '../../../main/engine/image/write';
import { readPicture } from '../../../main/engine/image/read';
import { NO_KEY_STORE } from '../../support/key-stores';
import { seedResults } from '../../support/seed-results.mjs';
import { temporaryFolder } from '../../support/temporary-folder';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const starterFolder = path.join(root, 'models', 'starter');
const PARAMETERS = 'a harbour 0 at dusk, 猫\nSteps: 4, Sampler: DDIM, CFG scale: 2, Seed: 0, Size: 32x24';
const JSON_TEXT = JSON.stringify({ app: 'underpaint', prompt: 'a harbour 0 at dusk, 猫', seed: 0 });
const RESULT = 'seeded-0-0';

interface Bench {
  services: Services;
  home: string;
  out: string;
  /** What the save dialog answers next; null closes it. */
  pick: string | null;
  suggested: string[];
  dragged: string[][];
  copied: { file?: string; picture?: string };
  clipboard: ClipboardPicture | null;
  ask: (name: RequestName, payload: unknown) => Promise<unknown>;
}

async function makeBench(home = temporaryFolder()): Promise<Bench> {
  const at = (name: string): string => path.join(home, name);
  const out = at('out');
  mkdirSync(out, { recursive: true });
  const bench: Omit<Bench, 'services' | 'ask'> = {
    home,
    out,
    pick: null,
    suggested: [],
    dragged: [],
    copied: {},
    clipboard: null,
  };
  const services = makeServices({
    paths: {
      home,
      settingsFile: at('settings.json'),
      tokensFile: at('tokens.json'),
      sourcesFolder: at('sources'),
      jobsFolder: at('jobs'),
      resultsFolder: at('results'),
      thumbnailsFolder: at('thumbnails'),
      exportsFolder: at('exports'),
      promptsFile: at('prompts.json'),
      liveFolder: path.join(home, 'live'),
      starterFolder,
      engineFile: path.join(root, 'out', 'main', 'engine.cjs'),
      bundledNodeFile: null,
    },
    env: { ...process.env, UNDERPAINT_NODE: process.execPath },
    platform: process.platform,
    ownExecutable: '',
    version: '0.0.0',
    desktop: {
      pickPicture: async () => null,
      pickFolder: async () => null,
      pickSavePath: async ({ name, folder, extension }) => {
        bench.suggested.push(`${folder ?? ''}|${name}.${extension}`);
        return bench.pick;
      },
      trashFile: async () => {},
      revealFile: () => {},
      copyText: async () => {},
      versions: () => ({}),
      runCommand: () => {},
      enableCommands: () => {},
      letWindowGo: () => {},
      dragFile: (...files) => bench.dragged.push(files),
      copyFile: async (file) => void (bench.copied.file = file),
      copyPicture: async (picture) => void (bench.copied.picture = picture),
      readClipboard: async () => bench.clipboard,
    },
    keyStore: NO_KEY_STORE,
    log: () => {},
    languageFor: (chosen) => chosen ?? 'en',
    applyPreferences: () => {},
    isWindowVisible: () => true,
    send: () => {},
    announceEnd: () => {},
    keepAwake: () => {},
    showProgress: () => {},
  });
  await services.settings.load();
  await services.load();
  await services.loadResults();
  onTestFinished(() => services.close());
  return Object.assign(bench, {
    services,
    ask: async (name: RequestName, payload: unknown) => {
      const answer = await answerRequest(services.handlers, name, payload, () => {});
      if (!answer.ok) throw new Error(answer.error.message);
      return answer.value;
    },
  });
}

/** Three results of one picture with transparency, made with settings inside. */
let picture: Buffer;
beforeAll(async () => {
  const pixels = 32 * 24;
  const rgb = Buffer.from(Array.from({ length: pixels * 3 }, (_, i) => (i * 7) % 256));
  const alpha = Buffer.from(Array.from({ length: pixels }, (_, i) => (i % 5 === 0 ? 0 : 255)));
  const settings = { parameters: PARAMETERS, json: JSON_TEXT };
  picture = await encodePicture({ width: 32, height: 24, rgb, alpha }, 'png', settings);
});

async function withResults(): Promise<Bench> {
  const home = temporaryFolder();
  seedResults(home, 3);
  writeFileSync(path.join(home, 'results', '2026-02-01', 'seeded.png'), picture);
  return makeBench(home);
}

/** What a reader of other people's finds: the A1111 text, and our JSON in XMP. */
function foreignReading(file: string): { parameters: string; json: string } {
  const tags = ExifReader.load(readFileSync(file));
  const text = (name: string): string => String(tags[name]?.description);
  if (file.endsWith('.png')) return { parameters: text('parameters'), json: text('underpaint') };
  const comment: unknown = tags['UserComment'];
  const value = typeof comment === 'object' && comment !== null && 'value' in comment ? comment.value : null;
  const bytes = Buffer.from(Array.isArray(value) ? value.map(Number) : []);
  expect(bytes.toString('latin1', 0, 8)).toBe('UNICODE\0');
  const parameters = Buffer.from(bytes.subarray(8)).swap16().toString('utf16le');
  return { parameters, json: text('settings') };
}

describe('saving', () => {
  it('writes every format with settings that another reader finds', async () => {
    const bench = await withResults();
    for (const format of ['png', 'jpg', 'webp'] as const) {
      bench.pick = path.join(bench.out, `mine.${format}`);
      expect(await bench.ask('result.save', { resultId: RESULT })).toEqual({ path: bench.pick });
      const saved = await readPicture(bench.pick);
      expect([saved.width, saved.height, saved.alpha !== null]).toEqual([32, 24, format !== 'jpg']);
      expect(foreignReading(bench.pick)).toEqual({ parameters: PARAMETERS, json: JSON_TEXT });
      // The same format is the same file, byte for byte.
      expect(readFileSync(bench.pick).equals(picture)).toBe(format === 'png');
    }
  });

  it('suggests a free name of the template in the last folder, and takes the wanted format', async () => {
    const bench = await withResults();
    await bench.ask('export.change', { format: 'webp', quality: 60, fileName: '{prompt}: {seed}' });
    bench.pick = path.join(bench.out, 'first');
    expect(await bench.ask('result.save', { resultId: RESULT })).toEqual({
      path: path.join(bench.out, 'first.webp'),
    });
    writeFileSync(path.join(bench.out, 'a harbour 0 at dusk_ 0.webp'), 'mine');
    bench.pick = null;
    expect(await bench.ask('result.save', { resultId: RESULT })).toBeNull();
    expect(bench.suggested).toEqual([
      '|a harbour 0 at dusk_ 0.webp',
      `${bench.out}|a harbour 0 at dusk_ 0 (2).webp`,
    ]);
    expect(await bench.ask('export.read', null)).toMatchObject({
      format: 'webp',
      quality: 60,
      folder: bench.out,
    });
  });

  it('saves without asking, and never over a file that is there', async () => {
    const bench = await withResults();
    bench.pick = path.join(bench.out, 'first.png');
    await bench.ask('result.save', { resultId: RESULT, isAsking: false });
    await bench.ask('export.change', { format: 'same', quality: 95, fileName: 'x{n}' });
    writeFileSync(path.join(bench.out, 'x2.png'), 'mine');
    for (const expected of ['x1.png', 'x3.png', 'x4.png']) {
      expect(await bench.ask('result.save', { resultId: RESULT, isAsking: false })).toEqual({
        path: path.join(bench.out, expected),
      });
    }
    expect(readFileSync(path.join(bench.out, 'x2.png'), 'utf8')).toBe('mine');
    await bench.ask('export.change', { format: 'jpg', quality: 30, fileName: 'same' });
    await bench.ask('result.save', { resultId: RESULT, isAsking: false });
    await bench.ask('result.save', { resultId: RESULT, isAsking: false });
    expect(readdirSync(bench.out).sort()).toEqual([
      'first.png',
      'same (2).jpg',
      'same.jpg',
      'x1.png',
      'x2.png',
      'x3.png',
      'x4.png',
    ]);
    expect(readdirSync(path.join(bench.home, 'exports'))).toEqual([]);
    expect(suggestedOnce(bench)).toBe(true);
  });

  it('says in a sentence when a folder is gone', async () => {
    const bench = await withResults();
    bench.pick = path.join(bench.out, 'gone', 'a.webp');
    await expect(bench.ask('result.save', { resultId: RESULT })).rejects.toThrow(
      'The picture could not be saved as a.webp because that folder cannot be written',
    );
  });
});

const suggestedOnce = ({ suggested }: Bench): boolean => suggested.length === 1;

describe('handing out', () => {
  it('drags a copy with a speaking name and a small PNG, copies files and pixels, and tidies up later', async () => {
    const bench = await withResults();
    await bench.ask('result.drag', { resultId: RESULT });
    const [file = '', icon = ''] = bench.dragged[0] ?? [];
    expect(path.basename(file)).toBe('2026-01-25 a harbour 0 at dusk 0.png');
    expect(readFileSync(file).equals(picture)).toBe(true);
    expect((await readPicture(icon)).width).toBe(32);
    expect(icon.endsWith('.png')).toBe(true);
    writeFileSync(file, 'spoilt by another program');
    expect(readFileSync(path.join(bench.home, 'results', '2026-02-01', 'seeded.png')).equals(picture)).toBe(
      true,
    );

    await bench.ask('result.copy', { resultId: RESULT, as: 'file' });
    expect(bench.copied.file).toBe(file);
    expect(readFileSync(file).equals(picture)).toBe(true);
    await bench.ask('result.copy', { resultId: RESULT, as: 'picture' });
    expect(bench.copied.picture).toBe(path.join(bench.home, 'results', '2026-02-01', 'seeded.png'));

    await bench.services.close();
    const handedOut = path.dirname(file);
    const fresh = path.join(bench.home, 'exports', 'fresh');
    mkdirSync(fresh);
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    utimesSync(handedOut, twoDaysAgo, twoDaysAgo);
    await makeBench(bench.home);
    await expect.poll(() => existsSync(handedOut), { timeout: 10_000 }).toBe(false);
    expect(existsSync(fresh)).toBe(true);
  });
});

describe('inputs', () => {
  it('that are shown smaller are there in their own size for the lens', async () => {
    const bench = await makeBench();
    const rgb = Buffer.alloc(2100 * 8 * 3, 90);
    const bytes = await encodePicture({ width: 2100, height: 8, rgb }, 'png', { parameters: '', json: '{}' });
    const source = await bench.services.sources.importBytes(bytes, 'wide.png');
    expect(source.fullUrl).toBe(`app://underpaint/media/source-full/${source.id}`);
    const widthOf = async (file: string | null): Promise<number> => (await readPicture(file ?? '')).width;
    expect(await widthOf(bench.services.sources.previewPath(source.id))).toBe(2048);
    expect(await widthOf(await bench.services.sources.fullPath(source.id))).toBe(2100);
    const small = await bench.services.sources.importBytes(new Uint8Array(picture), 'small.png');
    expect(small.fullUrl).toBeUndefined();
    expect(await bench.services.sources.fullPath('unknown')).toBeNull();
  });

  it('are offered again, the newest first, over a restart, until they are left out', async () => {
    const bench = await makeBench();
    const sketch = path.join(starterFolder, 'sketch.png');
    bench.clipboard = { path: sketch };
    expect(await bench.ask('source.paste', null)).toMatchObject({ name: 'sketch.png' });
    bench.clipboard = { bytes: new Uint8Array(picture), name: 'pasted.png' };
    expect(await bench.ask('source.paste', null)).toMatchObject({ name: 'pasted.png', hasAlpha: true });
    bench.clipboard = null;
    expect(await bench.ask('source.paste', null)).toBeNull();
    await bench.services.close();
    const again = await makeBench(bench.home);
    const names = async (): Promise<string[]> =>
      ((await again.ask('source.recent', null)) as { name: string }[]).map(({ name }) => name);
    expect(await names()).toEqual(['pasted.png', 'sketch.png']);
    const [, sketchEntry] = (await again.ask('source.recent', null)) as { id: string }[];
    const sourceId = sketchEntry?.id ?? '';
    const small = await again.services.sourceThumbnails.pathOf(sourceId);
    expect((await readPicture(small ?? '')).width).toBeLessThanOrEqual(320);
    await again.ask('source.use-recent', { sourceId });
    expect(await names()).toEqual(['sketch.png', 'pasted.png']);
    await again.ask('source.forget-recent', { sourceId });
    expect(await names()).toEqual(['pasted.png']);
    // Results that were made from it still find it.
    expect(await again.services.sources.find(sourceId)).toMatchObject({ name: 'sketch.png' });
  });
});
