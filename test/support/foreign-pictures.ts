/** Picture files with settings inside, built by the documented rules of the programs that write them; pixels do not matter. */
import { crc32 } from 'node:zlib';
import sharp from 'sharp';

const plain = (): ReturnType<typeof sharp> =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } });

/** A PNG with text chunks (PNG specification, 11.3.3), as Pillow's PngInfo writes them: `tEXt`, or `iTXt` beyond Latin-1. */
export async function pngWith(texts: Record<string, string>): Promise<Buffer> {
  const png = await plain().png().toBuffer();
  const chunks = Object.entries(texts).map(([keyword, text]) =>
    /^[\n\x20-\xff]*$/.test(text)
      ? chunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'))
      : chunk('iTXt', Buffer.from(`${keyword}\0\0\0\0\0${text}`, 'utf8')),
  );
  return Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
}

/** A tag of the first directory (IFD0) or of Exif's own: number, type (2 text, 7 undefined), bytes. */
export interface Tag {
  tag: number;
  type: 2 | 7;
  bytes: Buffer;
  isExif?: boolean;
}

export const textTag = (tag: number, text: string): Tag => ({
  tag,
  type: 2,
  bytes: Buffer.from(`${text}\0`, 'utf8'),
});

/** The user comment as Exif 2.32 says it (4.6.5), in UTF-16 of either byte order: piexif writes big-endian, others little. */
export const userComment = (text: string, order: 'big' | 'little' = 'big'): Tag => {
  const words = Buffer.from(text, 'utf16le');
  return {
    tag: 0x9286,
    type: 7,
    bytes: Buffer.concat([Buffer.from('UNICODE\0', 'latin1'), order === 'big' ? words.swap16() : words]),
    isExif: true,
  };
};

export async function jpegWith(tags: Tag[]): Promise<Buffer> {
  const jpeg = await plain().jpeg().toBuffer();
  const data = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff(tags)]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(2 + data.length, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, data, jpeg.subarray(2)]);
}

export async function webpWith(tags: Tag[]): Promise<Buffer> {
  const webp = await plain().webp().toBuffer();
  const data = tiff(tags);
  const head = Buffer.alloc(8);
  head.write('EXIF', 0, 'latin1');
  head.writeUInt32LE(data.length, 4);
  const all = Buffer.concat([webp, head, data, Buffer.alloc(data.length & 1)]);
  all.writeUInt32LE(all.length - 8, 4);
  return all;
}

/** A little-endian TIFF block with a first directory and, for tags that want it, Exif's own. */
function tiff(tags: Tag[]): Buffer {
  const own = tags.filter((tag) => tag.isExif === true);
  const first = tags.filter((tag) => tag.isExif !== true);
  const firstCount = first.length + (own.length > 0 ? 1 : 0);
  const exifAt = 8 + 2 + firstCount * 12 + 4;
  let dataAt = exifAt + (own.length > 0 ? 2 + own.length * 12 + 4 : 0);
  const head = Buffer.alloc(dataAt);
  head.write('II*\0', 0, 'latin1');
  head.writeUInt32LE(8, 4);
  const data: Buffer[] = [];
  const directory = (at: number, list: Tag[]): number => {
    head.writeUInt16LE(list.length, at);
    list.forEach(({ tag, type, bytes }, index) => {
      const entry = at + 2 + index * 12;
      head.writeUInt16LE(tag, entry);
      head.writeUInt16LE(type, entry + 2);
      head.writeUInt32LE(bytes.length, entry + 4);
      head.writeUInt32LE(dataAt, entry + 8);
      data.push(bytes);
      dataAt += bytes.length;
    });
    return at + 2 + list.length * 12;
  };
  const end = directory(8, first);
  if (own.length > 0) {
    head.writeUInt16LE(firstCount, 8);
    head.writeUInt16LE(0x8769, end);
    head.writeUInt16LE(4, end + 2);
    head.writeUInt32LE(1, end + 4);
    head.writeUInt32LE(exifAt, end + 8);
    directory(exifAt, own);
  }
  return Buffer.concat([head, ...data]);
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}
