/** Settings as they sit in JPEG and WebP files: an EXIF user comment for other tools, and XMP for our own JSON. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** What was found in a file; both texts are as untrusted as the file. */
export interface FoundSettings {
  /** Text in A1111 form. */
  parameters?: string;
  /** The app's own JSON, not parsed. */
  json?: string;
  /** What other programs keep under other names, by their keyword. */
  others?: Record<string, string>;
}

/** Keywords under which other programs keep their settings (ComfyUI; InvokeAI in three forms; Fooocus). */
export const OTHER_KEYWORDS: readonly string[] = [
  'prompt',
  'invokeai_metadata',
  'sd-metadata',
  'Dream',
  'fooocus_scheme',
];

/** Keeps a text under its keyword unless an earlier one stands there. */
export function keepOther(found: FoundSettings, keyword: string, text: string): void {
  found.others = { [keyword]: text, ...found.others };
}

/** Longest text that is taken from a file. */
export const MAX_SETTINGS_BYTES = 2 ** 20;

const EXIF_POINTER = 0x8769;
const USER_COMMENT = 0x9286;
const MAKER_NOTE = 0x927c;
/** ImageDescription, Make, Model, and the two above. */
const TEXT_TAGS = [0x010e, 0x010f, 0x0110, MAKER_NOTE, USER_COMMENT];
const COLOR_SPACE = 0xa001;
const TYPE = { short: 3, long: 4, undefined: 7 } as const;
const ENTRY_BYTES = 12;

/**
 * A TIFF block (big-endian) with the text as EXIF UserComment (Exif 2.32, 4.6.5) in UTF-16, as A1111 writes it, and ColorSpace sRGB.
 */
export function makeExif(text: string): Buffer {
  const comment = Buffer.concat([Buffer.from('UNICODE\0', 'latin1'), Buffer.from(text, 'utf16le').swap16()]);
  const exifAt = 8 + 2 + ENTRY_BYTES + 4;
  const commentAt = exifAt + 2 + 2 * ENTRY_BYTES + 4;
  const head = Buffer.alloc(commentAt);
  head.write('MM\0*', 0, 'latin1');
  head.writeUInt32BE(8, 4);
  head.writeUInt16BE(1, 8);
  writeEntry(head, 10, EXIF_POINTER, TYPE.long, 1, exifAt);
  head.writeUInt16BE(2, exifAt);
  writeEntry(head, exifAt + 2, USER_COMMENT, TYPE.undefined, comment.length, commentAt);
  writeEntry(head, exifAt + 2 + ENTRY_BYTES, COLOR_SPACE, TYPE.short, 1, 1 << 16);
  return Buffer.concat([head, comment]);
}

function writeEntry(to: Buffer, at: number, tag: number, type: number, count: number, value: number): void {
  to.writeUInt16BE(tag, at);
  to.writeUInt16BE(type, at + 2);
  to.writeUInt32BE(count, at + 4);
  to.writeUInt32BE(value, at + 8);
}

/** Texts of a TIFF block. */
export interface ExifTexts {
  userComment?: string;
  makerNote?: string;
  /** Plain text tags of the first directory: ImageDescription, Make, Model. */
  plain: string[];
}

/**
 * Reads the texts of a TIFF block of either byte order; a damaged block gives what was found before the damage. Pillow puts the user
 * comment and the maker's note into the first directory and not into Exif's own, so both are looked at.
 */
export function readExif(tiff: Buffer): ExifTexts {
  const texts: ExifTexts = { plain: [] };
  try {
    const isLittle = tiff.toString('latin1', 0, 2) === 'II';
    const u16 = (at: number): number => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
    const u32 = (at: number): number => (isLittle ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
    const readDirectory = (directory: number, isFirst: boolean): void => {
      const count = u16(directory);
      for (let i = 0; i < count; i++) {
        const entry = directory + 2 + i * ENTRY_BYTES;
        const [tag, length] = [u16(entry), u32(entry + 4)];
        if (tag === EXIF_POINTER && isFirst) {
          readDirectory(u32(entry + 8), false);
          continue;
        }
        if (!TEXT_TAGS.includes(tag) || length > MAX_SETTINGS_BYTES) continue;
        // Up to four bytes lie in the entry itself.
        const at = length <= 4 ? entry + 8 : u32(entry + 8);
        const bytes = tiff.subarray(at, at + length);
        if (tag === USER_COMMENT) texts.userComment ??= decodeComment(bytes);
        else if (tag === MAKER_NOTE) texts.makerNote ??= plainText(bytes);
        else texts.plain.push(plainText(bytes));
      }
    };
    readDirectory(u32(4), true);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // an offset beyond the end
  }
  return texts;
}

/** Takes what a TIFF block says about settings. ComfyUI keeps its graph in a camera's tags, as `prompt:{…}`. */
export function takeExif(tiff: Buffer, found: FoundSettings): void {
  const { userComment, makerNote, plain } = readExif(tiff);
  if (userComment !== undefined) found.parameters ??= userComment;
  if (makerNote === 'fooocus' || makerNote === 'a1111') keepOther(found, 'fooocus_scheme', makerNote);
  for (const text of plain) {
    const graph = /^prompt:\s*(\{.*)$/isu.exec(text)?.[1];
    if (graph !== undefined) keepOther(found, 'prompt', graph);
  }
}

const plainText = (bytes: Buffer): string => bytes.toString('utf8').replace(/\0+$/, '');

/** A user comment begins with eight bytes that tell its encoding; some writers leave them out, or zero. */
function decodeComment(bytes: Buffer): string {
  const code = bytes.toString('latin1', 0, 8);
  const text = bytes.subarray(8);
  if (code.startsWith('ASCII\0')) return text.toString('latin1').replace(/\0+$/, '');
  if (code === '\0'.repeat(8)) return plainText(text);
  if (!code.startsWith('UNICODE')) return plainText(bytes);
  const even = Buffer.from(text.subarray(0, text.length & ~1));
  // Writers disagree about the byte order. Mostly Latin text has its zero bytes first when it is big-endian.
  let zerosFirst = 0;
  let zerosSecond = 0;
  for (let i = 0; i + 1 < even.length; i += 2) {
    if (even[i] === 0) zerosFirst++;
    if (even[i + 1] === 0) zerosSecond++;
  }
  return (zerosSecond > zerosFirst ? even : even.swap16()).toString('utf16le').replace(/\0+$/, '');
}

const XMP_NAMESPACE = 'urn:underpaint:settings:1';
const PLAIN = 'settings';
const PACKED = 'settingsDeflated';

/** An XMP packet (ISO 16684-1) with our JSON; packed when the plain form is longer than `maxBytes`. Null when even that is too long. */
export function makeXmp(json: string, maxBytes: number): Buffer | null {
  const plain = packet(PLAIN, escapeXml(json));
  if (plain.length <= maxBytes) return plain;
  const packed = packet(PACKED, deflateRawSync(Buffer.from(json, 'utf8'), { level: 9 }).toString('base64'));
  return packed.length <= maxBytes ? packed : null;
}

const packet = (element: string, content: string): Buffer =>
  Buffer.from(
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>' +
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
      `<rdf:Description rdf:about="" xmlns:underpaint="${XMP_NAMESPACE}">` +
      `<underpaint:${element}>${content}</underpaint:${element}>` +
      '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>',
    'utf8',
  );

/** Finds our JSON in an XMP packet. */
export function findInXmp(xmp: Buffer): string | undefined {
  if (xmp.length > MAX_SETTINGS_BYTES) return undefined;
  const text = xmp.toString('utf8');
  const plain = between(text, PLAIN);
  if (plain !== undefined) return unescapeXml(plain);
  const packed = between(text, PACKED);
  if (packed === undefined) return undefined;
  try {
    return inflateRawSync(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_SETTINGS_BYTES }).toString(
      'utf8',
    );
  } catch {
    return undefined;
  }
}

function between(text: string, element: string): string | undefined {
  const open = `<underpaint:${element}>`;
  const start = text.indexOf(open);
  const end = text.indexOf(`</underpaint:${element}>`, start);
  return start >= 0 && end >= 0 ? text.slice(start + open.length, end) : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const CHARACTERS: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

/** XML 1.0 forbids some characters outright; inside JSON text each can be written as an escape that means the same. */
const escapeXml = (json: string): string =>
  json
    .replace(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    .replace(/[&<>]/g, (c) => ENTITIES[c] ?? c);

const unescapeXml = (text: string): string =>
  text.replace(/&(amp|lt|gt);/g, (entity) => CHARACTERS[entity] ?? entity);
