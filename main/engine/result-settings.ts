/** What a result picture carries, so that it can be made again: A1111 text, and the app's own JSON. No times: same request, same bytes. */
import { stepsThatRun } from '../../shared/generation';
import type { EmbeddedSettings } from './image/write';
import type { FitPlan } from './image/fit';
import { formatParameters } from './image/settings-text';
import type { LoadedModel } from './model/loaded-model';
import type { ResolvedSettings } from './resolve-settings';
import { APP_VERSION } from './version';

/** Settings of one result picture. */
export function embeddedSettings(
  settings: ResolvedSettings,
  model: LoadedModel,
  plan: FitPlan,
  seed: number,
): EmbeddedSettings {
  const { folder, traits } = model;
  return {
    parameters: formatParameters({
      prompt: settings.prompt,
      negativePrompt: settings.negativePrompt,
      steps: settings.steps,
      scheduler: settings.scheduler,
      guidance: settings.guidance,
      seed,
      width: plan.width,
      height: plan.height,
      modelHash: folder.revision,
      modelName: folder.name,
      strength: settings.strength,
      version: APP_VERSION,
    }),
    json: JSON.stringify({
      app: 'underpaint',
      version: APP_VERSION,
      prompt: settings.prompt,
      negativePrompt: settings.negativePrompt,
      strength: settings.strength,
      steps: settings.steps,
      stepsRun: stepsThatRun(settings.steps, settings.strength, traits.stepRule),
      guidance: settings.guidance,
      seed,
      noise: 'mt19937-f32',
      scheduler: settings.scheduler,
      fit: settings.fit,
      workingSize: { width: plan.width, height: plan.height },
      tiling: settings.tiling,
      model: { id: folder.id, family: traits.family, revision: folder.revision },
    }),
  };
}
