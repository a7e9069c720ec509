/** Resampling gives, byte for byte, what Pillow gives (and with it diffusers). */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resampleLanczos } from '../../../main/engine/image/lanczos';
import { fixture } from './helpers';

const size = z.tuple([z.number(), z.number()]);
const golden = z
  .object({
    pillow: z.string(),
    cases: z.array(z.object({ from: size, to: size, sha256: z.string() })).min(10),
  })
  .parse(JSON.parse(readFileSync(fixture('lanczos.json'), 'utf8')));

/** The same formula as in make_lanczos.py. */
function picture(width: number, height: number): Buffer {
  const rgb = Buffer.alloc(width * height * 3);
  for (let i = 0; i < rgb.length; i++) {
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    rgb[i] = (x * x * 31 + y * x * 17 + y * y * 7 + (i % 3) * 71 + (x ^ y) * 13) % 256;
  }
  return rgb;
}

describe('resampleLanczos', () => {
  for (const { from, to, sha256 } of golden.cases) {
    it(`${from.join('×')} to ${to.join('×')} is what Pillow gives`, () => {
      const result = resampleLanczos(
        { width: from[0], height: from[1], rgb: picture(...from) },
        { width: to[0], height: to[1] },
      );
      expect([result.width, result.height]).toEqual(to);
      expect(createHash('sha256').update(result.rgb).digest('hex')).toBe(sha256);
    });
  }

  it('is quick enough for a large photo', () => {
    const large = { width: 4000, height: 3000, rgb: Buffer.alloc(36e6, 100) };
    const started = performance.now();
    const small = resampleLanczos(large, { width: 1024, height: 768 });
    resampleLanczos(small, { width: 4000, height: 3000 });
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(small.rgb.every((v) => v === 100)).toBe(true);
  });
});
