/** A LoRA's branches on WebGPU over software Vulkan: the numbers of the CPU, which are compared with diffusers, and no node left to the CPU. */
import { expect, it } from 'vitest';
import { withLoras } from '../../../main/engine/lora/apply-loras';
import { readLora } from '../../../main/engine/lora/read-lora';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { partOf } from '../../../main/engine/model/model-folder-parts';
import { readComponentRecord, runOnRecord } from '../../support/checkpoint';
import { goldenModel, maxDifference } from '../../support/golden';
import { goldenLora } from '../../support/lora';
import { runProfiled } from '../../support/node-placement';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

/** The software driver compiles a program for every shape. */
const PATIENCE_MS = 300_000;

it('a UNet with linear and convolution branches', { timeout: PATIENCE_MS }, async () => {
  const { folder } = await withLoras(await readModelFolder(goldenModel('sd1')), 'sd1', [
    await readLora(goldenLora('kohya')),
  ]);
  const { graph } = partOf(folder, 'unet');
  const strength = { data: Float32Array.of(-0.5), dims: [] };
  const plain = await readComponentRecord('sd1', 'unet');
  const record = { ...plain, lora_strength_0: strength };
  const { placed, results } = await runProfiled(await graph.pathFor('webgpu'), 'webgpu', record);
  const onCpu = await runOnRecord(await graph.pathFor('cpu'), 'cpu', record);

  const changed = results['out_sample']?.data ?? [];
  expect(maxDifference(changed, onCpu['out_sample']?.data ?? [])).toBeLessThan(1e-4);
  expect(maxDifference(changed, plain['out_sample']?.data ?? [])).toBeGreaterThan(0.1);
  const bookkeeping = ['Shape', 'Gather', 'Concat', 'Slice'];
  const left = Object.keys(placed['CPUExecutionProvider'] ?? {});
  expect(left.filter((op) => !bookkeeping.includes(op))).toEqual([]);
  expect(placed['WebGpuExecutionProvider']?.['Mul']).toBeGreaterThan(40);
});
