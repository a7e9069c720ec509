/** The parts of Flux built from safetensors against what diffusers recorded for them, on the CPU and on WebGPU over software Vulkan. */
import { describe, expect, it } from 'vitest';
import {
  differenceFromRecord,
  graphPath,
  largestDifference,
  largestValue,
  readComponentRecord,
  runOnRecord,
} from '../../support/checkpoint';
import { goldenModel, maxDifference } from '../../support/golden';
import { runProfiled } from '../../support/node-placement';
import { copyInHalf } from '../../support/single-file';
import { temporaryFolder } from '../../support/temporary-folder';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const FLOAT32 = 1e-4;
/** Largest difference from the same rounded numbers in float32. */
const HALF = 5e-3;
/** Largest difference from the unrounded model, as a share of the largest output: rounding alone explains it. */
const ROUNDING = { F16: 1e-2, BF16: 1e-1 } as const;

const EVERY = [
  ['flux-schnell', 'text_encoder'],
  ['flux-schnell', 'text_encoder_2'],
  ['flux-schnell', 'transformer'],
  ['flux-schnell', 'vae_encoder'],
  ['flux-schnell', 'vae_decoder'],
  ['flux-dev', 'transformer'],
] as const;

/** Works on shapes, token ids and position ids (whole numbers), never on pictures, states or weights. */
const SHAPES = ['Shape', 'Gather', 'Concat', 'Slice'];
const MAY_RUN_ON_CPU: Readonly<Record<(typeof EVERY)[number][1], readonly string[]>> = {
  text_encoder: [...SHAPES, 'Cast', 'Equal'],
  text_encoder_2: [...SHAPES, 'Squeeze', 'Range', 'Reshape', 'Sub', 'Min', 'Max', 'Add'],
  // Split and Squeeze: the columns of the position ids.
  transformer: [...SHAPES, 'Cast', 'Split', 'Squeeze'],
  vae_encoder: SHAPES,
  vae_decoder: SHAPES,
};

describe('components of Flux in float32', () => {
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
    const onCpu = Object.keys(placed['CPUExecutionProvider'] ?? {});
    expect(onCpu.filter((op) => !MAY_RUN_ON_CPU[component].includes(op))).toEqual([]);
  });
});

describe.each(['F16', 'BF16'] as const)('components of Flux in %s', (dtype) => {
  it.each(EVERY)('%s %s', async (model, component) => {
    const copies = await copyInHalf(model, temporaryFolder(), dtype);
    const record = await readComponentRecord(model, component);
    const float = await runOnRecord(await graphPath(copies.float, component, 'cpu'), 'cpu', record);
    // A session on the software driver takes many seconds; casts are folded before a provider sees them, so the new architectures prove it.
    const isTried =
      model === 'flux-schnell' && (component === 'transformer' || component === 'text_encoder_2');
    for (const provider of isTried ? (['cpu', 'webgpu'] as const) : (['cpu'] as const)) {
      const half = await runOnRecord(await graphPath(copies.half, component, provider), provider, record);
      for (const [name, { data }] of Object.entries(float)) {
        const same = half[name]?.data ?? [];
        expect(maxDifference(same, data), `${name} on ${provider}`).toBeLessThan(HALF);
        const far = maxDifference(same, record[name]?.data ?? []);
        expect(far / largestValue(float), provider).toBeLessThan(ROUNDING[dtype]);
        expect(far, 'the weights are really rounded').toBeGreaterThan(0);
      }
    }
  });
});
