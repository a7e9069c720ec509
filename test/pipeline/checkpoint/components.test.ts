/** Every component built from safetensors against what diffusers recorded for it, on the CPU and on WebGPU over software Vulkan. */
import { describe, expect, it } from 'vitest';
import { COMPONENTS } from '../../../main/engine/model/component';
import { differenceFromRecord, graphPath, readComponentRecord } from '../../support/checkpoint';
import { goldenModel } from '../../support/golden';
import { useTemporaryHome } from '../../support/temporary-home';

const FLOAT32 = 1e-4;

useTemporaryHome();

const EVERY = (['sd1', 'sd2'] as const).flatMap((model) =>
  COMPONENTS.map((component) => [model, component] as const),
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
    expect(await differenceFromRecord(path, 'webgpu', record)).toBeLessThan(FLOAT32);
  });
});
