/** Reads the little that the app wants to know from an ICC profile: its name, its kind, and whether it is sRGB itself. */

/** An ICC profile in words. */
export interface IccFacts {
  name: string;
  /** Data colour space, e.g. `RGB`, `GRAY`, `CMYK`. */
  space: string;
  /** True for sRGB under any name: such pixels must pass untouched, not be converted to themselves with rounding. */
  isSrgb: boolean;
}

/** Names that compact profiles carry instead of a readable one (github.com/saucecontrol/Compact-ICC-Profiles). */
const COMPACT_NAMES: Readonly<Record<string, string>> = {
  sRGB: 'sRGB',
  sRGz: 'sRGB',
  uRGB: 'sRGB',
  nRGB: 'sRGB',
  c2: 'sRGB',
  sP3C: 'Display P3',
  uP3C: 'Display P3',
};

/** Colorants of sRGB adapted to D50, red, green, blue as X, Y, Z (the profile of IEC 61966-2-1, as ICC publishes it). */
const SRGB_COLORANTS = [
  ['rXYZ', [0.436, 0.2225, 0.0139]],
  ['gXYZ', [0.3851, 0.7169, 0.0971]],
  ['bXYZ', [0.1431, 0.0606, 0.7141]],
] as const;
const COLORANT_TOLERANCE = 0.002;
/** Encoded values at which a tone curve is compared with that of sRGB. */
const CURVE_PROBES = [0.02, 0.1, 0.25, 0.5, 0.75, 0.9];
const CURVE_TOLERANCE = 0.003;

/** Reads an ICC profile (ICC.1:2010, section 7); null when the bytes are not one. Never throws. */
export function readIcc(icc: Buffer): IccFacts | null {
  try {
    if (icc.length < 132 || icc.toString('latin1', 36, 40) !== 'acsp') return null;
    const tags = readTags(icc);
    const space = icc.toString('latin1', 16, 20).trim();
    const described = readDescription(tags.get('desc'));
    const isSrgb = space === 'RGB' && isSrgbProfile(tags);
    const name = COMPACT_NAMES[described] ?? (described || (isSrgb ? 'sRGB' : `unnamed ${space} profile`));
    return { name, space, isSrgb };
  } catch {
    return null; // A damaged profile: offsets beyond its end.
  }
}

function readTags(icc: Buffer): Map<string, Buffer> {
  const tags = new Map<string, Buffer>();
  const count = Math.min(icc.readUInt32BE(128), 100);
  for (let i = 0; i < count; i++) {
    const at = 132 + i * 12;
    const offset = icc.readUInt32BE(at + 4);
    tags.set(icc.toString('latin1', at, at + 4), icc.subarray(offset, offset + icc.readUInt32BE(at + 8)));
  }
  return tags;
}

/** `desc` is ASCII in version 2 and a table of UTF-16 strings in version 4, of which the first one will do. */
function readDescription(tag: Buffer | undefined): string {
  if (!tag) return '';
  const type = tag.toString('latin1', 0, 4);
  let text = '';
  if (type === 'desc') {
    text = tag.toString('latin1', 12, 12 + tag.readUInt32BE(8));
  } else if (type === 'mluc') {
    const lengthBytes = tag.readUInt32BE(20);
    const offset = tag.readUInt32BE(24);
    text = Buffer.from(tag.subarray(offset, offset + (lengthBytes & ~1)))
      .swap16()
      .toString('utf16le');
  }
  return text
    .replace(/[\u0000-\u001f\u007f]/g, '')
    .trim()
    .slice(0, 80);
}

function isSrgbProfile(tags: Map<string, Buffer>): boolean {
  // A profile with look-up tables says more than its colorants.
  if (tags.has('A2B0')) return false;
  const areColorantsEqual = SRGB_COLORANTS.every(([tag, xyz]) => {
    const bytes = tags.get(tag);
    return (
      bytes !== undefined &&
      xyz.every((value, i) => Math.abs(bytes.readInt32BE(8 + i * 4) / 65536 - value) < COLORANT_TOLERANCE)
    );
  });
  return (
    areColorantsEqual &&
    ['rTRC', 'gTRC', 'bTRC'].every((tag) => {
      const curve = tags.get(tag);
      return curve !== undefined && CURVE_PROBES.every((v) => isSrgbAt(curve, v));
    })
  );
}

const isSrgbAt = (curve: Buffer, value: number): boolean =>
  Math.abs(evaluateCurve(curve, value) - srgbToLinear(value)) < CURVE_TOLERANCE;

/** Transfer function of sRGB (IEC 61966-2-1), encoded → linear, both 0 … 1. */
const srgbToLinear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

/** A `curv` or `para` tag at a value 0 … 1 (ICC.1:2010, 10.5 and 10.15). */
function evaluateCurve(tag: Buffer, value: number): number {
  if (tag.toString('latin1', 0, 4) === 'para') {
    const type = tag.readUInt16BE(8);
    const at = (i: number): number => tag.readInt32BE(12 + i * 4) / 65536;
    const g = at(0);
    if (type === 0) return value ** g;
    const [a, b] = [at(1), at(2)];
    if (type === 1) return value >= -b / a ? (a * value + b) ** g : 0;
    const c = at(3);
    if (type === 2) return value >= -b / a ? (a * value + b) ** g + c : c;
    const d = at(4);
    if (type === 3) return value >= d ? (a * value + b) ** g : c * value;
    return value >= d ? (a * value + b) ** g + at(5) : c * value + at(6);
  }
  const count = tag.readUInt32BE(8);
  if (count === 0) return value;
  if (count === 1) return value ** (tag.readUInt16BE(12) / 256);
  const position = value * (count - 1);
  const low = Math.min(Math.floor(position), count - 2);
  const entry = (i: number): number => tag.readUInt16BE(12 + i * 2) / 65535;
  return entry(low) + (entry(low + 1) - entry(low)) * (position - low);
}
