/** The form and the picture that the window opens with: what the person left, or on the first start the bundled sketch. */
import path from 'node:path';
import type { Source } from '../../shared/contract';
import { generationSettingsSchema } from '../../shared/generation';
import type { Draft } from '../../shared/settings';
import type { SettingsStore } from './settings-store';
import type { SourceStore } from './source-store';

export interface OpeningOptions {
  settings: SettingsStore;
  sources: SourceStore;
  starterFolder: string;
  /** What goes with the sketch. */
  demoPrompt: string;
  log: (text: string) => void;
}

/** Name of the demo picture inside the starter model's folder. */
const SKETCH = 'sketch.png';

/** Draft and source for the first paint. Without a sketch that can be read, the window opens empty and tries again next time. */
export async function openingDraft(
  options: OpeningOptions,
): Promise<{ draft: Draft; source: Source | null }> {
  const { settings, sources, starterFolder, demoPrompt, log } = options;
  const saved = settings.current.draft;
  if (saved !== null) {
    return { draft: saved, source: saved.sourceId === null ? null : await sources.find(saved.sourceId) };
  }
  const source = await sources.importPath(path.join(starterFolder, SKETCH)).catch((error: unknown) => {
    log(`the bundled sketch could not be opened: ${String(error)}`);
    return null;
  });
  const draft: Draft = {
    settings: generationSettingsSchema.parse({ prompt: demoPrompt }),
    isSeedLocked: false,
    sourceId: source?.id ?? null,
  };
  if (source !== null) await settings.update({ draft });
  return { draft, source };
}
