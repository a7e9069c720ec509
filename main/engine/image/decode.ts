/** Opens picture bytes with sharp: looks before it decodes, never accepts a damaged file silently, and speaks plainly when it refuses. */
import sharp, { type Metadata, type Sharp } from 'sharp';
import { AppError } from '../../../shared/errors';
import { readIcc, type IccFacts } from './icc';
import type { PictureFacts, ReadableFormat } from './picture';
import { sniff } from './sniff';

/** Largest picture that is decoded, in pixels: 16383², which is also what the widest formats hold. */
export const DEFAULT_MAX_PIXELS = 0x3fff * 0x3fff;
/** A decoder that needs longer than this is taken for stuck. */
const DECODE_TIMEOUT_SECONDS = 300;

/** A picture that was looked at but not decoded yet. */
export interface OpenedPicture {
  info: PictureFacts;
  /** Upright size. */
  width: number;
  height: number;
  /**
   * Decodes completely: `finish` gets a pipeline that is upright, converted to 8-bit sRGB, alpha untouched.
   * Throws AppError `input` for a damaged or cut-off file.
   */
  decode<T>(finish: (pipeline: Sharp) => Promise<T>): Promise<T>;
}

/** Checks the bytes of a picture file without decoding it; throws AppError `input`, naming the file as `name`. */
export async function openPicture(bytes: Buffer, name: string, maxPixels: number): Promise<OpenedPicture> {
  const sniffed = sniff(bytes);
  if (sniffed.format === null) {
    throw new AppError(
      'input',
      `"${name}" is ${sniffed.looksLike}, which Underpaint cannot open; use a JPEG, PNG, WebP, AVIF, TIFF or GIF picture.`,
    );
  }
  const { format } = sniffed;
  const metadata = await lookAt(bytes, name, format);
  const width = metadata.autoOrient.width;
  const height = metadata.autoOrient.height;
  checkSize(width, height, name, maxPixels);
  checkDepth(metadata, name);

  const icc = metadata.icc ? readIcc(metadata.icc) : null;
  const colour = planColour(metadata, icc);
  const info: PictureFacts = {
    format,
    orientation: validOrientation(metadata.orientation),
    profile: colour.profile,
    hasAlpha: metadata.hasAlpha,
    bitDepth: metadata.bitsPerSample ?? (metadata.depth === 'ushort' ? 16 : 8),
    isAnimated:
      format === 'tiff' || format === 'avif' ? false : (metadata.pages ?? 1) > 1 || isApng(bytes, format),
    colourSpace: metadata.space,
  };
  return {
    info,
    width,
    height,
    decode: (finish) =>
      inTurn(() =>
        decodeStrictly(name, (failOn) => {
          const pipeline = sharp(bytes, {
            failOn,
            limitInputPixels: maxPixels,
            autoOrient: true,
            ignoreIcc: colour.isProfileIgnored,
          }).timeout({ seconds: DECODE_TIMEOUT_SECONDS });
          return finish(
            colour.needsSecondStep ? pipeline.withIccProfile('srgb') : pipeline.toColourspace('srgb'),
          );
        }),
      ),
  };
}

let lastDecode: Promise<unknown> = Promise.resolve();

/** One decode at a time: libvips keeps its complaints in one place for all, and two large pictures at once take twice the memory. */
function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const mine = lastDecode.then(run);
  lastDecode = mine.catch(() => undefined);
  return mine;
}

async function lookAt(bytes: Buffer, name: string, format: ReadableFormat): Promise<Metadata> {
  try {
    // The pixel limit is checked by ourselves, to say it in plain words; reading the header allocates no pixels.
    const metadata = await sharp(bytes, { limitInputPixels: false, failOn: 'error' }).metadata();
    const isExpected = metadata.format === (format === 'avif' ? 'heif' : format);
    if (isExpected && (format !== 'avif' || metadata.compression === 'av1')) return metadata;
    throw new AppError(
      'input',
      `"${name}" starts like a ${format.toUpperCase()} picture but is not one that Underpaint can open; save it as PNG or JPEG and try again.`,
      { details: `read as ${metadata.format}, compression ${metadata.compression ?? 'unknown'}` },
    );
  } catch (error) {
    throw error instanceof AppError ? error : damaged(name, error);
  }
}

function checkSize(width: number, height: number, name: string, maxPixels: number): void {
  if (width * height <= maxPixels) return;
  throw new AppError(
    'input',
    `"${name}" has ${width} × ${height} pixels, more than the ${Math.floor(maxPixels / 1e6)} million that Underpaint opens; make it smaller and try again.`,
  );
}

function checkDepth(metadata: Metadata, name: string): void {
  const isLab = metadata.space === 'lab' || metadata.space === 'labs';
  if (metadata.depth === 'uchar' || metadata.depth === 'ushort' || isLab) return;
  throw new AppError(
    'input',
    `"${name}" stores its colours as ${metadata.depth} numbers, which Underpaint cannot show faithfully; save it with 8 or 16 bits per channel and try again.`,
  );
}

interface ColourPlan {
  profile: string;
  isProfileIgnored: boolean;
  needsSecondStep: boolean;
}

/** How the file's colours become sRGB, and what is said about it. */
function planColour(metadata: Metadata, icc: IccFacts | null): ColourPlan {
  const plan = (profile: string, isProfileIgnored: boolean, needsSecondStep = false): ColourPlan => ({
    profile,
    isProfileIgnored,
    needsSecondStep,
  });
  const isCmyk = metadata.space === 'cmyk';
  const expected = isCmyk ? 'CMYK' : /^(b-w|grey16)$/.test(metadata.space) ? 'GRAY' : 'RGB';
  if (!metadata.icc)
    return plan(isCmyk ? 'CMYK: none (taken as generic CMYK)' : 'none (taken as sRGB)', false);
  if (!icc) return plan(`unreadable (taken as ${isCmyk ? 'generic CMYK' : 'sRGB'})`, true);
  if (isCmyk)
    return icc.space === expected
      ? plan(`CMYK: ${icc.name}`, false)
      : plan(`${icc.name} (does not fit, taken as generic CMYK)`, true);
  // libvips opens 16-bit grey without colour management.
  if (metadata.space === 'grey16') return plan(`${icc.name} (16-bit grey, taken as sRGB)`, true);
  if (icc.space !== expected && !metadata.space.startsWith('lab'))
    return plan(`${icc.name} (does not fit, taken as sRGB)`, true);
  if (icc.isSrgb) return plan(icc.name, true);
  // sharp brings 16-bit RGB with a profile to Display P3 first and leaves it there unless an output profile is asked for.
  return plan(icc.name, false, metadata.space === 'rgb16');
}

/** Complaints of decoders that say nothing about the pixels: anything else that is complained about counts as damage. */
const HARMLESS = [
  /^Warning treated as error due to failOn setting$/,
  /extraneous bytes before marker 0xd9/i,
  /\biCCP\b|\bsRGB\b|\bgAMA\b|\bcHRM\b|\btEXt\b|\bzTXt\b|\biTXt\b|\beXIf\b|\bpHYs\b|\btIME\b|\bbKGD\b|\bsBIT\b|\bcICP\b/,
  /unknown field with tag|unknown tag|ASCII value for tag|incorrect count for field/i,
  /exif|xmp/i,
];

/**
 * Decodes so that the smallest complaint counts, then judges it: a cut-off JPEG would otherwise end in a grey area that nobody asked for,
 * but many good files carry a wrong colour chunk or stray bytes at the end.
 */
async function decodeStrictly<T>(name: string, run: (failOn: 'warning' | 'error') => Promise<T>): Promise<T> {
  try {
    return await run('warning');
  } catch (complaint) {
    if (!isHarmless(complaint)) throw damaged(name, complaint);
    try {
      return await run('error');
    } catch (error) {
      throw damaged(name, error);
    }
  }
}

function isHarmless(complaint: unknown): boolean {
  if (!(complaint instanceof Error)) return false;
  const lines = complaint.message.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 && lines.every((line) => HARMLESS.some((pattern) => pattern.test(line)));
}

function damaged(name: string, error: unknown): AppError {
  const message = error instanceof Error ? error.message : String(error);
  if (/timeout/i.test(message)) {
    return new AppError('input', `"${name}" takes too long to open; save it again as PNG and try that.`, {
      cause: error,
    });
  }
  return new AppError(
    'input',
    `"${name}" is damaged or incomplete, so it cannot be opened; get a fresh copy or save it again from the program that made it.`,
    { cause: error },
  );
}

const validOrientation = (value: number | undefined): number =>
  value !== undefined && value >= 1 && value <= 8 ? value : 1;

/** An animated PNG announces itself before its first pixels. */
function isApng(bytes: Buffer, format: ReadableFormat): boolean {
  if (format !== 'png') return false;
  for (let at = 8; at + 12 <= bytes.length; at += bytes.readUInt32BE(at) + 12) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'acTL') return true;
    if (type === 'IDAT') return false;
  }
  return false;
}
