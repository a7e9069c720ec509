/** Settings inside JPEG files: one EXIF and one XMP segment (APP1). */
import { findInXmp, makeExif, makeXmp, takeExif, type FoundSettings } from './embedded-settings';

const EXIF_MARK = 'Exif\0\0';
const XMP_MARK = 'http://ns.adobe.com/xap/1.0/\0';
/** A segment's length field is 16 bits and counts itself. */
const MAX_SEGMENT_BYTES = 65533;
const MARKER = { soi: 0xd8, eoi: 0xd9, sos: 0xda, app0: 0xe0, app1: 0xe1 } as const;

/** Adds the settings to an encoded JPEG, behind its JFIF header if it has one. A text that no segment can hold is left out. */
export function embedInJpeg(jpeg: Buffer, settings: { parameters: string; json: string }): Buffer {
  const at = jpeg[3] === MARKER.app0 ? 4 + jpeg.readUInt16BE(4) : 2;
  const exif = makeExif(settings.parameters);
  const xmp = makeXmp(settings.json, MAX_SEGMENT_BYTES - XMP_MARK.length);
  return Buffer.concat([
    jpeg.subarray(0, at),
    exif.length <= MAX_SEGMENT_BYTES - EXIF_MARK.length ? segment(EXIF_MARK, exif) : Buffer.alloc(0),
    xmp ? segment(XMP_MARK, xmp) : Buffer.alloc(0),
    jpeg.subarray(at),
  ]);
}

function segment(mark: string, data: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xff00 | MARKER.app1, 0);
  head.writeUInt16BE(2 + mark.length + data.length, 2);
  return Buffer.concat([head, Buffer.from(mark, 'latin1'), data]);
}

/** Reads the settings from a JPEG file's bytes; looks only at the segments before the pixels. */
export function findInJpeg(jpeg: Buffer): FoundSettings {
  const found: FoundSettings = {};
  let at = 2;
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1];
    if (marker === 0xff) {
      at++; // Fill bytes are allowed before a marker.
      continue;
    }
    if (marker === MARKER.sos || marker === MARKER.eoi) break;
    const length = jpeg.readUInt16BE(at + 2);
    if (marker === MARKER.app1) take(jpeg.subarray(at + 4, at + 2 + length), found);
    at += 2 + length;
  }
  return found;
}

function take(data: Buffer, found: FoundSettings): void {
  if (data.toString('latin1', 0, EXIF_MARK.length) === EXIF_MARK) {
    takeExif(data.subarray(EXIF_MARK.length), found);
  } else if (data.toString('latin1', 0, XMP_MARK.length) === XMP_MARK) {
    const json = findInXmp(data.subarray(XMP_MARK.length));
    if (json !== undefined) found.json ??= json;
  }
}
