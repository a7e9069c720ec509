/** Tells camera RAW files from TIFF pictures: both start with the same bytes, and a RAW file would be read as its tiny thumbnail. */

/** TIFF tags (TIFF 6.0, TIFF/EP, DNG 1.6). */
const TAG = { newSubfileType: 254, photometric: 262, dngVersion: 50706 } as const;
/** PhotometricInterpretation values that mean sensor data: colour filter array, linear raw. */
const SENSOR_DATA = [32803, 34892];

/** True when a file that starts like a TIFF is sensor data of a camera (CR2, DNG, NEF, ARW, …); reads the first directory only. */
export function isCameraRaw(bytes: Buffer): boolean {
  if (bytes.length < 16) return false;
  // Canon CR2 writes its own mark right after the TIFF header.
  if (bytes.toString('latin1', 8, 10) === 'CR') return true;
  const isLittle = bytes[0] === 0x49;
  const u16 = (at: number): number => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  if (u16(2) !== 42) return false; // BigTIFF: no camera writes it.
  const directory = u32(4);
  if (directory + 2 > bytes.length) return false;
  const entries = u16(directory);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + i * 12;
    if (at + 12 > bytes.length) return false;
    const tag = u16(at);
    const value = u16(at + 2) === 3 ? u16(at + 8) : u32(at + 8);
    if (tag === TAG.dngVersion) return true;
    if (tag === TAG.photometric && SENSOR_DATA.includes(value)) return true;
    // The first image is a reduced one: NEF and ARW keep the real one elsewhere.
    if (tag === TAG.newSubfileType && (value & 1) === 1) return true;
  }
  return false;
}
