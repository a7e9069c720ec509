/** What the planner makes of model folders: weights in memory by format, and widths against the family's full size. */
import { describe, expect, it } from 'vitest';
import { detectFamily } from '../../../main/engine/families/detect';
import { readModelFolder } from '../../../main/engine/model/model-folder';
import { modelProfile } from '../../../main/engine/plan/model-profile';
import { usualModel, type ModelProfile } from '../../../main/placement/model-profile';
import { goldenModel } from '../../support/golden';

async function profile(name: string): Promise<ModelProfile> {
  const folder = await readModelFolder(goldenModel(name));
  return modelProfile(folder, detectFamily(folder).family);
}

describe('a model folder', () => {
  it('in ONNX weighs what its files weigh', async () => {
    const folder = await readModelFolder(goldenModel('sd1-onnx'));
    const { denoiser, vaeDecoder, key, vaeWidth, denoiserWidth } = await profile('sd1-onnx');
    expect(key).toBe(folder.revision);
    expect(denoiser.gpuBytes).toBe(folder.parts.get('unet')?.sizeBytes);
    expect(denoiser.hasFusedAttention).toBe(false);
    expect(vaeDecoder.gpuBytes).toBe(folder.parts.get('vae_decoder')?.sizeBytes);
    // Tiny models are narrow.
    expect(vaeWidth).toBeLessThan(1);
    expect(denoiserWidth).toBeLessThan(1);
    expect(vaeWidth).toBeGreaterThan(0);
  });

  it('of half precision doubles on the CPU', async () => {
    const full = usualModel('sd1');
    const folder = await readModelFolder(goldenModel('sd1-onnx'));
    const unet = folder.parts.get('unet')!;
    const sized = (sizeBytes: number): ModelProfile =>
      modelProfile(
        {
          ...folder,
          configs: { ...folder.configs, unet: { block_out_channels: [320, 640, 1280, 1280] } },
          parts: new Map([...folder.parts, ['unet', { ...unet, sizeBytes }]]),
        },
        'sd1',
      );
    const half = sized(full.denoiser.gpuBytes);
    expect(half.denoiser).toMatchObject({ elementBytes: 2, cpuBytes: 2 * full.denoiser.gpuBytes });
    const float = sized(2 * full.denoiser.gpuBytes);
    expect(float.denoiser).toMatchObject({ elementBytes: 4, cpuBytes: 2 * full.denoiser.gpuBytes });
  });
});

describe('the usual model of a family', () => {
  it('weighs what the published ones weigh (onnxruntime.md 4.1)', () => {
    const gb = (bytes: number): number => Math.round(bytes / 1e7) / 100;
    expect(gb(usualModel('sd1').denoiser.gpuBytes)).toBe(1.72);
    expect(gb(usualModel('sdxl').denoiser.gpuBytes)).toBe(5.13);
    expect(gb(usualModel('flux').denoiser.gpuBytes)).toBe(23.8);
    expect(gb(usualModel('sdxl').vaeDecoder.gpuBytes + usualModel('sdxl').vaeEncoder.gpuBytes)).toBe(0.33);
    expect(usualModel('sdxl').denoiser.cpuBytes).toBe(2 * usualModel('sdxl').denoiser.gpuBytes);
  });
});
