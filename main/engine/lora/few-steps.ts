/**
 * LoRAs that make a model need few steps, and the settings that they were made for. Nothing in their tensors tells them from others, so that names
 * decide: the file's, its title in the metadata, or its folder's where the file has a name that every LoRA has.
 */
import { basename, dirname } from 'node:path';
import { smallestUsefulStrength } from '../../../shared/generation';
import type { ModelDefaults } from '../../../shared/models';
import type { SchedulerConfig } from '../schedulers/scheduler-config';
import { familyOf } from './lora-family';
import type { LoraFile } from './read-lora';

export interface FewSteps {
  readonly kind: 'LCM' | 'Lightning' | 'Hyper';
  readonly steps: number;
  readonly guidance: number;
  /** Null: the model's own. */
  readonly scheduler: 'lcm' | 'euler' | 'ddim' | null;
  /** What it changes in the scheduler's config. */
  readonly schedulerConfig: SchedulerConfig;
}

/** Names that libraries give to every LoRA. */
const COMMON_NAME = /^(pytorch_lora_weights|adapter_model|model|lora)(\.safetensors)?$/i;
const TRAILING: SchedulerConfig = { timestep_spacing: 'trailing' };

/** Null: an ordinary LoRA, as far as can be told. */
export function fewStepsOf(lora: LoraFile): FewSteps | null {
  const { metadata } = lora.header;
  const name = COMMON_NAME.test(lora.name) ? basename(dirname(lora.path)) : lora.name;
  const words = [name, metadata['modelspec.title'] ?? '', metadata['ss_output_name'] ?? ''].join(' ');
  const told = Number(/(\d+)[-_ ]?steps?(?![a-z])/i.exec(words)?.[1] ?? NaN);
  const steps = (usual: number): number => (told >= 1 && told <= 50 ? told : usual);
  // Flux has one scheduler, and its guidance is a number that it was distilled with.
  const own = familyOf(lora) === 'flux' ? { guidance: 3.5, scheduler: null, schedulerConfig: {} } : {};

  if (/(^|[^a-z])lcm([^a-z]|$)/i.test(words)) {
    return { kind: 'LCM', steps: steps(8), guidance: 1.5, scheduler: 'lcm', schedulerConfig: {}, ...own };
  }
  if (/lightning/i.test(words)) {
    const lightning = { guidance: 0, scheduler: 'euler', schedulerConfig: TRAILING } as const;
    return { kind: 'Lightning', steps: steps(4), ...lightning, ...own };
  }
  if (/(^|[^a-z])hyper[-_ ]?(sd|flux)/i.test(words)) {
    // DDIM is TCD with eta 0.
    const hyper = {
      guidance: /cfg/i.test(words) ? 5 : 0,
      scheduler: 'ddim',
      schedulerConfig: TRAILING,
    } as const;
    return { kind: 'Hyper', steps: steps(8), ...hyper, ...own };
  }
  return null;
}

/** The settings for what a person leaves open. */
export function fewStepDefaults(
  defaults: ModelDefaults,
  { steps, guidance, scheduler }: FewSteps,
): ModelDefaults {
  const strength = Math.max(defaults.strength, smallestUsefulStrength(steps));
  return { ...defaults, strength, steps, guidance, scheduler: scheduler ?? defaults.scheduler };
}

/** What a person is told about them. */
export function describeFewSteps(
  name: string,
  { kind, steps, guidance, scheduler, schedulerConfig }: FewSteps,
): string {
  const spacing = schedulerConfig.timestep_spacing === 'trailing' ? ' with trailing timesteps' : '';
  const method = scheduler === null ? 'the scheduler of the model' : `the ${scheduler} scheduler${spacing}`;
  return `${name} is a ${kind} LoRA: what was not chosen otherwise becomes ${steps} ${steps === 1 ? 'step' : 'steps'}, guidance ${guidance} and ${method}.`;
}
