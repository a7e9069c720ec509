/** What is not done twice: one encode for five strengths of a picture, one run of the text encoder for a prompt, no session opened again. */
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { openSession } from '../../main/engine/onnx/session';
import { INPUT_64, INPUT_96X64 } from '../support/pictures';
import { runJob } from '../support/run-job';
import { smallJob } from '../support/settings';
import { temporaryFolder } from '../support/temporary-folder';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();

/** A cache whose sessions are counted: how often each part was opened and run. */
function countingCache(): { models: ModelCache; counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  const models = new ModelCache(async (path, options) => {
    const part = basename(dirname(path));
    count(`open ${part}`);
    const session = await openSession(path, options);
    return {
      ...session,
      run: (feeds, only) => {
        count(part);
        return session.run(feeds, only);
      },
    };
  });
  return { models, counts };
}

describe('five strengths of one picture', () => {
  it('encode it once, and every prompt once', async () => {
    const { models, counts } = countingCache();
    const run = async (changes: Parameters<typeof smallJob>[0], inputPath = INPUT_64): Promise<void> => {
      const settings = smallJob({ steps: 5, ...changes });
      await runJob({ folder: temporaryFolder(), inputPath, settings, context: { models } });
    };
    for (const strength of [0.2, 0.4, 0.6, 0.8, 1]) await run({ strength });
    // Guided: the prompt and the empty negative one. Steps: 1 + 2 + 3 + 4 + 5.
    const once = {
      'open text_encoder': 1,
      'open unet': 1,
      'open vae_encoder': 1,
      'open vae_decoder': 1,
      text_encoder: 2,
      vae_encoder: 1,
      unet: 15,
      vae_decoder: 5,
    };
    expect(counts).toEqual(once);
    await run({ strength: 0.2, prompt: 'another prompt', seed: 8 });
    expect(counts).toEqual({ ...once, text_encoder: 3, unet: 16, vae_decoder: 6 });
    await run({ strength: 0.2, seed: 9 }, INPUT_96X64);
    expect(counts).toEqual({ ...once, text_encoder: 3, vae_encoder: 2, unet: 17, vae_decoder: 7 });
    await models.release();
  });
});
