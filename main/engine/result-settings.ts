/** What a result picture carries, so that it can be made again: A1111 text, and the app's own JSON. No times: same request, same bytes. */
import { stepsThatRun } from '../../shared/generation';
import type { EmbeddedSettings } from './image/write';
import type { FitPlan } from './image/fit';
import { formatParameters } from './image/settings-text';
import type { MaskReport, UsedLora } from '../../shared/job';
import type { JobMask } from './job';
import { loraTag } from './lora/lora-prompt';
import type { LoadedModel } from './model/loaded-model';
import type { ResolvedSettings } from './resolve-settings';
import { APP_VERSION } from './version';

/** What a result's settings come from. */
export interface MadeWith {
  readonly settings: ResolvedSettings;
  /** Without LoRA tags. */
  readonly prompt: string;
  readonly loras: readonly UsedLora[];
  readonly model: LoadedModel;
  readonly plan: FitPlan;
  readonly mask: JobMask | null;
}

/** What a result and a report say about the mask. */
export const maskReport = ({
  settings,
  plan,
  mask,
}: Pick<MadeWith, 'settings' | 'plan' | 'mask'>): MaskReport | null =>
  mask === null ? null : { ...settings.mask, sha256: mask.sha256, box: plan.source };

/** Settings of one result picture. The text names LoRAs in the prompt, as every tool does; the JSON beside it. */
export function embeddedSettings(
  made: MadeWith,
  seed: number,
  stoppedAfter: number | null = null,
): EmbeddedSettings {
  const { settings, prompt, loras, model, plan } = made;
  const { folder, traits } = model;
  const mask = maskReport(made);
  return {
    parameters: formatParameters({
      prompt: [prompt, ...loras.map(loraTag)].filter((text) => text !== '').join(' '),
      negativePrompt: settings.negativePrompt,
      steps: settings.steps,
      scheduler: settings.scheduler,
      guidance: settings.guidance,
      seed,
      width: plan.width,
      height: plan.height,
      modelHash: folder.revision,
      modelName: folder.name,
      ...(folder.vae === undefined ? {} : { vaeName: folder.vae }),
      strength: settings.strength,
      ...(mask === null ? {} : { mask }),
      version: APP_VERSION,
    }),
    json: JSON.stringify({
      app: 'underpaint',
      version: APP_VERSION,
      prompt,
      ...(settings.promptTemplate === null ? {} : { promptTemplate: settings.promptTemplate }),
      negativePrompt: settings.negativePrompt,
      ...(settings.style === null ? {} : { style: settings.style }),
      loras,
      strength: settings.strength,
      steps: settings.steps,
      stepsRun: stoppedAfter ?? stepsThatRun(settings.steps, settings.strength, traits.stepRule),
      ...(stoppedAfter === null ? {} : { stoppedAfter }),
      guidance: settings.guidance,
      seed,
      noise: 'mt19937-f32',
      scheduler: settings.scheduler,
      fit: settings.fit,
      ...(mask === null ? {} : { mask }),
      workingSize: { width: plan.width, height: plan.height },
      tiling: settings.tiling,
      precision: settings.precision,
      model: { id: folder.id, family: traits.family, revision: folder.revision },
      ...(folder.vae === undefined ? {} : { vae: folder.vae }),
    }),
  };
}
