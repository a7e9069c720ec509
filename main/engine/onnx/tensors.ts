/** Converts between the engine's float32 world and whatever dtype a session's own metadata asks for. */
import type { Tensor } from 'onnxruntime-node';
import { AppError } from '../../../shared/errors';
import { fromFloat16, toFloat16 } from '../latents/float16';
import { ort } from './runtime';

/** One input or output of a session: symbolic dimensions are strings, fixed ones numbers. */
export interface IoSpec {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** Numbers on their way into a session; `dims` must multiply to `data.length`. */
export interface Feed {
  readonly data: Float32Array | Int32Array;
  readonly dims: readonly number[];
}

/** Numbers that came out of a session, always float32. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Makes a tensor of the dtype that `spec` asks for; fractions are rounded for integer inputs (pipelines.md 8.2). */
export function toTensor(spec: IoSpec, feed: Feed): Tensor {
  const dims = [...feed.dims];
  switch (spec.type) {
    case 'float32':
      return new ort.Tensor('float32', asFloat32(feed.data), dims);
    case 'float16':
      return new ort.Tensor('float16', toFloat16(asFloat32(feed.data)), dims);
    case 'float64':
      return new ort.Tensor('float64', Float64Array.from(feed.data), dims);
    case 'int64':
      return new ort.Tensor(
        'int64',
        BigInt64Array.from(feed.data as Float32Array, (v: number) => BigInt(Math.round(v))),
        dims,
      );
    case 'int32':
      return new ort.Tensor(
        'int32',
        Int32Array.from(feed.data as Float32Array, (v: number) => Math.round(v)),
        dims,
      );
    default:
      throw new AppError(
        'model',
        `The model's input "${spec.name}" wants ${spec.type} numbers, which cannot be given to it here; use an export with float32 or float16 inputs.`,
      );
  }
}

/** Reads any float tensor as float32. */
export function fromTensor(name: string, tensor: Tensor): FloatTensor {
  const dims = tensor.dims;
  const data = tensor.data;
  if (data instanceof Float32Array) return { data, dims };
  if (data instanceof Uint16Array) return { data: fromFloat16(data), dims };
  if (data instanceof Float64Array) return { data: Float32Array.from(data), dims };
  throw new AppError(
    'model',
    `The model's output "${name}" is ${tensor.type}, which is not a picture or latent type; use an export with float32 or float16 outputs.`,
  );
}

const asFloat32 = (data: Float32Array | Int32Array): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data);
