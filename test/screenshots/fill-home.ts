/** Homes with something in them: many different results, pictures to bring in. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import { inRepository } from '../support/window-driver';

const TILE_PX = 256;
const COLUMNS = 20;
const DAY_MS = 86_400_000;

const pairsSchema = z.array(z.object({ own: z.object({ prompt: z.string() }) }));

/** Fills a home with results: the drawings that the starter model is judged on, with their prompts, over some weeks. */
export async function fillGallery(home: string, count: number): Promise<void> {
  const day = '2026-02-01';
  const folder = path.join(home, 'results', day);
  mkdirSync(folder, { recursive: true });
  const sheet = readFileSync(inRepository('models', 'starter', 'train', 'pairs.webp'));
  const pairs = pairsSchema.parse(
    JSON.parse(readFileSync(inRepository('models', 'starter', 'train', 'pairs.json'), 'utf8')),
  );
  const { data, info } = await sharp(sheet).raw().toBuffer({ resolveWithObject: true });
  const lines: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const file = `drawing-${index}.png`;
    await sharp(data, { raw: info })
      .extract({
        left: (index % COLUMNS) * TILE_PX,
        top: Math.floor(index / COLUMNS) * TILE_PX,
        width: TILE_PX,
        height: TILE_PX,
      })
      .png()
      .toFile(path.join(folder, file));
    lines.push(
      JSON.stringify({
        id: `drawing-${index}-0`,
        jobId: `drawing-${index}`,
        sourceId: 'unknown',
        width: TILE_PX,
        height: TILE_PX,
        seed: 1000 + index * 7919,
        settings: { prompt: pairs[index]?.own.prompt ?? '', strength: 0.4 + (index % 7) / 10 },
        createdAt: Date.UTC(2026, 0, 4) + (index * DAY_MS) / 9,
        file: `${day}/${file}`,
      }),
    );
    if (index % 6 === 0) lines.push(JSON.stringify({ starred: `drawing-${index}-0`, value: true }));
  }
  writeFileSync(path.join(home, 'results', 'index.jsonl'), `${lines.join('\n')}\n`);
}

/** A wide picture with detail, and one with transparency; answers their files. */
export async function makePictures(folder: string): Promise<{ wide: string; glass: string }> {
  mkdirSync(folder, { recursive: true });
  const [wide, glass] = [path.join(folder, 'coast.png'), path.join(folder, 'glass.png')];
  const sketch = inRepository('models', 'starter', 'sketch.png');
  const drawing = await sharp(readFileSync(inRepository('models', 'starter', 'train', 'pairs.webp')))
    .extract({ left: 3 * TILE_PX, top: 0, width: 2 * TILE_PX, height: TILE_PX })
    .resize(960, 480)
    .png()
    .toBuffer();
  await sharp(drawing).toFile(wide);
  const round = Buffer.from(
    `<svg width="${TILE_PX}" height="${TILE_PX}"><circle cx="128" cy="128" r="112" fill="#fff"/></svg>`,
  );
  await sharp(sketch)
    .resize(TILE_PX, TILE_PX)
    .ensureAlpha()
    .composite([{ input: round, blend: 'dest-in' }])
    .png()
    .toFile(glass);
  return { wide, glass };
}
