/** The parts that only Stable Diffusion XL has (no pipeline uses them yet): hidden states and projection of the text encoders, added conditioning. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openComponentWeights } from '../../../main/engine/checkpoint/component-weights';
import { placeGraph } from '../../../main/engine/checkpoint/graph-files';
import { buildClipText } from '../../../main/engine/graphs/clip-text';
import { buildUnet } from '../../../main/engine/graphs/unet-2d-condition';
import { targetFor } from '../../../main/engine/onnx/graph-target';
import { largestDifference, readComponentRecord, readJson, runOnRecord } from '../../support/checkpoint';
import { goldenModel } from '../../support/golden';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

describe.each(['cpu', 'webgpu'] as const)('SDXL on %s', (provider) => {
  it.each(['text_encoder', 'text_encoder_2', 'unet'] as const)('%s', async (part) => {
    const folder = join(goldenModel('sdxl'), part);
    const weights = await openComponentWeights(folder);
    const config = readJson(join(folder, 'config.json'));
    const target = await targetFor(provider);
    const built =
      part === 'unet' ? buildUnet(config, weights, target) : buildClipText(config, weights, target, true);
    const record = await readComponentRecord('sdxl', part);
    const results = await runOnRecord(await placeGraph(built, part, 'sdxl'), provider, record);
    expect(largestDifference(results, record)).toBeLessThan(1e-4);
    const inputs = ['input_ids', 'sample', 'timestep', 'encoder_hidden_states', 'text_embeds', 'time_ids'];
    const expected = Object.keys(record).filter((name) => part !== 'unet' || !inputs.includes(name));
    expect(Object.keys(results).toSorted()).toEqual(
      expected.filter((name) => name !== 'input_ids').toSorted(),
    );
  });
});
