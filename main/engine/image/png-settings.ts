/** Settings inside PNG files: text chunks (PNG specification, third edition, section 11.3.3). */
import { crc32, inflateSync } from 'node:zlib';
import { keepOther, MAX_SETTINGS_BYTES, OTHER_KEYWORDS, type FoundSettings } from './embedded-settings';

const SIGNATURE_BYTES = 8;
/** A1111's own keyword, which most tools look for. */
const TEXT_KEYWORD = 'parameters';
/** Our own keyword. */
const JSON_KEYWORD = 'underpaint';

/** Adds an sRGB chunk and both settings right after the header of an encoded PNG, and takes out the encoder's made-up print size. */
export function embedInPng(encoded: Buffer, settings: { parameters: string; json: string }): Buffer {
  const afterHeader = SIGNATURE_BYTES + 12 + encoded.readUInt32BE(SIGNATURE_BYTES);
  const png = withoutChunk(encoded, 'pHYs');
  return Buffer.concat([
    png.subarray(0, afterHeader),
    chunk('sRGB', Buffer.from([0])), // rendering intent: perceptual
    textChunk(TEXT_KEYWORD, settings.parameters),
    internationalTextChunk(JSON_KEYWORD, settings.json),
    png.subarray(afterHeader),
  ]);
}

function withoutChunk(png: Buffer, unwanted: string): Buffer {
  const kept = [png.subarray(0, SIGNATURE_BYTES)];
  for (let at = SIGNATURE_BYTES; at + 12 <= png.length;) {
    const end = at + 12 + png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) !== unwanted) kept.push(png.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

/** Reads both settings from a PNG file's bytes; a damaged file gives what was found before the damage. */
export function findInPng(png: Buffer): FoundSettings {
  const found: FoundSettings = {};
  let at = SIGNATURE_BYTES;
  while (at + 12 <= png.length) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'IEND') break;
    const text = readText(type, png.subarray(at + 8, at + 8 + length));
    if (text?.keyword === TEXT_KEYWORD) found.parameters ??= text.value;
    if (text?.keyword === JSON_KEYWORD) found.json ??= text.value;
    if (text !== null && OTHER_KEYWORDS.includes(text.keyword)) keepOther(found, text.keyword, text.value);
    at += 12 + length;
  }
  return found;
}

/** `tEXt` holds Latin-1 only, so anything else goes into `iTXt`, as Pillow and A1111 do it. */
function textChunk(keyword: string, value: string): Buffer {
  const isLatin1 = /^[\n\x20-\x7e\xa0-\xff]*$/.test(value);
  return isLatin1
    ? chunk('tEXt', Buffer.from(`${keyword}\0${value}`, 'latin1'))
    : internationalTextChunk(keyword, value);
}

/** Keyword, not compressed, no language, no translated keyword, UTF-8. */
const internationalTextChunk = (keyword: string, value: string): Buffer =>
  chunk('iTXt', Buffer.from(`${keyword}\0\0\0\0\0${value}`, 'utf8'));

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

function readText(type: string, data: Buffer): { keyword: string; value: string } | null {
  if (type !== 'tEXt' && type !== 'zTXt' && type !== 'iTXt') return null;
  const end = data.indexOf(0);
  if (end < 1 || end > 79) return null;
  const keyword = data.toString('latin1', 0, end);
  if (type === 'tEXt') return checked(keyword, data.subarray(end + 1), 'latin1');
  if (type === 'zTXt') return checked(keyword, inflated(data.subarray(end + 2)), 'latin1');
  const isCompressed = data[end + 1] === 1;
  const afterLanguage = data.indexOf(0, end + 3) + 1;
  const afterTranslation = data.indexOf(0, afterLanguage) + 1;
  if (afterLanguage === 0 || afterTranslation === 0) return null;
  const text = data.subarray(afterTranslation);
  return checked(keyword, isCompressed ? inflated(text) : text, 'utf8');
}

function checked(
  keyword: string,
  value: Buffer | null,
  encoding: 'latin1' | 'utf8',
): { keyword: string; value: string } | null {
  return value && value.length <= MAX_SETTINGS_BYTES ? { keyword, value: value.toString(encoding) } : null;
}

/** Inflates a text, but never a bomb. */
function inflated(data: Buffer): Buffer | null {
  try {
    return inflateSync(data, { maxOutputLength: MAX_SETTINGS_BYTES });
  } catch {
    return null;
  }
}
