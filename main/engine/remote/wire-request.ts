/** The requests of Hybrid Inference, byte for byte as diffusers' `remote_encode` and `remote_decode` send them (hybrid-inference.md 2, 4, 5). */
import { AppError } from '../../../shared/errors';
import type { WireDtype } from '../../../shared/network';
import type { LatentScale } from '../latents/latent-scale';
import { findNonFinite } from '../stages/guards';
import { countOf, tensorToBytes } from './tensor-bytes';

/** Headers besides Host, Connection and Content-Length. */
export interface WireRequest {
  /** Without `?`. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The longest side that the protocol's servers take. */
export const MAX_SIDE_PX = 2048;

export type QueryValue = string | number | boolean | readonly number[] | undefined;

/**
 * As Python's `requests` writes a query: lists are repeated keys, booleans `True` and `False`, floats as `repr` gives them, nothing for
 * what is undefined.
 */
export function pythonQuery(parameters: Readonly<Record<string, QueryValue>>): string {
  return Object.entries(parameters)
    .flatMap(([key, value]) => {
      const values = Array.isArray(value)
        ? (value as readonly number[])
        : [value as Exclude<QueryValue, readonly number[]>];
      return values.flatMap((one) => (one === undefined ? [] : [`${quote(key)}=${quote(pythonText(one))}`]));
    })
    .join('&');
}

function pythonText(value: string | number | boolean): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return Number.isInteger(value) ? String(value) : pythonFloat(value);
}

/** Python writes exponents below 1e-4 with two digits: 1e-05; JavaScript starts later, at 1e-7. */
function pythonFloat(value: number): string {
  if (Math.abs(value) >= 1e-4) return String(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa}e-${exponent.slice(1).padStart(2, '0')}`;
}

/** As `urlencode`: a space is `+`. */
const quote = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Factors as they are sent: a shift of 0 is none. */
const factorsOf = (scale: LatentScale | null): { scaling_factor?: number; shift_factor?: number } => ({
  ...(scale === null ? {} : { scaling_factor: scale.factor }),
  ...(scale === null || scale.shift === 0 ? {} : { shift_factor: scale.shift }),
});

/** Encode from a PNG file. `extra`: parameters that only our own server reads. */
export function encodeImageRequest(
  png: Buffer,
  scale: LatentScale | null,
  extra: Readonly<Record<string, QueryValue>> = {},
): WireRequest {
  return { query: pythonQuery({ ...factorsOf(scale), ...extra }), headers: { accept: '*/*' }, body: png };
}

/** Encode from pixels [B, 3, H, W]. */
export function encodeTensorRequest(
  tensor: { readonly data: Float32Array; readonly shape: readonly number[]; readonly dtype: WireDtype },
  scale: LatentScale | null,
): WireRequest {
  const { data, shape, dtype } = tensor;
  assertSendable(data, shape);
  return {
    query: pythonQuery({ ...factorsOf(scale), shape, dtype }),
    headers: { accept: '*/*' },
    body: tensorToBytes(data, dtype),
  };
}

export interface DecodeQuestion {
  /** [B, C, h, w], or packed [B, (h/2)·(w/2), 64]. */
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly dtype: WireDtype;
  /** Null: the server does not scale. */
  readonly scale: LatentScale | null;
  readonly outputType: 'pil' | 'pt';
  readonly imageFormat?: 'jpg' | 'png';
  readonly partialPostprocess?: boolean;
  /** Pixels of the picture; packed latents need them. */
  readonly height?: number;
  readonly width?: number;
  readonly extra?: Readonly<Record<string, QueryValue>>;
}

/** Decode. Throws `AppError('input')` before anything is sent for latents that no server could decode. */
export function decodeRequest(question: DecodeQuestion): WireRequest {
  const { data, shape, dtype, scale, outputType, imageFormat = 'jpg', height, width } = question;
  const hasSize = height !== undefined && width !== undefined;
  if (shape.length === 3 && !hasSize) {
    throw new AppError(
      'input',
      'Packed latents can be decoded only with the height and the width of the picture; give both.',
    );
  }
  assertSendable(data, shape);
  return {
    query: pythonQuery({
      image_format: imageFormat,
      output_type: outputType,
      partial_postprocess: question.partialPostprocess ?? false,
      shape,
      dtype,
      ...factorsOf(scale),
      ...(hasSize ? { height, width } : {}),
      ...question.extra,
    }),
    headers: {
      'content-type': 'tensor/binary',
      accept: outputType === 'pt' ? 'tensor/binary' : imageFormat === 'png' ? 'image/png' : 'image/jpeg',
    },
    body: tensorToBytes(data, dtype),
  };
}

/** Refuses what a server could only answer with an error or with garbage. */
export function assertSendable(data: Float32Array, shape: readonly number[]): void {
  if (countOf(shape) !== data.length) {
    throw new RangeError(`the shape [${shape.join(', ')}] does not hold ${data.length} values`);
  }
  const fault = findNonFinite(data);
  if (fault !== null) {
    throw new AppError(
      'input',
      `The data for the endpoint holds ${fault}, so nothing was sent; start again from the picture.`,
    );
  }
}
