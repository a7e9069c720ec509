/** Masks for tests. */
import { writePng } from './pictures';

/** A white rectangle on black, as a PNG of a picture's size; `from` and `to` are shares of the sides. */
export async function boxMask(
  path: string,
  { width, height }: { width: number; height: number },
  [from, to]: readonly [number, number] = [0.3, 0.6],
): Promise<string> {
  const pixels = Buffer.alloc(3 * width * height);
  for (let y = Math.floor(from * height); y < Math.ceil(to * height); y += 1) {
    for (let x = Math.floor(from * width); x < Math.ceil(to * width); x += 1) {
      pixels.fill(255, 3 * (y * width + x), 3 * (y * width + x) + 3);
    }
  }
  return writePng(path, width, height, pixels);
}
