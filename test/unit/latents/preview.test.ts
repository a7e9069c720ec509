/** Linear previews and the fit of their factors. */
import { describe, expect, it } from 'vitest';
import { TorchGenerator } from '../../../main/engine/latents/noise';
import { fitPreviewFactors, PREVIEW_FACTORS, previewRgb } from '../../../main/engine/latents/preview';

describe('previewRgb', () => {
  it('maps latents channel by channel, with clamping', () => {
    // One pixel per unit vector, then zero, then far out on both sides: [4, 1, 7].
    const width = 7;
    const latents = new Float32Array(4 * width);
    for (let c = 0; c < 4; c += 1) latents[c * width + c] = 1;
    latents[5] = 100;
    latents[6] = -100;
    const rgb = previewRgb(latents, 1, width, PREVIEW_FACTORS.sd1);
    const byte = (value: number): number => Math.round((value + 1) * 127.5);
    expect([...rgb.slice(0, 3)]).toEqual([0.3512, 0.2297, 0.3227].map(byte));
    expect([...rgb.slice(9, 12)]).toEqual([-0.212, -0.2616, -0.7177].map(byte));
    expect([...rgb.slice(12, 15)]).toEqual([128, 128, 128]);
    expect([...rgb.slice(15)]).toEqual([255, 255, 255, 0, 0, 0]);
  });

  it('adds the bias and takes 16 channels', () => {
    const byte = (value: number): number => Math.round((value + 1) * 127.5);
    expect([...previewRgb(new Float32Array(4), 1, 1, PREVIEW_FACTORS.sdxl)]).toEqual(
      [0.1084, -0.0175, -0.0011].map(byte),
    );
    expect([...previewRgb(new Float32Array(16), 1, 1, PREVIEW_FACTORS.flux)]).toEqual(
      [-0.0329, -0.0718, -0.0851].map(byte),
    );
    expect(PREVIEW_FACTORS.flux.rows).toHaveLength(16);
  });

  it('refuses latents of another shape', () => {
    expect(() => previewRgb(new Float32Array(15), 2, 2, PREVIEW_FACTORS.sd1)).toThrow(RangeError);
  });
});

describe('fitPreviewFactors', () => {
  it('finds the factors that made a picture', () => {
    const latents = new TorchGenerator(1).randn(4 * 32 * 32).map((value) => value * 0.4);
    const truth = { rows: PREVIEW_FACTORS.sd1.rows, bias: [0.1, -0.05, 0.2] as const };
    const fitted = fitPreviewFactors(latents, previewRgb(latents, 32, 32, truth));
    truth.rows.flat().forEach((value, i) => expect(fitted.rows.flat()[i]).toBeCloseTo(value, 2));
    truth.bias.forEach((value, k) => expect(fitted.bias[k]).toBeCloseTo(value, 2));
  });

  it('answers the mean colour for latents that say nothing', () => {
    const rgb = Uint8Array.from({ length: 16 * 3 }, (_, i) => [200, 100, 50][i % 3] ?? 0);
    const fitted = fitPreviewFactors(new Float32Array(4 * 16).fill(0.7), rgb);
    const preview = previewRgb(new Float32Array(4).fill(0.7), 1, 1, fitted);
    expect([...preview]).toEqual([200, 100, 50]);
  });

  it('stays finite where two channels are the same', () => {
    const one = new TorchGenerator(2).randn(64);
    const latents = new Float32Array(4 * 64);
    [0, 1, 2, 3].forEach((c) => latents.set(one, c * 64));
    const rgb = Uint8Array.from(
      { length: 64 * 3 },
      (_, i) => 128 + 40 * Math.tanh(one[Math.floor(i / 3)] ?? 0),
    );
    const fitted = fitPreviewFactors(latents, rgb);
    expect(fitted.rows.flat().every((value) => Math.abs(value) < 1)).toBe(true);
    const preview = previewRgb(latents, 8, 8, fitted);
    const error = preview.reduce((sum, value, i) => sum + Math.abs(value - (rgb[i] ?? NaN)), 0);
    expect(error / preview.length).toBeLessThan(8);
  });

  it('refuses latents that are not numbers, and shapes that do not fit', () => {
    const rgb = new Uint8Array(12);
    expect(() => fitPreviewFactors(new Float32Array(16).fill(NaN), rgb)).toThrow(/not numbers/);
    expect(() => fitPreviewFactors(new Float32Array(15), rgb)).toThrow(RangeError);
  });
});
