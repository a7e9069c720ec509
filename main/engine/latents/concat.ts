/** Rows of a batch, chunks of a prompt, channels of a picture: one behind the other. */

/** A new array with all parts in their order. */
export function concatFloats(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** The same values `times` times. */
export const repeatFloats = (data: Float32Array, times: number): Float32Array =>
  concatFloats(Array.from({ length: times }, () => data));
