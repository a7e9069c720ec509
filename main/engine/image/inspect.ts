/** Checks a picture that a person brings in, and prepares what the window shows of it. */
import { basename } from 'node:path';
import type { PictureInfo } from '../messages';
import { DEFAULT_MAX_PIXELS, openPicture } from './decode';
import { readSourceFile } from './source-file';
import { writeAtomically } from './write';

/** Longest side of the picture that the window shows. */
const DISPLAY_SIDE_PX = 2048;

/**
 * Decodes a picture file completely and writes an upright sRGB PNG of at most `maxSidePx` per side, alpha kept, to `previewPath`.
 * Throws AppError `input` for an unusable picture, `output` or `disk-full` when the preview cannot be saved.
 */
export async function inspectPicture(
  inputPath: string,
  previewPath: string,
  maxSidePx = DISPLAY_SIDE_PX,
): Promise<PictureInfo> {
  const bytes = await readSourceFile(inputPath);
  const opened = await openPicture(bytes, basename(inputPath), DEFAULT_MAX_PIXELS);
  const preview = await opened.decode((pipeline) =>
    pipeline
      .resize({ width: maxSidePx, height: maxSidePx, fit: 'inside', withoutEnlargement: true })
      .png({ compressionLevel: 4 })
      .toBuffer(),
  );
  await writeAtomically(previewPath, preview, { isDurable: false });
  const { format, orientation, profile, hasAlpha } = opened.info;
  return { width: opened.width, height: opened.height, format, orientation, profile, hasAlpha };
}

/** Longest side of a picture in a list, in pixels: sharp on a screen with two device pixels per point. */
const THUMBNAIL_SIDE_PX = 320;

/** Writes a small picture: PNG where the path says so, else WebP. Throws AppError `input` when it cannot be read, `output` when the file cannot be written. */
export async function writeThumbnail(inputPath: string, thumbnailPath: string): Promise<void> {
  const opened = await openPicture(await readSourceFile(inputPath), basename(inputPath), DEFAULT_MAX_PIXELS);
  const small = await opened.decode((pipeline) => {
    const resized = pipeline.resize({
      width: THUMBNAIL_SIDE_PX,
      height: THUMBNAIL_SIDE_PX,
      fit: 'inside',
      withoutEnlargement: true,
    });
    return (
      thumbnailPath.endsWith('.png') ? resized.png() : resized.webp({ quality: 80, effort: 2 })
    ).toBuffer();
  });
  await writeAtomically(thumbnailPath, small, { isDurable: false });
}

/** Upright size in pixels, from the header alone. Throws AppError `input` for what is no picture. */
export async function pictureSize(inputPath: string): Promise<{ width: number; height: number }> {
  const { width, height } = await openPicture(
    await readSourceFile(inputPath),
    basename(inputPath),
    DEFAULT_MAX_PIXELS,
  );
  return { width, height };
}
