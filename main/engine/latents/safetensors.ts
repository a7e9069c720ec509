/** The safetensors file format: a JSON header of names, types, shapes and offsets, then raw little-endian data. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';

const BYTES_PER_VALUE = { F32: 4, F16: 2, BF16: 2, U8: 1, I64: 8, I32: 4 } as const;
const dtypeSchema = z.enum(['F32', 'F16', 'BF16', 'U8', 'I64', 'I32']);

/** One tensor; `data` of F16 and BF16 are raw bit patterns, row-major, as long as the shape's product. */
export type SafeTensor = { shape: number[] } & (
  | { dtype: 'F32'; data: Float32Array }
  | { dtype: 'F16' | 'BF16'; data: Uint16Array }
  | { dtype: 'U8'; data: Uint8Array }
  | { dtype: 'I64'; data: BigInt64Array }
  | { dtype: 'I32'; data: Int32Array }
);

export interface SafeTensorsFile {
  metadata: Record<string, string>;
  tensors: Record<string, SafeTensor>;
}

const size = z.number().int().nonnegative();
const entrySchema = z.object({
  dtype: dtypeSchema,
  shape: z.array(size).max(16),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string());

/** Reads a whole file into memory. Throws AppError('input') for a file that is not a sound safetensors file. */
export async function readSafetensors(path: string): Promise<SafeTensorsFile> {
  return decodeSafetensors(await readFile(path));
}

/** As `readSafetensors`, for bytes that are in memory already; the tensors are copies. */
export function decodeSafetensors(file: Uint8Array): SafeTensorsFile {
  if (file.byteLength < 8) throw broken('it is too short');
  const headerLength = new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true);
  if (headerLength > BigInt(file.byteLength - 8)) throw broken('its header is longer than the file');
  const body = file.subarray(8 + Number(headerLength));
  let metadata: Record<string, string> = {};
  const tensors: [string, SafeTensor][] = [];
  for (const [name, value] of Object.entries(parseHeader(file.subarray(8, 8 + Number(headerLength))))) {
    if (name === '__metadata__') {
      metadata = check(metadataSchema, value, name);
      continue;
    }
    const entry = check(entrySchema, value, name);
    const [begin, end] = entry.data_offsets;
    const byteLength = entry.shape.reduce((product, n) => product * n, BYTES_PER_VALUE[entry.dtype]);
    if (end > body.byteLength || end - begin !== byteLength) {
      throw broken(`"${name}" does not lie inside the file`);
    }
    tensors.push([name, viewOf(entry.dtype, entry.shape, new Uint8Array(body.subarray(begin, end)).buffer)]);
  }
  return { metadata, tensors: Object.fromEntries(tensors) };
}

/** The bytes of a safetensors file with these tensors, in their order. Throws RangeError if a shape does not fit its data. */
export function encodeSafetensors(
  tensors: Record<string, SafeTensor>,
  metadata: Record<string, string> = {},
): Buffer {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    if (shape.reduce((product, n) => product * n, 1) !== data.length) {
      throw new RangeError(`the shape ${shape.join(' × ')} of "${name}" does not hold ${data.length} values`);
    }
    header.push([name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] }]);
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  // Spaces up to a multiple of 8 keep the data aligned, as the format asks.
  const padding = Buffer.alloc((8 - (json.length % 8)) % 8, ' ');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length + padding.length));
  return Buffer.concat([length, json, padding, ...parts]);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw broken('its header is not JSON', cause);
  }
  return check(z.record(z.string(), z.unknown()), value, 'header');
}

function viewOf(dtype: z.infer<typeof dtypeSchema>, shape: number[], buffer: ArrayBuffer): SafeTensor {
  switch (dtype) {
    case 'F32':
      return { dtype, shape, data: new Float32Array(buffer) };
    case 'F16':
    case 'BF16':
      return { dtype, shape, data: new Uint16Array(buffer) };
    case 'U8':
      return { dtype, shape, data: new Uint8Array(buffer) };
    case 'I64':
      return { dtype, shape, data: new BigInt64Array(buffer) };
    case 'I32':
      return { dtype, shape, data: new Int32Array(buffer) };
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw broken(`its entry "${name.slice(0, 100)}" is not valid`, parsed.error);
  return parsed.data;
}

const broken = (why: string, cause?: unknown): AppError =>
  new AppError(
    'input',
    `The safetensors file cannot be read, because ${why}; it may be damaged or cut off.`,
    cause === undefined ? {} : { cause },
  );
