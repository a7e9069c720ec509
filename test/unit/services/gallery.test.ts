/** The index of results survives corrupt lines, half lines and pictures that are gone. */
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Gallery } from '../../../main/services/gallery';
import { generationSettingsSchema } from '../../../shared/generation';
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
    peakRssBytes: 1,
  };
}

async function open(folder: string, log: string[] = []): Promise<Gallery> {
  const gallery = new Gallery(folder, (text) => log.push(text));
  await gallery.load();
  return gallery;
}

/** Adds a job with `count` pictures that really exist. */
async function addJob(gallery: Gallery, id: string, count = 1): Promise<string[]> {
  const day = await gallery.folderOfDay(new Date(2026, 0, 2));
  const files = Array.from({ length: count }, (_, index) => path.join(day, `${id}-${index}.png`));
  for (const file of files) writeFileSync(file, `pixels of ${file}`);
  await gallery.add({ id, sourceId: 'source', settings, report: reportOf(files), finishedAt: 1000 });
  return files;
}

describe('Gallery', () => {
  it('sorts pictures by day and gives them back after a restart', async () => {
    const folder = temporaryFolder();
    const gallery = await open(folder);
    const files = await addJob(gallery, 'job-a', 2);
    expect(files[0]).toBe(path.join(folder, '2026-01-02', 'job-a-0.png'));
    const again = await open(folder);
    expect(again.list()).toEqual(gallery.list());
    expect(again.list().map(({ id, seed, url }) => [id, seed, url])).toEqual([
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
    expect(gallery.list().map(({ id }) => id)).toEqual(['job-a-0']);
    expect(log).toHaveLength(3);
    await addJob(gallery, 'job-b');
    expect((await open(folder)).list().map(({ id }) => id)).toEqual(['job-a-0', 'job-b-0']);
  });

  it('keeps one entry for a job that is recorded twice', async () => {
    const folder = temporaryFolder();
    const gallery = await open(folder);
    await addJob(gallery, 'job-a');
    await addJob(gallery, 'job-a');
    expect(gallery.list()).toHaveLength(1);
    expect(readFileSync(path.join(folder, 'index.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('leaves out pictures that are gone', async () => {
    const folder = temporaryFolder();
    const gallery = await open(folder);
    const [file] = await addJob(gallery, 'job-a');
    await addJob(gallery, 'job-b');
    rmSync(file ?? '');
    expect(gallery.list().map(({ id }) => id)).toEqual(['job-b-0']);
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
    const tampered = await open(folder);
    expect(tampered.list()).toEqual([]);
    expect(tampered.pathOf('job-a-0')).toBeNull();
    expect(tampered.pathOf('../secret')).toBeNull();
  });

  it('takes many jobs at once without mixing lines', async () => {
    const folder = temporaryFolder();
    const gallery = await open(folder);
    await Promise.all(Array.from({ length: 20 }, (_, index) => addJob(gallery, `job-${index}`, 2)));
    expect((await open(folder)).list()).toHaveLength(40);
  });
});
