/** A checkpoint of more than 4 GB (sparse, so that it takes no disk): tensors behind the 32-bit limit are read where they lie. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSafetensors } from '../../../main/engine/latents/safetensors';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { partOf } from '../../../main/engine/model/model-folder-parts';
import { replaceVae } from '../../../main/engine/model/replace-vae';
import { differenceFromRecord, readComponentRecord } from '../../support/checkpoint';
import { goldenModel } from '../../support/golden';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

it('computes what a small file with the same tensors computes', async () => {
  const { tensors } = await readSafetensors(
    join(goldenModel('taesd'), 'diffusion_pytorch_model.safetensors'),
  );
  const gap = 2 ** 30;
  let end = 0;
  const header: Record<string, unknown> = {};
  const places: { data: Float32Array; begin: number }[] = [];
  for (const [i, [name, tensor]] of Object.entries(tensors).entries()) {
    if (tensor.dtype !== 'F32') throw new Error('expected float32');
    // Five holes of a gigabyte among the tensors.
    const begin = end + (i % 12 === 0 ? gap : 0);
    end = begin + tensor.data.byteLength;
    places.push({ data: tensor.data, begin });
    header[name] = { dtype: 'F32', shape: tensor.shape, data_offsets: [begin, end] };
  }
  expect(end).toBeGreaterThan(2 ** 32);

  const path = join(temporaryFolder(), 'large.safetensors');
  const json = Buffer.from(JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(json.length));
  const file = await open(path, 'w');
  await file.write(Buffer.concat([start, json]), 0, null, 0);
  for (const { data, begin } of places) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    await file.write(bytes, 0, bytes.length, 8 + json.length + begin);
  }
  await file.close();

  const model = await replaceVae(await readModelFolder(goldenModel('sd1')), path, 4);
  for (const side of ['vae_encoder', 'vae_decoder'] as const) {
    const graph = await partOf(model, side).graph.pathFor('cpu');
    expect(await differenceFromRecord(graph, 'cpu', await readComponentRecord('taesd', side))).toBeLessThan(
      1e-4,
    );
  }
});
