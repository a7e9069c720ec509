/** Settings inside WebP files: EXIF and XMP chunks of the extended format (RFC 9649, section 2.7). */
import {
  findInXmp,
  makeExif,
  makeXmp,
  MAX_SETTINGS_BYTES,
  takeExif,
  type FoundSettings,
} from './embedded-settings';

const FLAG = { exif: 0x08, xmp: 0x04 } as const;
const RIFF_HEADER_BYTES = 12;
/** Some writers put JPEG's mark before the TIFF block. */
const EXIF_MARK = 'Exif\0\0';

interface Chunk {
  type: string;
  data: Buffer;
}

/** Adds the settings to an encoded WebP of the given size; a simple file becomes an extended one, which every reader knows. */
export function embedInWebp(
  webp: Buffer,
  settings: { parameters: string; json: string },
  { width, height }: { width: number; height: number },
): Buffer {
  const chunks = readChunks(webp).filter(({ type }) => type !== 'EXIF' && type !== 'XMP ');
  const exif = makeExif(settings.parameters);
  const xmp = makeXmp(settings.json, MAX_SETTINGS_BYTES);
  const header = chunks.find(({ type }) => type === 'VP8X');
  const extended = header ? Buffer.from(header.data) : newHeader(width, height);
  extended[0] = (extended[0] ?? 0) | FLAG.exif | (xmp ? FLAG.xmp : 0);
  const all: Chunk[] = [
    { type: 'VP8X', data: extended },
    ...chunks.filter(({ type }) => type !== 'VP8X'),
    { type: 'EXIF', data: exif },
    ...(xmp ? [{ type: 'XMP ', data: xmp }] : []),
  ];
  const body = Buffer.concat(all.map(writeChunk));
  const riff = Buffer.alloc(RIFF_HEADER_BYTES);
  riff.write('RIFF', 0, 'latin1');
  riff.writeUInt32LE(4 + body.length, 4);
  riff.write('WEBP', 8, 'latin1');
  return Buffer.concat([riff, body]);
}

/** Flags, three reserved bytes, width − 1 and height − 1 in 24 bits each. */
function newHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(10);
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  return header;
}

/** Chunks are padded to an even length; the padding does not count. */
function writeChunk({ type, data }: Chunk): Buffer {
  const bytes = Buffer.alloc(8 + data.length + (data.length & 1));
  bytes.write(type, 0, 'latin1');
  bytes.writeUInt32LE(data.length, 4);
  data.copy(bytes, 8);
  return bytes;
}

function readChunks(webp: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  let at = RIFF_HEADER_BYTES;
  while (at + 8 <= webp.length) {
    const length = webp.readUInt32LE(at + 4);
    chunks.push({ type: webp.toString('latin1', at, at + 4), data: webp.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length & 1);
  }
  return chunks;
}

/** Reads the settings from a WebP file's bytes. */
export function findInWebp(webp: Buffer): FoundSettings {
  const found: FoundSettings = {};
  for (const { type, data } of readChunks(webp)) {
    if (type === 'EXIF') {
      const isMarked = data.toString('latin1', 0, EXIF_MARK.length) === EXIF_MARK;
      takeExif(isMarked ? data.subarray(EXIF_MARK.length) : data, found);
    } else if (type === 'XMP ') {
      const json = findInXmp(data);
      if (json !== undefined) found.json ??= json;
    }
  }
  return found;
}
