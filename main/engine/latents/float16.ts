/** Float32 ↔ float16 bit patterns, for models whose tensors are half precision. */

const bits = new Uint32Array(1);
const asFloat = new Float32Array(bits.buffer);

/** The float32 value of every float16 bit pattern, [65536]; made on first use. */
let decoded: Float32Array | null = null;

/** Float16 bit patterns of float32 values, rounded to nearest even; too large becomes infinity, NaN stays NaN. Same length. */
export function toFloat16(values: Float32Array): Uint16Array {
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < result.length; i += 1) {
    const word = source[i] ?? 0;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    result[i] = sign | encodeMagnitude(magnitude);
  }
  return result;
}

/** Float32 values of float16 bit patterns, exactly. Same length. */
export function fromFloat16(patterns: Uint16Array): Float32Array {
  decoded ??= Float32Array.from({ length: 65536 }, (_, pattern) => decode(pattern));
  const table = decoded;
  const result = new Float32Array(patterns.length);
  for (let i = 0; i < result.length; i += 1) result[i] = table[patterns[i] ?? 0] ?? NaN;
  return result;
}

/** Bits of a non-negative float32 → bits of the nearest float16 (IEEE 754: 5 exponent bits, bias 15, 10 fraction bits). */
function encodeMagnitude(magnitude: number): number {
  if (magnitude > 0x7f800000) return 0x7e00; // NaN
  if (magnitude >= 0x47800000) return 0x7c00; // 65536 and more: infinity
  if (magnitude >= 0x38800000) {
    // Normal. A carry out of the fraction raises the exponent, up to infinity, as it should.
    const rebased = magnitude - 0x38000000;
    return (rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13;
  }
  // Subnormal: adding 0.5 puts the float16 fraction into the last float32 bits, and the addition rounds to nearest even.
  bits[0] = magnitude;
  asFloat[0] = (asFloat[0] ?? 0) + 0.5;
  return (bits[0] ?? 0) - 0x3f000000;
}

function decode(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >>> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
