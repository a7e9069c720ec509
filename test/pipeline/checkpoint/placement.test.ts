/** No node of a graph built for WebGPU runs on the CPU in silence: only bookkeeping of shapes and token ids may. */
import { describe, expect, it } from 'vitest';
import { COMPONENTS } from '../../../main/engine/model/component';
import { graphPath, readComponentRecord } from '../../support/checkpoint';
import { goldenModel } from '../../support/golden';
import { placeNodes } from '../../support/node-placement';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

/** Works on shapes (a few integers), never on pictures, states or weights. */
const SHAPES = ['Shape', 'Gather', 'Concat', 'Slice'];
const ALLOWED: Readonly<Record<(typeof COMPONENTS)[number], readonly string[]>> = {
  // Cast and Equal: [B, S] token ids, to find the end token.
  text_encoder: [...SHAPES, 'Cast', 'Equal'],
  unet: SHAPES,
  vae_encoder: SHAPES,
  vae_decoder: SHAPES,
};

describe.each(['sd1', 'sd2'] as const)('%s on WebGPU', (model) => {
  it.each(COMPONENTS)('%s', async (component) => {
    const path = await graphPath(goldenModel(model), component, 'webgpu');
    const placed = await placeNodes(path, 'webgpu', await readComponentRecord(model, component));
    expect(Object.keys(placed['WebGpuExecutionProvider'] ?? {})).toContain(
      component === 'text_encoder' ? 'Gemm' : 'Conv',
    );
    const onCpu = Object.keys(placed['CPUExecutionProvider'] ?? {});
    expect(onCpu.filter((op) => !ALLOWED[component].includes(op))).toEqual([]);
  });
});
