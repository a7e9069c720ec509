/** Copies of fixture models that a test may damage. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goldenModel } from './golden';

/** Copies a fixture model to `<folder>/<name>` and lets `damage` change it; answers the copy's path. */
export async function damagedModel(
  model: string,
  folder: string,
  damage: (path: string) => Promise<unknown>,
  name = `damaged-${model}`,
): Promise<string> {
  const path = join(folder, name);
  await cp(goldenModel(model), path, { recursive: true });
  await damage(path);
  return path;
}

/** Cuts a file off after `share` of its bytes. */
export async function truncateFile(path: string, share: number): Promise<void> {
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * share)));
}

/**
 * Puts NaN into the weights of an initializer inside an ONNX file: finds the tensor's name, then its `raw_data` field (protobuf field 9,
 * length-delimited, tag 0x4a; onnx.proto3, TensorProto), and overwrites its first `count` float32 values.
 */
export async function poisonInitializer(path: string, name: string, count: number): Promise<void> {
  const bytes = await readFile(path);
  // In TensorProto the name (field 8, tag 0x42) stands before raw_data in what torch and onnx write.
  const field = Buffer.concat([Buffer.from([0x42, name.length]), Buffer.from(name)]);
  const at = bytes.indexOf(field);
  if (at < 0) throw new Error(`${path} has no initializer ${name}`);
  const tag = at + field.length;
  if (bytes[tag] !== 0x4a) throw new Error(`${name} is not followed by raw_data`);
  let position = tag + 1;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[position] ?? 0;
    position += 1;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (4 * count > length) throw new Error(`${name} has only ${length / 4} values`);
  for (let i = 0; i < count; i += 1) bytes.writeFloatLE(NaN, position + 4 * i);
  await writeFile(path, bytes);
}
