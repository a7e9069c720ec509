/** Marks become pixels: the values of a mask, and colours over a picture. */
import { layerOf, visibleMarks, type Mark } from '../../../shared/painting';
import { coverageOf, type Coverage } from './coverage';
import type { Size } from './fit';
import type { Picture } from './picture';

/** Grey values of the masks that are pictures of their own, by source id: [height, width] uint8 at the size that is drawn at. */
export type MaskPictures = ReadonlyMap<string, Buffer>;

/**
 * The mask that the marks make: [height, width] uint8, 255 is painted anew.
 * @param scale pixels of the result per pixel of the marks
 */
export function drawMask(marks: readonly Mark[], size: Size, pictures: MaskPictures, scale = 1): Buffer {
  const values = Buffer.alloc(size.width * size.height);
  for (const mark of visibleMarks(marks, 'mask')) {
    switch (mark.kind) {
      case 'all':
        values.fill(255);
        break;
      case 'clear':
        values.fill(0);
        break;
      case 'invert':
        for (let i = 0; i < values.length; i += 1) values[i] = 255 - (values[i] ?? 0);
        break;
      case 'picture':
        values.set(pictures.get(mark.sourceId) ?? Buffer.alloc(values.length));
        break;
      default: {
        const covered = coverageOf(mark, size, scale);
        if (covered === null) break;
        forEachCovered(covered, size.width, (i, coverage) => {
          const was = values[i] ?? 0;
          const towards = mark.erases ? 0 : 255;
          values[i] = Math.round(was + ((towards - was) * coverage) / 255);
        });
      }
    }
  }
  return values;
}

/** The pixels of a picture as `Picture` holds them. */
export type PaintedPixels = Pick<Picture, 'rgb' | 'alpha' | 'ownRgba'>;

/**
 * Puts the colours over a picture, which is left as it is. Every stroke covers evenly, however often it crosses itself; what is erased shows
 * the picture again, to the bit where it is erased wholly. On transparent parts colour makes the picture opaque.
 * @param scale pixels of the picture per pixel of the marks
 */
export function paintOver(marks: readonly Mark[], picture: PaintedPixels & Size, scale = 1): PaintedPixels {
  const { ownRgba, alpha } = picture;
  const channels = alpha === null ? 3 : 4;
  const original = alpha === null ? picture.rgb : (ownRgba ?? joined(picture.rgb, alpha));
  const pixels = Buffer.from(original);
  for (const mark of visibleMarks(marks, 'paint')) {
    if (layerOf(mark) !== 'paint' || !('points' in mark)) continue;
    const covered = coverageOf(mark, picture, scale);
    if (covered === null) continue;
    const blend = blender(pixels, channels);
    const colour = Buffer.from(mark.colour.slice(1), 'hex');
    forEachCovered(covered, picture.width, (i, coverage) => {
      if (mark.erases) blend(i, coverage / 255, original, channels * i);
      else blend(i, (coverage / 255) * mark.opacity, colour, 0);
    });
  }
  return channels === 3 ? { rgb: pixels, alpha: null, ownRgba: null } : split(pixels);
}

/** Moves pixel `i` by a share towards the colour at `at`; a colour of three channels is opaque. */
function blender(
  pixels: Buffer,
  channels: 3 | 4,
): (i: number, share: number, colour: Buffer, at: number) => void {
  if (channels === 3) {
    return (i, share, colour, at) => {
      for (let c = 0; c < 3; c += 1) {
        const was = pixels[3 * i + c] ?? 0;
        pixels[3 * i + c] = Math.round(was + ((colour[at + c] ?? 0) - was) * share);
      }
    };
  }
  return (i, share, colour, at) => {
    const isOpaque = colour.length === 3;
    const [had, gets] = [pixels[4 * i + 3] ?? 0, isOpaque ? 255 : (colour[at + 3] ?? 0)];
    const alpha = had * (1 - share) + gets * share;
    for (let c = 0; c < 3; c += 1) {
      const was = pixels[4 * i + c] ?? 0;
      const wanted = colour[at + c] ?? 0;
      // Colours weigh as much as they can be seen.
      pixels[4 * i + c] =
        alpha === 0 ? wanted : Math.round((was * had * (1 - share) + wanted * gets * share) / alpha);
    }
    pixels[4 * i + 3] = Math.round(alpha);
  };
}

/** Calls with each pixel's index in the picture and its coverage, 1 … 255. */
function forEachCovered(
  { left, top, width, height, values }: Coverage,
  pictureWidth: number,
  visit: (index: number, coverage: number) => void,
): void {
  for (let y = 0; y < height; y += 1) {
    const row = (top + y) * pictureWidth + left;
    for (let x = 0; x < width; x += 1) {
      const coverage = values[y * width + x] ?? 0;
      if (coverage > 0) visit(row + x, coverage);
    }
  }
}

function joined(rgb: Buffer, alpha: Buffer): Buffer {
  const rgba = Buffer.allocUnsafeSlow(alpha.length * 4);
  for (let i = 0; i < alpha.length; i += 1) {
    rgb.copy(rgba, 4 * i, 3 * i, 3 * i + 3);
    rgba[4 * i + 3] = alpha[i] ?? 255;
  }
  return rgba;
}

function split(rgba: Buffer): PaintedPixels {
  const pixels = rgba.length / 4;
  const rgb = Buffer.allocUnsafeSlow(3 * pixels);
  const alpha = Buffer.allocUnsafeSlow(pixels);
  for (let i = 0; i < pixels; i += 1) {
    const a = rgba[4 * i + 3] ?? 255;
    alpha[i] = a;
    for (let c = 0; c < 3; c += 1) {
      rgb[3 * i + c] = Math.round(((rgba[4 * i + c] ?? 0) * a + 255 * (255 - a)) / 255);
    }
  }
  return { rgb, alpha, ownRgba: rgba };
}
