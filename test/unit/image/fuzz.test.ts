/** Damaged files of every format: each is read or refused in plain words; none ends or hangs the program. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPicture } from '../../../main/engine/image/read';
import { readSettings } from '../../../main/engine/image/read-settings';
import { AppError } from '../../../shared/errors';
import { fixture, seeded, temporaryFolder } from './helpers';

const folder = await temporaryFolder();
const SEEDS = [
  'orientation-6.jpg',
  'cmyk.jpg',
  'upright.png',
  'palette-clear.png',
  'rgba-16.png',
  'p3.png',
  'orientation-5.webp',
  'animated.webp',
  'alpha.webp',
  'orientation-8.avif',
  'orientation-3.tif',
  'one-bit.tif',
  'cmyk.tif',
  'photo.gif',
  'animated.gif',
];
const MUTANTS_PER_SEED = 24;

/** Cuts, overwrites, repeats, removes or fills a part, mostly near the start, where the structure is. */
function mutate(original: Buffer, next: () => number): Buffer {
  const bytes = Buffer.from(original);
  const position = (): number => Math.floor(bytes.length * (next() < 0.6 ? next() ** 3 : next()));
  switch (Math.floor(next() * 5)) {
    case 0:
      return bytes.subarray(0, Math.max(1, position()));
    case 1: {
      const changes = 1 + Math.floor(next() * 8);
      for (let i = 0; i < changes; i++) bytes[position()] = Math.floor(next() * 256);
      return bytes;
    }
    case 2: {
      const at = position();
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + 64), bytes.subarray(at)]);
    }
    case 3: {
      const at = position();
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(next() * 32))]);
    }
    default: {
      const at = position();
      bytes.fill(next() < 0.5 ? 0xff : 0, at, Math.min(bytes.length, at + 1 + Math.floor(next() * 16)));
      return bytes;
    }
  }
}

/** `whole` for a picture with all its pixels, `refused` for a plain refusal, or what else happened. */
async function outcomeOf(path: string): Promise<string> {
  try {
    const { width, height, rgb, alpha } = await readPicture(path, { maxPixels: 16e6 });
    const isWhole = rgb.length === width * height * 3 && (alpha === null || alpha.length === width * height);
    return isWhole ? 'whole' : 'pixels are missing';
  } catch (error) {
    return error instanceof AppError && error.code === 'input' ? 'refused' : String(error);
  }
}

for (const [index, name] of SEEDS.entries()) {
  it(`reads or refuses ${MUTANTS_PER_SEED} damaged versions of ${name}`, async () => {
    const next = seeded(2024 + index);
    const original = await readFile(fixture(name));
    let refused = 0;
    for (let i = 0; i < MUTANTS_PER_SEED; i++) {
      const path = join(folder, `${i}-${name}`);
      const mutant = mutate(original, next);
      await writeFile(path, mutant);
      await readSettings(path); // Never throws for a file that can be read at all.
      const outcome = await outcomeOf(path);
      expect(['whole', 'refused'], `mutant ${i}`).toContain(outcome);
      if (outcome === 'refused') refused++;
    }
    expect(refused).toBeGreaterThan(0);
  }, 60_000);
}
