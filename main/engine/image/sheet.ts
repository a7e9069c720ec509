/** Puts pictures side by side with labels: before and after, or a strip of several strengths. */
import { AppError } from '../../../shared/errors';
import sharp, { type OverlayOptions } from 'sharp';
import { readPicture } from './read';
import { labelPath, labelWidthPx } from './stroke-font';
import { writeAtomically } from './write';

/** Height that every picture of a sheet gets; smaller pictures are enlarged, so that tiny ones can be seen. */
const CELL_HEIGHT_PX = 512;
/** A very wide picture is limited by its width instead. */
const MAX_CELL_WIDTH_PX = 1024;
const GAP_PX = 24;
const LABEL_HEIGHT_PX = 16;
const LABEL_BAND_PX = 48;
const COLOUR = { background: '#1b1b1f', label: '#e8e6e3' } as const;
const MAX_PICTURES = 24;

/** Writes a PNG with the input on the left and the result on the right; throws AppError like `readPicture` and `writeAtomically`. */
export async function makeBeforeAfterSheet(
  inputPath: string,
  resultPath: string,
  outPath: string,
  labels: readonly [string, string],
): Promise<void> {
  await makeStrip([inputPath, resultPath], labels, outPath);
}

/** Writes a PNG with all pictures in one row, each with its label below; throws AppError like `readPicture` and `writeAtomically`. */
export async function makeStrip(
  paths: readonly string[],
  labels: readonly string[],
  outPath: string,
): Promise<void> {
  if (paths.length < 1 || paths.length > MAX_PICTURES) {
    throw new AppError(
      'usage',
      `A strip holds 1 to ${MAX_PICTURES} pictures, not ${paths.length}; choose fewer.`,
    );
  }
  const cells: { png: Buffer; width: number; height: number }[] = [];
  for (const path of paths) cells.push(await readCell(path));

  const height = Math.max(...cells.map((cell) => cell.height));
  const totalHeight = GAP_PX + height + LABEL_BAND_PX;
  const overlays: OverlayOptions[] = [];
  let path = '';
  let left = GAP_PX;
  for (const [i, cell] of cells.entries()) {
    const label = labels[i] ?? '';
    const labelPx = fittingHeight(label, cell.width);
    const top = GAP_PX + Math.floor((height - cell.height) / 2);
    overlays.push({ input: cell.png, left, top });
    path += labelPath(
      label,
      left + (cell.width - labelWidthPx(label, labelPx)) / 2,
      GAP_PX + height + (LABEL_BAND_PX - labelPx) / 2,
      labelPx,
    );
    left += cell.width + GAP_PX;
  }
  if (path !== '') overlays.push({ input: Buffer.from(labelSvg(path, left, totalHeight)), left: 0, top: 0 });
  const sheet = await sharp({
    create: { width: left, height: totalHeight, channels: 3, background: COLOUR.background },
  })
    .composite(overlays)
    .removeAlpha()
    .png({ compressionLevel: 6 })
    .toBuffer();
  await writeAtomically(outPath, sheet);
}

async function readCell(path: string): Promise<{ png: Buffer; width: number; height: number }> {
  const picture = await readPicture(path);
  const scale = Math.min(CELL_HEIGHT_PX / picture.height, MAX_CELL_WIDTH_PX / picture.width);
  const { data, info } = await sharp(picture.rgb, {
    raw: { width: picture.width, height: picture.height, channels: 3 },
    limitInputPixels: false,
  })
    .resize({
      width: Math.max(1, Math.round(picture.width * scale)),
      height: Math.max(1, Math.round(picture.height * scale)),
      fit: 'fill',
      kernel: 'lanczos3',
    })
    .png({ compressionLevel: 1 })
    .toBuffer({ resolveWithObject: true });
  return { png: data, width: info.width, height: info.height };
}

/** Labels shrink rather than run into their neighbour. */
const fittingHeight = (label: string, widthPx: number): number =>
  Math.min(LABEL_HEIGHT_PX, (LABEL_HEIGHT_PX * widthPx) / Math.max(1, labelWidthPx(label, LABEL_HEIGHT_PX)));

const labelSvg = (path: string, width: number, height: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
  `<path d="${path}" fill="none" stroke="${COLOUR.label}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
