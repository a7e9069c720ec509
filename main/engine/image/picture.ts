/** What a picture is inside the engine: upright sRGB pixels, and what its file said about itself. */

/** The six formats that are read; decided from the file's content, never from its name. */
export const READABLE_FORMATS = ['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const;
export type ReadableFormat = (typeof READABLE_FORMATS)[number];

/** What a picture file said about itself before any conversion. */
export interface PictureFacts {
  format: ReadableFormat;
  /** EXIF orientation that was applied, 1 … 8; 1 when the file has none. AVIF carries its rotation elsewhere, so it says 1. */
  orientation: number;
  /** Profile in words: `sRGB`, `Display P3`, `none (taken as sRGB)`, `CMYK: U.S. Web Coated (SWOP) v2`, … */
  profile: string;
  /** True when the file has an alpha channel (or transparent palette entries), even if every pixel is opaque. */
  hasAlpha: boolean;
  /** Bits per channel in the file: 1, 2, 4, 8, 10, 12 or 16. */
  bitDepth: number;
  /** True for more than one frame (GIF, WebP, APNG); only the first frame is read. */
  isAnimated: boolean;
  /** libvips' name for the file's colour space: `srgb`, `rgb16`, `b-w`, `grey16`, `cmyk`, `lab`, … */
  colourSpace: string;
}

/** 8-bit pixels without a story: what the model sees and gives back. */
export interface RgbImage {
  width: number;
  height: number;
  /** rgb: [height, width, 3] uint8, sRGB. */
  rgb: Buffer;
}

/** One picture, upright, in sRGB. Transparent pictures are flattened over white in `rgb`; `alpha` keeps the transparency. */
export interface Picture extends RgbImage {
  /** alpha: [height, width] uint8, or null when the file has none. */
  alpha: Buffer | null;
  /** rgba: [height, width, 4] uint8, the file's own colours before they were flattened over white; null when not asked for or without alpha. */
  ownRgba: Buffer | null;
  info: PictureFacts;
}
