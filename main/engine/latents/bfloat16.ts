/** Float32 ↔ bfloat16 bit patterns: the upper half of a float32. */

/** Rounded to nearest even; too large becomes infinity, NaN stays NaN. Same length. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < result.length; i += 1) {
    const word = source[i] ?? 0;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    result[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return result;
}

/** Exactly. Same length. */
export function fromBfloat16(patterns: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(patterns, (pattern) => pattern << 16).buffer);
}
