/** The whole pipeline from safetensors on WebGPU over software Vulkan, with the same bounds as on the CPU. */
import { describe, expect, it } from 'vitest';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { openSession } from '../../../main/engine/onnx/session';
import { goldenModel, readCase } from '../../support/golden';
import { expectGolden } from '../../support/golden-run';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

describe('golden cases on WebGPU', () => {
  it.each(['sd1-euler-nocfg', 'sd2-ddim'])('%s', async (name) => {
    const golden = readCase(name);
    const providers: string[] = [];
    const models = new ModelCache(async (path, options) => {
      const session = await openSession(path, options);
      providers.push(session.provider);
      return session;
    });
    try {
      const settings = { model: goldenModel(golden.model), device: 'gpu' as const };
      await expectGolden(golden, { settings, context: { models } });
      expect(providers).toEqual(['webgpu', 'webgpu', 'webgpu', 'webgpu']);
    } finally {
      await models.release();
    }
  });
});
