/** Replies of Hybrid Inference, trusted in nothing: length, shape, element type and values are checked (hybrid-inference.md 3, 4.4, 5.2). */
import { findNonFinite } from '../stages/guards';
import { bytesToTensor, countOf, isWireDtype, ITEM_BYTES, type WireTensor } from './tensor-bytes';

export interface WireReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A reply that cannot be used; the message completes "The endpoint … answered with …". */
export class UnusableReply extends Error {}

const MAX_RANK = 8;

/** The tensor of a reply. Throws `UnusableReply`. */
export function readTensorReply({ headers, body }: WireReply): WireTensor {
  const dtype = headers['dtype'];
  if (dtype === undefined || headers['shape'] === undefined) {
    throw new UnusableReply(`${kindOf(headers)} without the headers "shape" and "dtype"`);
  }
  if (!isWireDtype(dtype)) throw new UnusableReply(`numbers of the unknown type "${dtype.slice(0, 40)}"`);
  const shape = parseShape(headers['shape']);
  const expected = countOf(shape) * ITEM_BYTES[dtype];
  if (body.length !== expected) {
    throw new UnusableReply(
      `${body.length} bytes where the shape [${shape.join(', ')}] in ${dtype} needs ${expected}`,
    );
  }
  const tensor = bytesToTensor(body, dtype, shape);
  const fault = tensor.data instanceof Float32Array ? findNonFinite(tensor.data) : null;
  if (fault !== null) throw new UnusableReply(fault);
  return tensor;
}

/** Throws `UnusableReply` unless the tensor has one of these shapes. */
export function assertShape(tensor: WireTensor, ...wanted: readonly (readonly number[])[]): void {
  const text = tensor.shape.join(', ');
  if (wanted.some((shape) => shape.join(', ') === text)) return;
  throw new UnusableReply(
    `a tensor of the shape [${text}] where ${wanted.map((shape) => `[${shape.join(', ')}]`).join(' or ')} was expected`,
  );
}

/** JSON array text such as `[1, 4, 64, 64]`. */
function parseShape(text: string): number[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (
    !Array.isArray(value) ||
    value.length > MAX_RANK ||
    !value.every((n) => Number.isSafeInteger(n) && n > 0)
  ) {
    throw new UnusableReply(`a shape that is not readable ("${text.slice(0, 40)}")`);
  }
  return value as number[];
}

/** What kind of file a picture reply is, by its first bytes as diffusers' `detect_image_type` decides it. */
export function imageTypeOf(bytes: Uint8Array): 'jpeg' | 'png' | 'gif' | 'bmp' | 'unknown' {
  const start = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  if (start.startsWith('\xff\xd8')) return 'jpeg';
  if (start === '\x89PNG\r\n\x1a\n') return 'png';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  return start.startsWith('BM') ? 'bmp' : 'unknown';
}

/** What an error reply says: the JSON's `error` (or FastAPI's `detail`), else its text without tags; at most 200 characters. */
export function errorTextOf({ body }: WireReply): string {
  const text = body.toString('utf8', 0, 64 * 1024);
  let said = text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) {
      const { error, detail } = value as { error?: unknown; detail?: unknown };
      const found = error ?? detail;
      said = typeof found === 'string' ? found : JSON.stringify(found ?? value);
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    said = text.replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
  }
  return said
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 200);
}

const kindOf = (headers: WireReply['headers']): string => {
  const type = headers['content-type']?.split(';')[0] ?? '';
  if (type === 'text/html') return 'a web page (HTML)';
  return type.startsWith('image/') ? `a picture (${type})` : 'data';
};
