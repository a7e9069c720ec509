/**
 * Every component built from safetensors against what diffusers recorded for it, on the CPU and on WebGPU over software Vulkan, there in half
 * precision too; and no node of a graph for WebGPU runs on the CPU in silence: only bookkeeping of shapes and token ids may (fixtures/operators).
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Session } from '../../../main/engine/onnx/session';
import { openSession } from '../../../main/engine/onnx/session';
import {
  differenceFromRecord,
  graphPath,
  HALF_RECORDED,
  largestDifference,
  modelOfRecord,
  readComponentRecord,
  readHalfRecord,
  readJson,
  RECORDED,
  runOnRecord,
} from '../../support/checkpoint';
import { goldenModel } from '../../support/golden';
import { runProfiled } from '../../support/node-placement';
import { copyInHalf } from '../../support/single-file';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const FLOAT32 = 1e-4;
const HALF = 5e-3;

describe('components in float32 on the CPU', () => {
  it.each(RECORDED)('%s %s', async (model, component) => {
    const path = await graphPath(goldenModel(model), component, 'cpu');
    const record = await readComponentRecord(model, component);
    expect(await differenceFromRecord(path, 'cpu', record)).toBeLessThan(FLOAT32);
  });
});

const allowed = z
  .object({ cpuNodes: z.record(z.string(), z.record(z.string(), z.string())) })
  .parse(readJson(join(import.meta.dirname, '../../fixtures/operators/webgpu.json'))).cpuNodes;

describe('components on WebGPU', () => {
  // While a session is open, ONNX Runtime keeps its compiled shaders: the three precisions of a component share them.
  let open: Session;
  beforeAll(async () => {
    const path = await graphPath(goldenModel('taesd'), 'vae_decoder', 'webgpu');
    open = await openSession(path, { provider: 'webgpu' });
  });
  afterAll(() => open.release());

  it.each(HALF_RECORDED)(
    '%s %s in float32, float16 and bfloat16, and which nodes stay on the CPU',
    async (model, component) => {
      const path = await graphPath(goldenModel(modelOfRecord(model)), component, 'webgpu');
      const record = await readComponentRecord(model, component);
      const { placed, results } = await runProfiled(path, 'webgpu', record);
      expect(largestDifference(results, record)).toBeLessThan(FLOAT32);

      const onGpu = Object.keys(placed['WebGpuExecutionProvider'] ?? {});
      expect(onGpu).toContain(/text|transformer/.test(component) ? 'Gemm' : 'Conv');
      const onCpu = Object.keys(placed['CPUExecutionProvider'] ?? {});
      expect(onCpu.filter((op) => allowed[component]?.[op] === undefined)).toEqual([]);

      const { inputs, outputs } = await readHalfRecord(model, component);
      for (const dtype of ['F16', 'BF16'] as const) {
        const { half: copy } = await copyInHalf(modelOfRecord(model), temporaryFolder(), dtype);
        const rounded = await runOnRecord(await graphPath(copy, component, 'webgpu'), 'webgpu', inputs);
        expect(largestDifference(rounded, outputs[dtype]), dtype).toBeLessThan(HALF);
      }
    },
    300_000,
  );
});
