/** The gallery finds everything, and survives corrupt lines, half lines, a lost or damaged index, and pictures that are gone. */
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Gallery } from '../../../main/services/gallery';
import type { PictureContent } from '../../../main/services/lost-pictures';
import type { ResultView } from '../../../shared/contract';
import { gallerySearchSchema, type GallerySearch } from '../../../shared/gallery';
import { generationSettingsSchema, type GenerationSettings } from '../../../shared/generation';
import type { JobReport } from '../../../shared/job';
import { temporaryFolder } from '../../support/temporary-folder';

const settings = generationSettingsSchema.parse({ prompt: 'a boat', seed: 7 });

function reportOf(paths: string[]): JobReport {
  return {
    outputs: paths.map((file, index) => ({
      path: file,
      seed: 7 + index,
      width: 64,
      height: 48,
      sha256: 'f'.repeat(64),
    })),
    model: { id: 'starter', family: 'sd2', revision: 'r' },
    prompt: 'a boat',
    negativePrompt: '',
    loras: [],
    strength: 0.5,
    steps: 4,
    stepsRun: 2,
    guidance: 2,
    scheduler: 'ddim',
    workingWidth: 64,
    workingHeight: 48,
    input: { width: 64, height: 48, format: 'png', orientation: 1, profile: 'sRGB', hasAlpha: false },
    stages: [],
    notices: [],
    totalMs: 1,
    sessionRunMs: 1,
    peakRssBytes: 1,
  };
}

const opened = new Map<string, Gallery>();
afterEach(async () => {
  for (const gallery of opened.values()) await gallery.close();
  opened.clear();
});

/** Opens the gallery of a folder; one that was open there before is closed, as at a restart. */
async function open(folder: string, log: string[] = []): Promise<Gallery> {
  await opened.get(folder)?.close();
  const gallery = new Gallery(folder, (text) => log.push(text));
  await gallery.load();
  opened.set(folder, gallery);
  return gallery;
}

/** Everything, oldest first. */
const list = (gallery: Gallery): ResultView[] => gallery.newest(100).toReversed();

const search = (gallery: Gallery, patch: Partial<GallerySearch>): string[] =>
  gallery.search(gallerySearchSchema.parse(patch)).map(({ id }) => id);

/** Adds a job with `count` pictures that really exist. */
async function addJob(
  gallery: Gallery,
  id: string,
  count = 1,
  more: Partial<GenerationSettings> = {},
  finishedAt = 1000,
): Promise<string[]> {
  const day = await gallery.folderOfDay(new Date(2026, 0, 2));
  const files = Array.from({ length: count }, (_, index) => path.join(day, `${id}-${index}.png`));
  for (const file of files) writeFileSync(file, `pixels of ${file}`);
  await gallery.add({
    id,
    sourceId: 'source',
    settings: { ...settings, ...more },
    report: reportOf(files),
    finishedAt,
  });
  return files;
}

describe('Gallery', () => {
  it('sorts pictures by day and gives them back after a restart', async () => {
    const folder = temporaryFolder();
    const gallery = await open(folder);
    const files = await addJob(gallery, 'job-a', 2);
    expect(files[0]).toBe(path.join(folder, '2026-01-02', 'job-a-0.png'));
    const before = list(gallery);
    const again = await open(folder);
    expect(list(again)).toEqual(before);
    expect(list(again).map(({ id, seed, url }) => [id, seed, url])).toEqual([
      ['job-a-0', 7, 'app://underpaint/media/result/job-a-0'],
      ['job-a-1', 8, 'app://underpaint/media/result/job-a-1'],
    ]);
    expect(again.pathOf('job-a-1')).toBe(files[1]);
  });

  it('skips lines that make no sense and starts a new line after half a line', async () => {
    const folder = temporaryFolder();
    await addJob(await open(folder), 'job-a');
    const index = path.join(folder, 'index.jsonl');
    appendFileSync(index, 'not json\n{"id":"job-x"}\n\n{"id":"job-half","jobId":"jo');
    const log: string[] = [];
    const gallery = await open(folder, log);
    expect(list(gallery).map(({ id }) => id)).toEqual(['job-a-0']);
    expect(log).toHaveLength(3);
    await addJob(gallery, 'job-b');
    expect(list(await open(folder)).map(({ id }) => id)).toEqual(['job-a-0', 'job-b-0']);
  });

  it('keeps one entry for a job that is recorded twice', async () => {
    const folder = temporaryFolder();
    const gallery = await open(folder);
    await addJob(gallery, 'job-a');
    await addJob(gallery, 'job-a');
    expect(list(gallery)).toHaveLength(1);
    expect(readFileSync(path.join(folder, 'index.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('says in a sentence what is in the way of its folder, and opens when that is gone', async () => {
    const folder = path.join(temporaryFolder(), 'results');
    writeFileSync(folder, 'no folder');
    const gallery = new Gallery(folder, () => {});
    await expect(gallery.load()).rejects.toMatchObject({
      code: 'output',
      message: expect.stringMatching(/^The folder of your results cannot be read and written \(E\w+\);/),
    });
    expect(gallery.isOpen).toBe(false);
    rmSync(folder);
    await gallery.load();
    await gallery.whenOpen;
    expect(gallery.newest(5)).toEqual([]);
    await gallery.close();
  });

  it('leaves out pictures that are gone', async () => {
    const folder = temporaryFolder();
    const gallery = await open(folder);
    const [file] = await addJob(gallery, 'job-a');
    await addJob(gallery, 'job-b');
    rmSync(file ?? '');
    expect(list(gallery).map(({ id }) => id)).toEqual(['job-b-0']);
    expect(() => gallery.get('job-a-0')).toThrow(/moved or deleted/);
    expect(() => gallery.get('never')).toThrow(/moved or deleted/);
  });

  it('serves nothing outside its folder, whatever the index says', async () => {
    const folder = path.join(temporaryFolder(), 'results');
    mkdirSync(folder);
    const gallery = await open(folder);
    await addJob(gallery, 'job-a');
    const index = path.join(folder, 'index.jsonl');
    const line = readFileSync(index, 'utf8');
    writeFileSync(path.join(folder, '..', 'secret.png'), 'secret');
    for (const file of [
      '../secret.png',
      path.join(folder, '..', 'secret.png'),
      '2026-01-02/../../secret.png',
    ])
      writeFileSync(index, line.replace('2026-01-02/job-a-0.png', file.replaceAll('\\', '\\\\')), {
        flag: 'a',
      });
    writeFileSync(index, readFileSync(index, 'utf8').replace(line, ''));
    await gallery.close();
    rmSync(path.join(folder, 'gallery.db'));
    const tampered = await open(folder);
    expect(list(tampered)).toEqual([]);
    expect(tampered.pathOf('job-a-0')).toBeNull();
    expect(tampered.pathOf('../secret')).toBeNull();
  });

  it('takes many jobs at once without mixing lines', async () => {
    const folder = temporaryFolder();
    const gallery = await open(folder);
    await Promise.all(Array.from({ length: 20 }, (_, index) => addJob(gallery, `job-${index}`, 2)));
    expect(list(await open(folder))).toHaveLength(40);
  });

  it('finds words in any order, also unfinished and without accents, newest first', async () => {
    const gallery = await open(temporaryFolder());
    await addJob(gallery, 'job-a', 1, { prompt: 'a red house by a lake' });
    await addJob(gallery, 'job-b', 1, { prompt: 'Café, "red" lamp' });
    await addJob(gallery, 'job-c', 1, { prompt: '猫 a lake' });
    expect(search(gallery, { text: 'red' })).toEqual(['job-b-0', 'job-a-0']);
    expect(search(gallery, { text: 'lake red' })).toEqual(['job-a-0']);
    expect(search(gallery, { text: 'cafe' })).toEqual(['job-b-0']);
    expect(search(gallery, { text: 'hou' })).toEqual(['job-a-0']);
    expect(search(gallery, { text: 'hou ' })).toEqual([]);
    expect(search(gallery, { text: '猫' })).toEqual(['job-c-0']);
    // Nothing that is typed is a command to the index.
    for (const text of ['"', 'OR', 'red*', 'prompt:red', "'; DROP TABLE entries; --", '(', '   '])
      expect(() => search(gallery, { text })).not.toThrow();
    expect(gallery.count(gallerySearchSchema.parse({ text: 'lake' }))).toBe(2);
  });

  it('finds by time, model and star, and gives stretches', async () => {
    const gallery = await open(temporaryFolder());
    for (const [index, model] of [null, '/models/a', '/models/a', null].entries())
      await addJob(gallery, `job-${index}`, 1, { model }, 1000 + index);
    expect(search(gallery, { model: '/models/a' })).toEqual(['job-2-0', 'job-1-0']);
    expect(search(gallery, { model: '' })).toEqual(['job-3-0', 'job-0-0']);
    expect(search(gallery, { from: 1001, to: 1003 })).toEqual(['job-2-0', 'job-1-0']);
    await gallery.star('job-1-0', true);
    expect(search(gallery, { isStarred: true })).toEqual(['job-1-0']);
    expect(search(gallery, { isStarred: true, text: 'boat', model: '/models/a', from: 1 })).toEqual([
      'job-1-0',
    ]);
    expect(search(gallery, { offset: 1, limit: 2 })).toEqual(['job-2-0', 'job-1-0']);
    expect(new Set(gallery.models())).toEqual(new Set(['/models/a', null]));
  });

  it.each(['gone', 'damaged', 'cut off'])(
    'makes an index that is %s again, with stars and deletions',
    async (how) => {
      const folder = temporaryFolder();
      const gallery = await open(folder);
      await addJob(gallery, 'job-a', 3);
      await gallery.star('job-a-1', true);
      await gallery.forget('job-a-2');
      const before = list(gallery);
      expect(before.map(({ id, isStarred }) => [id, isStarred])).toEqual([
        ['job-a-0', false],
        ['job-a-1', true],
      ]);
      await gallery.close();
      const index = path.join(folder, 'gallery.db');
      const bytes = readFileSync(index);
      rmSync(index);
      if (how === 'damaged') writeFileSync(index, bytes.fill(7, 100, 9000));
      if (how === 'cut off') writeFileSync(index, bytes.subarray(0, 5000));
      expect(list(await open(folder))).toEqual(before);
    },
  );

  it('goes on behind a killed app: a lock that was left, and lines that the index has not seen', async () => {
    const folder = temporaryFolder();
    const gallery = await open(folder);
    await addJob(gallery, 'job-a');
    await gallery.close();
    mkdirSync(path.join(folder, 'gallery.db.lock'));
    const line = readFileSync(path.join(folder, 'index.jsonl'), 'utf8');
    appendFileSync(path.join(folder, 'index.jsonl'), line.replaceAll('job-a', 'job-b'));
    writeFileSync(path.join(folder, '2026-01-02', 'job-b-0.png'), 'pixels');
    expect(list(await open(folder)).map(({ id }) => id)).toEqual(['job-a-0', 'job-b-0']);
  });

  it('takes in pictures that stand nowhere, with what they carry', async () => {
    const folder = temporaryFolder();
    const day = path.join(folder, '2026-01-02');
    mkdirSync(day);
    const job = `${(1_700_000_000_000).toString(36)}-0a1b2c3d`;
    for (const name of [`${job}-0.png`, `${job}-1.png`, 'notes.txt', 'holiday.png'])
      writeFileSync(path.join(day, name), 'pixels');
    const log: string[] = [];
    const gallery = await open(folder, log);
    const read = (filePath: string): Promise<PictureContent> =>
      filePath.endsWith('-1.png')
        ? Promise.reject(new Error('no picture'))
        : Promise.resolve({
            width: 64,
            height: 48,
            restored: { tool: 'underpaint', settings: { prompt: 'a boat', seed: 9 } },
          });
    expect(await gallery.recover(read)).toBe(1);
    expect(log).toHaveLength(1);
    expect(gallery.get(`${job}-0`)).toMatchObject({ seed: 9, width: 64, createdAt: 1_700_000_000_000 });
    expect(gallery.get(`${job}-0`).sourceUrl).toBeUndefined();
    expect(search(gallery, { text: 'boat' })).toEqual([`${job}-0`]);
    expect(await gallery.recover(read)).toBe(0);
  });

  it('makes a lost index of many pictures again behind everything else, newest first', async () => {
    const folder = temporaryFolder();
    const day = path.join(folder, '2026-01-02');
    mkdirSync(day);
    writeFileSync(path.join(day, 'one.png'), 'pixels');
    const COUNT = 1200;
    const lines = Array.from({ length: COUNT }, (_, index) =>
      JSON.stringify({
        ...{ id: `old-${index}`, jobId: `old-${index}`, sourceId: 'source', width: 64, height: 48 },
        ...{ seed: index, settings: { prompt: `a harbour ${index}` }, createdAt: index },
        file: '2026-01-02/one.png',
      }),
    );
    lines.push('{"starred":"old-7","value":true}', '{"deleted":"old-8"}', '{"starred":"old-9","value":true}');
    lines.push('{"starred":"old-9","value":false}', '{"deleted":"old-10"}', lines[10] ?? '');
    writeFileSync(path.join(folder, 'index.jsonl'), `${lines.join('\n')}\n`);
    const gallery = new Gallery(folder, () => {}, 0);
    opened.set(folder, gallery);
    expect(await gallery.load()).toBe(true);
    expect(gallery.isReading).toBe(true);
    const soFar = gallery.count(gallerySearchSchema.parse({}));
    expect(soFar).toBeGreaterThan(0);
    expect(soFar).toBeLessThan(COUNT);
    expect(search(gallery, { limit: 2 })).toEqual(['old-10', `old-${COUNT - 1}`]);
    // Meanwhile pictures are made, starred and found, and the process does other things.
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await addJob(gallery, 'job-new', 1, { prompt: 'a harbour of today' });
    await gallery.star(`old-${COUNT - 1}`, true);
    expect(search(gallery, { text: 'today' })).toEqual(['job-new-0']);
    await gallery.whenRead();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    expect(gallery.isReading).toBe(false);
    const expectWhole = (now: Gallery): void => {
      expect(now.count(gallerySearchSchema.parse({}))).toBe(COUNT);
      expect(search(now, { limit: 3 })).toEqual(['job-new-0', 'old-10', `old-${COUNT - 1}`]);
      expect(search(now, { isStarred: true })).toEqual([`old-${COUNT - 1}`, 'old-7']);
      expect(search(now, { text: 'harbour 8 ' })).toEqual([]);
      expect(search(now, { offset: COUNT - 2 })).toEqual(['old-1', 'old-0']);
    };
    expectWhole(gallery);
    const again = await open(folder);
    expect(again.isReading).toBe(false);
    expectWhole(again);
  }, 120_000);

  it('begins anew when it was closed before a lost index was made again', async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, '2026-01-02'));
    writeFileSync(path.join(folder, '2026-01-02', 'one.png'), 'pixels');
    const line = (index: number): string =>
      `{"id":"old-${index}","jobId":"old","sourceId":"s","width":1,"height":1,"seed":1,"settings":{"prompt":"a"},"createdAt":1,"file":"2026-01-02/one.png"}\n`;
    writeFileSync(path.join(folder, 'index.jsonl'), Array.from({ length: 900 }, (_, i) => line(i)).join(''));
    const first = new Gallery(folder, () => {}, 0);
    await first.load();
    expect(first.isReading).toBe(true);
    await first.close();
    const second = await open(folder);
    await second.whenRead();
    expect(second.count(gallerySearchSchema.parse({}))).toBe(900);
  });
});
