/** Picture files without anything inside but pixels: what goes to another machine must carry no settings. */
import sharp from 'sharp';

/** [height, width, 3] bytes → a PNG file. */
export function encodePlainPng({ rgb, width, height }: PlainPixels): Promise<Buffer> {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toBuffer();
}

/** [height, width, 3] bytes → a JPEG file of high quality. */
export function encodePlainJpeg({ rgb, width, height }: PlainPixels): Promise<Buffer> {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

export interface PlainPixels {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}
