/** Decides from a file's first bytes what it is, so that a wrong name can neither fool nor stop the app. */
import type { ReadableFormat } from './picture';
import { isCameraRaw } from './camera-raw';

/** Either one of the six readable formats, or the name of what the file looks like instead. */
export type Sniffed = { format: ReadableFormat } | { format: null; looksLike: string };

/** Magic bytes as Latin-1 text at offset 0 → what the file is. Sources: the formats' own specifications. */
const REFUSED_STARTS: readonly (readonly [string, string])[] = [
  ['%PDF-', 'a PDF document'],
  ['%!PS', 'a PostScript file'],
  ['8BPS', 'a Photoshop file (PSD)'],
  ['BM', 'a BMP picture'],
  ['\x00\x00\x01\x00', 'an icon (ICO)'],
  ['\xff\x0a', 'a JPEG XL picture'],
  ['\x00\x00\x00\x0cJXL ', 'a JPEG XL picture'],
  ['\x00\x00\x00\x0cjP  ', 'a JPEG 2000 picture'],
  ['\xff\x4f\xff\x51', 'a JPEG 2000 picture'],
  ['\x76\x2f\x31\x01', 'an OpenEXR picture'],
  ['#?RADIANCE', 'a Radiance HDR picture'],
  ['gimp xcf', 'a GIMP file (XCF)'],
  ['FUJIFILMCCD-RAW', 'a camera RAW file'],
  ['IIRO', 'a camera RAW file'],
  ['IIRS', 'a camera RAW file'],
  ['MMOR', 'a camera RAW file'],
  ['IIU\x00', 'a camera RAW file'],
  ['FOVb', 'a camera RAW file'],
  ['PK\x03\x04', 'a ZIP archive or a document packed like one'],
  ['\x1f\x8b', 'a compressed archive'],
  ['7z\xbc\xaf', 'a compressed archive'],
  ['Rar!', 'a compressed archive'],
  ['\x1aE\xdf\xa3', 'a video'],
  ['MZ', 'a program'],
  ['\x7fELF', 'a program'],
];

/** Says what a file is from its content; `looksLike` is a noun phrase for a sentence. */
export function sniff(bytes: Buffer): Sniffed {
  const start = bytes.toString('latin1', 0, 32);
  if (start.startsWith('\xff\xd8\xff')) return { format: 'jpeg' };
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return { format: 'png' };
  if (start.startsWith('RIFF')) {
    if (start.slice(8, 12) === 'WEBP') return { format: 'webp' };
    return refused(start.slice(8, 12) === 'WAVE' ? 'a sound file' : 'a video');
  }
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return { format: 'gif' };
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(start.slice(0, 4))) {
    return isCameraRaw(bytes) ? refused('a camera RAW file') : { format: 'tiff' };
  }
  if (start.slice(4, 8) === 'ftyp') return sniffBrands(bytes);
  const known = REFUSED_STARTS.find(([magic]) => start.startsWith(magic));
  if (known) return refused(known[1]);
  return refused(sniffText(bytes));
}

/** ISO base media files (ISO 14496-12): the brands in the first box say which of the many kinds it is. */
function sniffBrands(bytes: Buffer): Sniffed {
  const boxBytes = Math.min(bytes.readUInt32BE(0), bytes.length, 256);
  const brands: string[] = [bytes.toString('latin1', 8, 12)];
  for (let at = 16; at + 4 <= boxBytes; at += 4) brands.push(bytes.toString('latin1', at, at + 4));
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return { format: 'avif' };
  if (brands.some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand)))
    return refused('a HEIC picture');
  if (brands.includes('crx ')) return refused('a camera RAW file');
  return refused('a video');
}

function sniffText(bytes: Buffer): string {
  const head = bytes.subarray(0, 4096);
  if (/<svg[\s>]/i.test(head.toString('latin1'))) return 'an SVG drawing';
  if (/^(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml)/i.test(head.toString('latin1'))) return 'a web page or XML';
  return isText(head) ? 'a text file' : 'something that is not a picture';
}

/** UTF-8 without control characters; the last character may be cut in two. */
function isText(bytes: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return text.length > 0 && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text);
  } catch {
    return false;
  }
}

const refused = (looksLike: string): Sniffed => ({ format: null, looksLike });
