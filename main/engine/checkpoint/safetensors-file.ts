/** Reads the header of a .safetensors checkpoint, as untrusted input; the tensors themselves stay on disk. */
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import { duplicateKey } from './duplicate-keys';
import { BYTES_PER_WEIGHT, elementCount, WEIGHT_DTYPES, type Weight, type WeightDtype } from './weights';

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
/** More than the largest model here has ten times over; each costs memory. */
const MAX_TENSORS = 100_000;

/** Dtypes of the format; those that are no weights here (ids, masks, 8-bit floats) may lie in a file all the same. */
const BITS = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

const dimension = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.object({
  dtype: z.string().max(32),
  shape: z.array(dimension).max(8),
  data_offsets: z.tuple([dimension, dimension]),
});
const headerSchema = z.record(z.string(), z.unknown());
const metadataSchema = z.record(z.string(), z.string());

/** A tensor of a dtype that no graph takes. */
export interface OtherTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
}

export interface SafetensorsHeader {
  readonly file: string;
  readonly sizeBytes: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** F32, F16 and BF16 tensors by name. */
  readonly weights: ReadonlyMap<string, Weight>;
  /** Tensors of other dtypes by name. */
  readonly others: ReadonlyMap<string, OtherTensor>;
}

/** Reads and checks one file's header; throws `AppError('model')` with one sentence that says what is wrong. */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  let handle: FileHandle;
  let real: string;
  try {
    // Hub caches hold symbolic links; ONNX Runtime takes only the file behind them.
    real = await realpath(file);
    if (!(await stat(file)).isFile()) throw new Error('not a file');
    handle = await open(file, 'r');
  } catch (cause) {
    throw new AppError('model', `${basename(file)} cannot be read; check the path and its permissions.`, {
      cause,
    });
  }
  try {
    const { size } = await handle.stat();
    const start = await readExactly(handle, 0, Math.min(8, size));
    const headerLength = checkStart(start, size, basename(file));
    const json = await readExactly(handle, 8, headerLength);
    return parseSafetensorsHeader(json, size, real, basename(file));
  } finally {
    await handle.close();
  }
}

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** Length of the JSON header from the file's first 8 bytes. */
export function checkStart(start: Uint8Array, sizeBytes: number, name: string): number {
  if (isPickle(start)) {
    throw new AppError(
      'model',
      `${name} is a pickle or PyTorch archive and not a safetensors file, whatever its name says; such files can run programs, so convert it to safetensors or download that version.`,
    );
  }
  if (start.length < 8) throw broken(name, 'it is too short');
  const length = Buffer.from(start).readBigUInt64LE();
  if (length > BigInt(Math.max(0, sizeBytes - 8))) throw broken(name, 'its header is longer than the file');
  if (length > BigInt(MAX_HEADER_BYTES)) throw broken(name, 'its header is larger than 100 MB');
  return Number(length);
}

/** A pickle starts with its protocol opcode; PyTorch's archives are ZIP files. */
const isPickle = (start: Uint8Array): boolean =>
  (start[0] === 0x80 && (start[1] ?? 0) >= 2 && (start[1] ?? 9) <= 5 && start[7] !== 0) ||
  Buffer.from(start.subarray(0, 4)).equals(Buffer.from('PK\x03\x04', 'latin1'));

/** Checks a header's JSON against the size of the file it comes from; `name` is what a person calls the file. */
export function parseSafetensorsHeader(
  json: Uint8Array,
  sizeBytes: number,
  file: string,
  name = basename(file),
): SafetensorsHeader {
  const bodyStart = 8 + json.length;
  const bodyLength = sizeBytes - bodyStart;
  let entries: Record<string, unknown>;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(json);
    entries = headerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw broken(name, 'its header is not JSON', cause);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw broken(name, `it lists "${twice.slice(0, 100)}" twice`);

  let metadata: Record<string, string> = {};
  const weights = new Map<string, Weight>();
  const others = new Map<string, OtherTensor>();
  const spans: { begin: number; end: number }[] = [];
  if (Object.keys(entries).length > MAX_TENSORS) throw broken(name, 'it lists too many tensors');
  for (const [tensor, value] of Object.entries(entries)) {
    if (tensor === '__metadata__') {
      const parsed = metadataSchema.safeParse(value);
      if (!parsed.success) throw broken(name, 'its metadata is not text', parsed.error);
      metadata = parsed.data;
      continue;
    }
    const what = `"${tensor.slice(0, 100)}"`;
    const parsed = entrySchema.safeParse(value);
    if (!parsed.success) throw broken(name, `its entry ${what} is not valid`, parsed.error);
    const { dtype, shape } = parsed.data;
    const [begin, end] = parsed.data.data_offsets;
    if (!isDtype(dtype)) throw broken(name, `${what} has the unknown type "${dtype}"`);
    if (begin > end || end > bodyLength) throw broken(name, `${what} does not lie inside the file`);
    if (elementCount(shape) * (BITS[dtype] / 8) !== end - begin) {
      throw broken(name, `the size of ${what} does not fit its shape`);
    }
    if (end > begin) spans.push({ begin, end });
    if (isWeightDtype(dtype)) {
      weights.set(tensor, {
        name: tensor,
        file,
        dtype,
        shape,
        offset: bodyStart + begin,
        length: elementCount(shape) * BYTES_PER_WEIGHT[dtype],
      });
    } else {
      others.set(tensor, { dtype, shape, offset: bodyStart + begin });
    }
  }
  if (overlaps(spans)) throw broken(name, 'two of its tensors overlap');
  return { file, sizeBytes, metadata, weights, others };
}

function overlaps(spans: { begin: number; end: number }[]): boolean {
  const sorted = [...spans].sort((a, b) => a.begin - b.begin);
  return sorted.some((span, i) => span.begin < (sorted[i - 1]?.end ?? 0));
}

const isDtype = (dtype: string): dtype is keyof typeof BITS => Object.hasOwn(BITS, dtype);
const isWeightDtype = (dtype: string): dtype is WeightDtype => WEIGHT_DTYPES.some((known) => known === dtype);

const broken = (name: string, why: string, cause?: unknown): AppError =>
  new AppError(
    'model',
    `${name} cannot be used, because ${why}; it is damaged, cut off, or not a safetensors file.`,
    cause === undefined ? {} : { cause },
  );
