/** LoRA files give what diffusers gives with them, at every strength, without another session. */
import { describe, expect, it } from 'vitest';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { maxDifference } from '../../support/golden';
import { differenceFromDiffusers, LORA_RUNS, loraLatents, loraSettings } from '../../support/lora';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

describe('LoRA files against diffusers', () => {
  it.each(Object.keys(LORA_RUNS.cases))(
    '%s at all strengths, with the sessions of the first',
    async (name) => {
      const models = new ModelCache();
      try {
        let opened: number | null = null;
        let parts = 0;
        for (const strength of LORA_RUNS.strengths) {
          const settings = loraSettings(name, strength);
          const steps = await loraLatents(settings, models, name);
          const difference = await differenceFromDiffusers(name, strength, steps);
          expect(difference, `strength ${strength}`).toBeLessThan(1e-3);
          const wanted = settings.loras.map(({ lora, strength: s }) => ({ path: lora, strength: s }));
          const { runtime } = await models.load(settings.model, 'cpu', wanted);
          opened ??= runtime.sessionsOpened;
          parts = runtime.folder.parts.size;
          expect(runtime.sessionsOpened).toBe(opened);
        }
        expect(opened).toBe(parts);
      } finally {
        await models.release();
      }
    },
  );

  it('strength 0 is the model without the LoRA', async () => {
    const models = new ModelCache();
    try {
      const off = await loraLatents(loraSettings('kohya', 0), models);
      const without = await loraLatents({ ...loraSettings('kohya', 0), loras: [] }, models);
      expect(Math.max(...off.map((latents, i) => maxDifference(latents, without[i] ?? [])))).toBeLessThan(
        1e-4,
      );
    } finally {
      await models.release();
    }
  });
});
