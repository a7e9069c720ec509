/** What a finished graph tells of itself without its weights. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGraphOutline } from '../../../main/engine/onnx/read-graph';
import { goldenModel } from '../../support/golden';
import { temporaryFolder } from '../../support/temporary-folder';

const unet = (model: string): string => join(goldenModel(model), 'unet', 'model.onnx');

describe('readGraphOutline', () => {
  it.each(['sd1-onnx', 'sd1-fp16-onnx', 'sd1-mixed-onnx', 'sd1-static-onnx'])(
    'reads inputs and convolutions of %s',
    (model) => {
      const outline = readGraphOutline(unet(model));
      const dims = Object.fromEntries(outline?.inputs.map((input) => [input.name, input.dims]) ?? []);
      const size = model === 'sd1-static-onnx' ? 8 : null;
      expect(dims['sample']).toEqual([size === null ? null : 1, 4, size, size]);
      expect(dims['encoder_hidden_states']?.[2]).toBe(32);
      expect(outline?.convolutions[0]).toEqual({ inChannels: 4, outChannels: 8 });
      expect(outline?.convolutions.at(-1)).toEqual({ inChannels: 8, outChannels: 4 });
    },
  );

  it('answers null for what is no graph, and never fails for a damaged one', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'model.onnx');
    expect(readGraphOutline(path)).toBeNull();
    writeFileSync(path, 'garbage '.repeat(100));
    expect(readGraphOutline(path)).toBeNull();
    const whole = readFileSync(unet('sd1-onnx'));
    for (const share of [0, 0.001, 0.3, 0.5, 0.9]) {
      writeFileSync(path, whole.subarray(0, Math.floor(share * whole.length)));
      expect(() => readGraphOutline(path)).not.toThrow();
    }
  });
});
