/** Paintings on the real engine: kept beside their picture, drawn into a mask and a painted picture, and quick pictures of live mode. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineEnvironment } from '../../../main/services/engine-environment';
import { EngineHost } from '../../../main/services/engine-host';
import { Gallery } from '../../../main/services/gallery';
import { Live } from '../../../main/services/live';
import { Paintings } from '../../../main/services/paintings';
import { SourceStore } from '../../../main/services/source-store';
import { generationSettingsSchema } from '../../../shared/generation';
import type { LiveRequest } from '../../../shared/live';
import type { Mark } from '../../../shared/painting';
import { boxMask } from '../../support/masks';
import { readPixels, texture, writePng } from '../../support/pictures';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const SIZE = { width: 300, height: 200 };

let home: string;
let engine: EngineHost;
let sources: SourceStore;
let paintings: Paintings;
let pictureFile: string;
let sourceId: string;

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'underpaint-paintings-'));
  engine = new EngineHost({
    nodePath: () => process.execPath,
    enginePath: path.join(root, 'out', 'main', 'engine.cjs'),
    env: engineEnvironment(process.env, { home, starterFolder: path.join(root, 'models', 'starter') }),
    log: () => {},
  });
  sources = new SourceStore(path.join(home, 'sources'), engine);
  paintings = new Paintings({ sources, engine, log: () => {} });
  pictureFile = await writePng(path.join(home, 'photo.png'), SIZE.width, SIZE.height, texture(300, 200));
  sourceId = (await sources.importPath(pictureFile)).id;
});

afterAll(() => {
  engine.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

const stroke = (more: Partial<Extract<Mark, { kind: 'stroke' }>> = {}): Mark => ({
  kind: 'stroke',
  layer: 'mask',
  erases: false,
  colour: '#104080',
  opacity: 1,
  points: [60, 100, 20, 240, 100, 20],
  ...more,
});
const pixelsOf = async (id: string) => readPixels(await sources.originalPath(id));

describe('paintings', () => {
  it('are kept beside their picture, and one that makes no sense is put aside', async () => {
    expect(await paintings.read(sourceId)).toEqual({ marks: [], pictures: [] });
    const marks = [stroke(), stroke({ layer: 'paint', opacity: 0.5 })];
    await Promise.all([paintings.save(sourceId, [stroke()]), paintings.save(sourceId, marks)]);
    expect(await new Paintings({ sources, engine, log: () => {} }).read(sourceId)).toEqual({
      marks,
      pictures: [],
    });
    const file = await sources.paintingPath(sourceId);
    writeFileSync(file, '{"version":1,"marks":[{"kind":"stro');
    expect((await paintings.read(sourceId)).marks).toEqual([]);
    expect(readdirSync(path.dirname(file)).some((name) => name.startsWith('painting.json.corrupt-'))).toBe(
      true,
    );
  });

  it('become a mask and a painted picture; the original stays as it was', async () => {
    const original = readFileSync(await sources.originalPath(sourceId));
    expect(await paintings.render(sourceId, [])).toMatchObject({ source: { id: sourceId }, maskId: null });
    const { source, maskId } = await paintings.render(sourceId, [
      stroke(),
      stroke({ layer: 'paint', points: [20, 20, 10] }),
    ]);
    expect(source).toMatchObject({ ...SIZE, name: 'photo.png' });
    const painted = await pixelsOf(source.id);
    const before = await pixelsOf(sourceId);
    const rgb = (pixels: Buffer, x: number, y: number): number[] => [
      ...pixels.subarray(3 * (y * 300 + x), 3 * (y * 300 + x) + 3),
    ];
    expect(rgb(painted.data, 20, 20)).toEqual([0x10, 0x40, 0x80]);
    expect(rgb(painted.data, 200, 150)).toEqual(rgb(before.data, 200, 150));
    const mask = await sharp(await sources.originalPath(maskId!))
      .greyscale()
      .raw()
      .toBuffer();
    expect(mask[100 * 300 + 150]).toBe(255);
    expect(mask[20 * 300 + 20]).toBe(0);
    expect(readFileSync(await sources.originalPath(sourceId))).toEqual(original);
    // Nothing is masked, or everything: no mask.
    expect(await paintings.render(sourceId, [{ kind: 'all' }])).toMatchObject({ maskId: null });
    expect(
      await paintings.render(sourceId, [stroke(), stroke({ erases: true, points: [150, 100, 400] })]),
    ).toMatchObject({ source: { id: sourceId }, maskId: null });
  });

  it('take a picture of the same shape as mask, and refuse others in words', async () => {
    const file = await boxMask(path.join(home, 'door.png'), { width: 150, height: 100 });
    const mask = await paintings.importMask(sourceId, file);
    expect(mask).toMatchObject({ ...SIZE, name: 'door.png' });
    const marks: Mark[] = [{ kind: 'picture', sourceId: mask.id }, { kind: 'invert' }];
    await paintings.save(sourceId, marks);
    expect(await paintings.read(sourceId)).toMatchObject({ marks, pictures: [{ id: mask.id }] });
    const { maskId } = await paintings.render(sourceId, marks);
    const grey = await sharp(await sources.originalPath(maskId!))
      .greyscale()
      .raw()
      .toBuffer();
    expect([grey[0], grey[90 * 300 + 130]]).toEqual([255, 0]);
    const small = { painted: path.join(home, 'small.png'), mask: path.join(home, 'small-mask.png') };
    const drawn = await paintings.draw(sourceId, marks, small, 104 * 157);
    expect(drawn).toMatchObject({ isPainted: true, isMasked: true });
    expect(await sharp(small.mask).metadata()).toMatchObject({ width: drawn.width, height: drawn.height });
    const square = await boxMask(path.join(home, 'square.png'), { width: 100, height: 100 });
    await expect(paintings.importMask(sourceId, square)).rejects.toThrow(/100 × 100 pixels.*another shape/);
    await expect(paintings.importMask(sourceId, path.join(home, 'none.png'))).rejects.toThrow(/none\.png/);
    const black = await writePng(path.join(home, 'black.png'), 300, 200, Buffer.alloc(180_000));
    await expect(paintings.importMask(sourceId, black)).rejects.toThrow(/no white in it/);
  });

  it('decide the size of the work where the mask alone is worked on', async () => {
    const settings = generationSettingsSchema.parse({ prompt: '', mask: { area: 'masked', paddingPx: 8 } });
    const plan = (marks: Mark[]) =>
      engine.request('plan', { settings, width: 2048, height: 1024, painting: { marks, pictures: {} } });
    const aspect = ({ width, height }: { width: number; height: number }): number => width / height;
    const whole = await plan([]);
    expect(whole.fit.source).toEqual({ left: 0, top: 0, width: 2048, height: 1024 });
    const dot = await plan([stroke({ points: [400, 400, 40] })]);
    expect(aspect(dot)).toBeCloseTo(1, 1);
    expect(dot.fit.source.width).toBeLessThan(200);
    const line = await plan([stroke({ points: [100, 500, 40, 1900, 500, 40] })]);
    expect(aspect(line)).toBeGreaterThan(1.8);
    expect(line.fit.source.width).toBeGreaterThan(1800);
  });

  it('lie on pictures whose own pixels can be had, however large they are', async () => {
    const file = await writePng(path.join(home, 'long.png'), 2400, 40, texture(2400, 40));
    const long = await sources.importPath(file);
    expect(long.fullUrl).toMatch(/\/media\/source-full\//);
    expect(await sharp(sources.previewPath(long.id)!).metadata()).toMatchObject({ width: 2048 });
    expect(await sharp((await sources.fullPath(long.id))!).metadata()).toMatchObject({ width: 2400 });
    expect((await sources.find(sourceId))?.fullUrl).toBeUndefined();
    expect(await sources.fullPath('0123')).toBeNull();
  });

  it('begin on an empty picture, each a new one', async () => {
    const sketch = { width: 96, height: 64, colour: '#f4f1ea', name: 'New sketch' };
    const [first, second] = [await paintings.newSketch(sketch), await paintings.newSketch(sketch)];
    expect(first).toMatchObject({ width: 96, height: 64, name: 'New sketch.png' });
    expect(second.id).not.toBe(first.id);
    const { data } = await pixelsOf(first.id);
    expect([...data.subarray(0, 3)]).toEqual([0xf4, 0xf1, 0xea]);
  });
});

describe('live pictures', () => {
  it('are small, follow the newest wish, come after the queue, and stay only when they are kept', async () => {
    const gallery = new Gallery(path.join(home, 'results'), () => {});
    await gallery.load();
    let isBusy = false;
    const folder = path.join(home, 'live');
    const live = new Live({ folder, engine, paintings, gallery, isQueueBusy: () => isBusy });
    const wish = (more: object = {}): LiveRequest => ({
      sourceId,
      marks: [stroke({ points: [150, 100, 40] })],
      settings: {
        ...generationSettingsSchema.parse({
          prompt: 'a hill',
          steps: 2,
          strength: 1,
          decode: 'remote',
          ...more,
        }),
        seed: 5,
      },
      maxPixels: 128 * 128,
    });
    const [first, second] = await Promise.allSettled([live.paint(wish()), live.paint(wish({ steps: 3 }))]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } });
    if (second.status === 'rejected') throw second.reason;
    const picture = second.value;
    expect(picture).toMatchObject({ seed: 5, stepsRun: 3 });
    expect(picture.width * picture.height).toBeLessThanOrEqual(128 * 128);
    expect(picture.width / picture.height).toBeCloseTo(1.5, 1);
    expect(await sharp(live.pathOf(picture.id)!).metadata()).toMatchObject({ width: picture.width });
    expect(gallery.newest(10)).toEqual([]);

    isBusy = true;
    await expect(live.paint(wish())).rejects.toMatchObject({ code: 'cancelled' });
    isBusy = false;
    const stopped = live.paint(wish());
    live.stop();
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });

    const kept = await live.keep(picture.id);
    expect(kept).toMatchObject({ seed: 5, width: picture.width, settings: { steps: 3, decode: 'local' } });
    expect(gallery.newest(10).map(({ id }) => id)).toEqual([kept.id]);
    expect(readFileSync(gallery.pathOf(kept.id)!)).toEqual(readFileSync(live.pathOf(picture.id)!));
    await expect(live.keep('live-gone')).rejects.toThrow(/not there any more/);
    await live.load();
    expect(existsSync(folder)).toBe(false);
    await gallery.close();
  });
});
