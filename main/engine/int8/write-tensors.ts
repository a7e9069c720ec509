/** Makes a graph's derived tensors from the checkpoint and writes them into one file, as the graph expects them (`DerivedTensor`). */
import { open, type FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Weight } from '../checkpoint/weights';
import type { DerivedTensor } from '../graphs/graph-builder';
import { fromBfloat16 } from '../latents/bfloat16';
import { fromFloat16 } from '../latents/float16';

/** Writes the file at `path`; a checkpoint that ends too early is an error of the file system. */
export async function writeTensors(derived: readonly DerivedTensor[], path: string): Promise<void> {
  const sources = new Map<string, FileHandle>();
  const target = await open(path, 'wx');
  try {
    const read = async (weight: Weight): Promise<Float32Array> => {
      const source = sources.get(weight.file) ?? (await open(weight.file));
      sources.set(weight.file, source);
      return readFloats(source, weight);
    };
    for (const tensor of derived) {
      await target.write(await bytesOf(tensor, read), 0, undefined, tensor.offset);
      await nextTurn();
    }
  } finally {
    await target.close();
    for (const source of sources.values()) await source.close();
  }
}

async function bytesOf(
  { kind, weight, unit }: DerivedTensor,
  read: (weight: Weight) => Promise<Float32Array>,
): Promise<Uint8Array> {
  const values = await read(weight);
  const rows = weight.shape[0] ?? 1;
  switch (kind) {
    case 'float':
      return bytes(values);
    case 'scales':
      return bytes(scalesOf(values, rows));
    case 'kernel':
      return bytes(quantise(values, rows));
    case 'matrix':
      return bytes(transpose(quantise(values, rows), rows));
    case 'bias': {
      if (unit === undefined) throw new Error('a bias needs its unit');
      const scales = scalesOf(await read(unit.kernel), rows);
      return bytes(
        Int32Array.from(values, (value, i) => Math.round(value / (unit.inputScale * (scales[i] ?? 1)))),
      );
    }
  }
}

/** Per row: the largest magnitude divided by 127, 1 for a row of zeros. */
function scalesOf(values: Float32Array, rows: number): Float32Array {
  const width = values.length / rows;
  return Float32Array.from({ length: rows }, (_, row) => {
    let largest = 0;
    for (let i = row * width; i < (row + 1) * width; i += 1) {
      const magnitude = Math.abs(values[i] ?? 0);
      if (magnitude > largest) largest = magnitude;
    }
    return largest > 0 ? largest / 127 : 1;
  });
}

function quantise(values: Float32Array, rows: number): Int8Array {
  const width = values.length / rows;
  const result = new Int8Array(values.length);
  for (const [row, scale] of scalesOf(values, rows).entries()) {
    for (let i = row * width; i < (row + 1) * width; i += 1) result[i] = Math.round((values[i] ?? 0) / scale);
  }
  return result;
}

function transpose(values: Int8Array, rows: number): Int8Array {
  const columns = values.length / rows;
  const result = new Int8Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      result[column * rows + row] = values[row * columns + column] ?? 0;
    }
  }
  return result;
}

async function readFloats(
  source: FileHandle,
  { dtype, offset, length, name }: Weight,
): Promise<Float32Array> {
  const raw = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await source.read(raw, done, length - done, offset + done);
    if (bytesRead === 0) throw new Error(`the file ends inside the tensor "${name}"`);
    done += bytesRead;
  }
  if (dtype === 'F32') return new Float32Array(raw.buffer);
  const halves = new Uint16Array(raw.buffer);
  return dtype === 'F16' ? fromFloat16(halves) : fromBfloat16(halves);
}

const bytes = (values: Float32Array | Int32Array | Int8Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
