/** What the picture tests share: fixtures, folders that vanish, and a small seeded generator. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { AppError } from '../../../shared/errors';
import type { RgbImage } from '../../../main/engine/image/picture';

/** Path of a file in test/fixtures/images. */
export const fixture = (name: string): string => join(import.meta.dirname, '../../fixtures/images', name);

/** A folder for one test file, removed after its tests. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'underpaint-image-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Seeded uniform numbers in [0, 1): a 32-bit linear congruential generator with the constants of Numerical Recipes. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A picture with slopes and noise, different in every direction. */
export function makePicture(width: number, height: number, seed = 1): RgbImage {
  const next = seeded(seed);
  const rgb = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const x = (i % width) / width;
    const y = Math.floor(i / width) / height;
    rgb[i * 3] = 40 + 180 * x + 20 * next();
    rgb[i * 3 + 1] = 30 + 170 * y + 20 * next();
    rgb[i * 3 + 2] = 200 - 90 * (x + y) + 20 * next();
  }
  return { width, height, rgb };
}

/** Expects an AppError with this code whose sentence is plain: no library's wording, no stack, an advice after the reason. */
export async function expectRefusal(
  work: Promise<unknown>,
  code: string,
  pattern: RegExp,
): Promise<AppError> {
  const error = await work.then(
    () => new Error('nothing was refused'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw error;
  expect(error.code).toBe(code);
  expect(error.message).toMatch(pattern);
  expect(error.message).not.toMatch(/vips|sharp|libpng|buffer|errno|\n|\bat .*:\d+/i);
  expect(error.message).toMatch(/[.]$/);
  return error;
}

/** Largest difference between two pixel buffers of equal length. */
export function largestDifference(a: Buffer, b: Buffer): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] ?? 0) - (b[i] ?? 0)));
  return largest;
}
