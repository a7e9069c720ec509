/** Tensors as the wire carries them: contiguous, little-endian, `product(shape) · itemsize` bytes (hybrid-inference.md 3). */
import { WIRE_DTYPES, type WireDtype } from '../../../shared/network';
import { fromBfloat16, toBfloat16 } from '../latents/bfloat16';
import { fromFloat16, toFloat16 } from '../latents/float16';

export const ITEM_BYTES: Readonly<Record<WireDtype, number>> = {
  float16: 2,
  float32: 4,
  bfloat16: 2,
  uint8: 1,
};

/** A tensor that came over the wire, as floats whatever it was sent as. */
export interface WireTensor {
  readonly dtype: WireDtype;
  readonly shape: readonly number[];
  /** uint8 stays bytes; everything else is float32. */
  readonly data: Float32Array | Uint8Array;
}

export const isWireDtype = (name: string): name is WireDtype => WIRE_DTYPES.some((dtype) => dtype === name);

export const countOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Values → bytes; uint8 is for values that are whole numbers from 0 to 255. */
export function tensorToBytes(values: Float32Array | Uint8Array, dtype: WireDtype): Buffer {
  if (values instanceof Uint8Array) {
    return dtype === 'uint8' ? bytesOf(values) : tensorToBytes(Float32Array.from(values), dtype);
  }
  switch (dtype) {
    case 'float32':
      return bytesOf(values);
    case 'float16':
      return bytesOf(toFloat16(values));
    case 'bfloat16':
      return bytesOf(toBfloat16(values));
    case 'uint8':
      return bytesOf(Uint8Array.from(values));
  }
}

/** Bytes → values. Throws `RangeError` when the number of bytes is not the shape's. */
export function bytesToTensor(bytes: Uint8Array, dtype: WireDtype, shape: readonly number[]): WireTensor {
  const expected = countOf(shape) * ITEM_BYTES[dtype];
  if (bytes.byteLength !== expected) {
    throw new RangeError(
      `shape [${shape.join(', ')}] in ${dtype} needs ${expected} bytes, but ${bytes.byteLength} came`,
    );
  }
  // A copy of its own: bytes may lie at an odd place in a larger buffer.
  const { buffer } = new Uint8Array(bytes);
  return { dtype, shape, data: valuesOf(buffer, dtype) };
}

function valuesOf(buffer: ArrayBuffer, dtype: WireDtype): Float32Array | Uint8Array {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float16':
      return fromFloat16(new Uint16Array(buffer));
    case 'bfloat16':
      return fromBfloat16(new Uint16Array(buffer));
    case 'uint8':
      return new Uint8Array(buffer);
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array | Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
