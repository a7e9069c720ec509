/** The tiny FLUX.1 models as whole folders: dev shares what it can with schnell (test/golden/README.md). */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { goldenModel } from './golden';
import { temporaryFolder } from './temporary-folder';

/** The folder of `flux-schnell`, or a whole copy of `flux-dev` that lives as long as the test. */
export async function fluxFolder(model: string): Promise<string> {
  const schnell = goldenModel('flux-schnell');
  if (model === 'flux-schnell') return schnell;
  const folder = join(temporaryFolder(), model);
  for (const part of ['text_encoder', 'text_encoder_2', 'tokenizer', 'tokenizer_2', 'vae']) {
    await cp(join(schnell, part), join(folder, part), { recursive: true });
  }
  await cp(goldenModel(model), folder, { recursive: true });
  return folder;
}
