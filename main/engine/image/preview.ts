/** Writes the small pictures that show a job while it runs. */
import sharp from 'sharp';
import { writeAtomically } from './write';

/**
 * Writes a preview PNG, enlarged `scale` times with bilinear interpolation; the file is replaced whole, never half-written.
 * rgb: [height, width, 3] uint8. Throws AppError `output` or `disk-full`.
 */
export async function writePreview(
  rgb: Uint8Array,
  width: number,
  height: number,
  scale: number,
  path: string,
): Promise<void> {
  const png = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize({
      width: Math.max(1, Math.round(width * scale)),
      height: Math.max(1, Math.round(height * scale)),
      fit: 'fill',
      kernel: 'linear',
    })
    .png({ compressionLevel: 1 })
    .toBuffer();
  await writeAtomically(path, png, { isDurable: false });
}
