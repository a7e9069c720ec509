/** The protobuf wire format as `.onnx` files use it, read in the plainest way. */

/** A field as it is read: a number, or bytes. */
export type Field = readonly [field: number, value: number | Buffer];

/** Varints and length-delimited fields. Throws at 32-bit fields unless they are to be skipped: nothing is lost unasked. */
export function* fieldsOf(bytes: Buffer, { skipFixed32 = false } = {}): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = key & 7;
    if (kind === 0) yield [key >> 3, varint()];
    else if (kind === 2) {
      const length = varint();
      yield [key >> 3, bytes.subarray(at, at + length)];
      at += length;
    } else if (kind === 5 && skipFixed32) at += 4;
    else throw new Error(`wire type ${kind}`);
  }
}
