/**
 * Every component built from safetensors against what diffusers recorded for it, on the CPU and on WebGPU over software Vulkan; and no node of a
 * graph for WebGPU runs on the CPU in silence: only bookkeeping of shapes and token ids may.
 */
import { describe, expect, it } from 'vitest';
import { SD_COMPONENTS } from '../../../main/engine/model/component';
import {
  differenceFromRecord,
  graphPath,
  largestDifference,
  readComponentRecord,
} from '../../support/checkpoint';
import { goldenModel } from '../../support/golden';
import { runProfiled } from '../../support/node-placement';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const FLOAT32 = 1e-4;

/** Works on shapes (a few integers), never on pictures, states or weights. */
const SHAPES = ['Shape', 'Gather', 'Concat', 'Slice'];
const MAY_RUN_ON_CPU: Readonly<Record<(typeof SD_COMPONENTS)[number], readonly string[]>> = {
  // Cast and Equal: [B, S] token ids, to find the end token.
  text_encoder: [...SHAPES, 'Cast', 'Equal'],
  unet: SHAPES,
  vae_encoder: SHAPES,
  vae_decoder: SHAPES,
};

const EVERY = (['sd1', 'sd2'] as const).flatMap((model) =>
  SD_COMPONENTS.map((component) => [model, component] as const),
);

describe('components in float32', () => {
  it.each(EVERY)('%s %s on the CPU', async (model, component) => {
    const path = await graphPath(goldenModel(model), component, 'cpu');
    const record = await readComponentRecord(model, component);
    expect(await differenceFromRecord(path, 'cpu', record)).toBeLessThan(FLOAT32);
  });

  it.each(EVERY)('%s %s on WebGPU', async (model, component) => {
    const path = await graphPath(goldenModel(model), component, 'webgpu');
    const record = await readComponentRecord(model, component);
    const { placed, results } = await runProfiled(path, 'webgpu', record);
    expect(largestDifference(results, record)).toBeLessThan(FLOAT32);

    const onGpu = Object.keys(placed['WebGpuExecutionProvider'] ?? {});
    expect(onGpu).toContain(component === 'text_encoder' ? 'Gemm' : 'Conv');
    const onCpu = Object.keys(placed['CPUExecutionProvider'] ?? {});
    expect(onCpu.filter((op) => !MAY_RUN_ON_CPU[component].includes(op))).toEqual([]);
  });
});
