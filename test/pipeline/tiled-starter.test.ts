/** The bundled model's autoencoder in tiles of 512 px at 1024 × 1024: within 2 % of the whole on smooth pictures, and no seam where tiles meet. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planTiles } from '../../main/engine/latents/tiling';
import { readModelFolder } from '../../main/engine/model/model-folder';
import { partOf } from '../../main/engine/model/model-folder-parts';
import { starterModelPath } from '../../main/engine/model/starter-path';
import { openSession, type Session } from '../../main/engine/onnx/session';
import { decodeLatents } from '../../main/engine/stages/decode';
import { encodeToLatents, latentMean } from '../../main/engine/stages/encode';
import { toBytes } from '../../main/engine/stages/pixels';
import { ASKED_TILE_PX } from '../../main/placement/planner';
import { meanDifference } from '../support/pictures';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();

const SIDE = 1024;
const PICTURES = ['soft shapes', 'evening sky'] as const;
/** Two decodes and an encode of a million pixels: seconds on an idle machine. */
const TIMEOUT_MS = 600_000;

/** [height, width, 3] uint8 without an edge or a grain. */
function smoothPicture(name: (typeof PICTURES)[number]): Buffer {
  const rgb = Buffer.alloc(SIDE * SIDE * 3);
  for (let i = 0; i < SIDE * SIDE; i += 1) {
    const [x, y] = [(i % SIDE) / SIDE, Math.floor(i / SIDE) / SIDE];
    const blob = Math.exp(-((x - 0.55) ** 2 + (y - 0.45) ** 2) * 12);
    const colours = {
      'soft shapes': [
        128 + 90 * Math.sin(7 * x) * Math.cos(5 * y),
        110 + 80 * Math.sin(4 * x + 3 * y),
        120 + 70 * Math.cos(6 * y),
      ],
      'evening sky': [70 + 150 * y + 30 * blob, 60 + 60 * y + 120 * blob, 150 - 70 * y + 40 * blob],
    }[name];
    colours.forEach((value, c) => (rgb[3 * i + c] = value));
  }
  return rgb;
}

/** Mean step in 8-bit levels from one column (or row) to the next, for each of them. */
function steps(rgb: Uint8Array, across: boolean): Float64Array {
  const out = new Float64Array(SIDE);
  const [one, other] = across ? [3, 3 * SIDE] : [3 * SIDE, 3];
  for (let i = 1; i < SIDE; i += 1) {
    let sum = 0;
    for (let k = 0; k < SIDE; k += 1) {
      for (let c = 0; c < 3; c += 1) {
        const at = i * one + k * other + c;
        sum += Math.abs((rgb[at] ?? 0) - (rgb[at - one] ?? 0));
      }
    }
    out[i] = sum / (3 * SIDE);
  }
  return out;
}

let encoder: Session;
let decoder: Session;

beforeAll(async () => {
  const folder = await readModelFolder(starterModelPath());
  const open = async (component: 'vae_encoder' | 'vae_decoder'): Promise<Session> =>
    openSession(await partOf(folder, component).graph.pathFor('cpu'), { provider: 'cpu' });
  [encoder, decoder] = [await open('vae_encoder'), await open('vae_decoder')];
});
afterAll(() => Promise.all([encoder.release(), decoder.release()]));

describe(`decode at ${SIDE} × ${SIDE}`, () => {
  it.each(PICTURES)(
    '%s',
    async (name) => {
      const picture = { width: SIDE, height: SIDE, rgb: smoothPicture(name), isFlat: false };
      const encoded = await encodeToLatents(encoder, picture, {
        latentChannels: 4,
        isTiny: false,
        factor: 8,
        tilePx: null,
        onTile: () => undefined,
      });
      const { channels, height, width } = encoded;
      const latents = { data: latentMean(encoded), channels, height, width };
      const decode = async (tilePx: number | null): Promise<Uint8Array> => {
        const options = { scale: { factor: 1, shift: 0 }, factor: 8, tilePx, onTile: () => undefined };
        return toBytes(await decodeLatents(decoder, latents, options), SIDE, SIDE);
      };
      const whole = await decode(null);
      const tiled = await decode(ASKED_TILE_PX);
      // The autoencoder gives the picture back, so that what is compared is a picture.
      expect(meanDifference(whole, picture.rgb)).toBeLessThan(12);
      expect(meanDifference(tiled, whole) / 255).toBeLessThan(0.02);

      const borders = planTiles(SIDE, ASKED_TILE_PX).flatMap(({ start, length }) => [start, start + length]);
      const inside = borders.filter((at) => at > 0 && at < SIDE);
      expect(inside.length).toBeGreaterThanOrEqual(4);
      for (const across of [true, false]) {
        const [ours, theirs] = [steps(tiled, across), steps(whole, across)];
        for (const at of inside) {
          expect(ours[at], `${across ? 'column' : 'row'} ${at}`).toBeLessThan(
            1.25 * (theirs[at] ?? 0) + 0.25,
          );
        }
      }
    },
    TIMEOUT_MS,
  );
});
