// Fills a home folder with results, as if they had been made one an hour since the first of January 2026: one picture file for all.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sketch = join(dirname(fileURLToPath(import.meta.url)), '../../models/starter/sketch.png');
const HOUR_MS = 3_600_000;

/** Writes the log of `count` results (`a harbour <n> at dusk`, seed n); the index is made from it at the next start. */
export function seedResults(home, count) {
  const folder = join(home, 'results', '2026-02-01');
  mkdirSync(folder, { recursive: true });
  copyFileSync(sketch, join(folder, 'seeded.png'));
  const first = new Date(2026, 0, 25).getTime();
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      id: `seeded-${index}-0`,
      jobId: `seeded-${index}`,
      sourceId: 'unknown',
      width: 256,
      height: 256,
      seed: index,
      settings: { prompt: `a harbour ${index} at dusk`, strength: 0.6 },
      createdAt: first + index * HOUR_MS,
      file: '2026-02-01/seeded.png',
    }),
  );
  writeFileSync(join(home, 'results', 'index.jsonl'), `${lines.join('\n')}\n`);
}
