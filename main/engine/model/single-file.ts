/** A single-file checkpoint (.safetensors with everything inside) as a model: no config beside it is needed. */
import { basename, join } from 'node:path';
import { AppError } from '../../../shared/errors';
import type { Family } from '../../../shared/models';
import { isFluxFile } from '../checkpoint/recognise-flux';
import { recogniseLdm, type RecognisedPart } from '../checkpoint/recognise-ldm';
import { readSafetensorsHeader, type SafetensorsHeader } from '../checkpoint/safetensors-file';
import { parseSchedulerConfig } from '../schedulers/scheduler-config';
import { COMPONENTS, type Component } from './component';
import type { Weight } from '../checkpoint/weights';
import { describeWeights, type ComponentSource, type JsonObject } from './component-source';
import { readFluxFile } from './flux-file';
import { builtGraph } from './graph-source';
import { collect, hashFiles, type ModelFolder } from './model-folder-parts';
import { starterModelPath } from './starter-path';

/** What a checkpoint's tensors do not say, for models that are not of the usual kind. */
export interface SingleFileHints {
  readonly tokenizerFolder?: string;
  /** Settings that replace recognised ones, per component. */
  readonly configs?: Readonly<Partial<Record<Component, JsonObject>>>;
  readonly schedulerConfig?: JsonObject;
}

/** The schedule of every Stable Diffusion 1, 2 and XL model (pipelines.md 1.1). */
const SCHEDULE = {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  steps_offset: 1,
  clip_sample: false,
} as const;

const XL_SCHEDULE = { ...SCHEDULE, _class_name: 'EulerDiscreteScheduler' } as const;

const LCM = {
  _class_name: 'LCMScheduler',
  prediction_type: 'epsilon',
  original_inference_steps: 50,
} as const;

const SCHEDULERS: Readonly<Record<SchedulerKind, JsonObject>> = {
  sd1: { ...SCHEDULE, _class_name: 'PNDMScheduler', skip_prk_steps: true, prediction_type: 'epsilon' },
  'sd1-v': { ...SCHEDULE, _class_name: 'DDIMScheduler', prediction_type: 'v_prediction' },
  'sd2-v': { ...SCHEDULE, _class_name: 'DDIMScheduler', prediction_type: 'v_prediction' },
  'sd2-base': { ...SCHEDULE, _class_name: 'PNDMScheduler', skip_prk_steps: true, prediction_type: 'epsilon' },
  turbo: {
    ...SCHEDULE,
    _class_name: 'EulerDiscreteScheduler',
    prediction_type: 'epsilon',
    timestep_spacing: 'trailing',
  },
  lcm: { ...SCHEDULE, ...LCM },
  'xl-lcm': { ...SCHEDULE, ...LCM },
  xl: { ...XL_SCHEDULE, prediction_type: 'epsilon', timestep_spacing: 'leading' },
  'xl-v': { ...XL_SCHEDULE, prediction_type: 'v_prediction', timestep_spacing: 'leading' },
  'xl-lightning': { ...XL_SCHEDULE, prediction_type: 'epsilon', timestep_spacing: 'trailing' },
  'xl-turbo': {
    ...XL_SCHEDULE,
    _class_name: 'EulerAncestralDiscreteScheduler',
    prediction_type: 'epsilon',
    timestep_spacing: 'trailing',
  },
};
type SchedulerKind =
  | 'sd1'
  | 'sd1-v'
  | 'sd2-v'
  | 'sd2-base'
  | 'turbo'
  | 'lcm'
  | 'xl'
  | 'xl-v'
  | 'xl-lcm'
  | 'xl-lightning'
  | 'xl-turbo';

/** Pixels of the side that a kind was trained at, divided by the VAE factor. */
const SAMPLE_SIZE: Readonly<Record<SchedulerKind, number>> = {
  sd1: 64,
  'sd1-v': 64,
  'sd2-v': 96,
  'sd2-base': 64,
  turbo: 64,
  lcm: 64,
  'xl-lcm': 128,
  xl: 128,
  'xl-v': 128,
  'xl-lightning': 128,
  'xl-turbo': 64,
};

/** OpenCLIP was trained with 0, the id of "!", behind the text. */
const OPEN_CLIP_PAD = '!';

/** Reads and checks the file; throws `AppError('model')`. */
export async function readSingleFile(path: string, hints: SingleFileHints = {}): Promise<ModelFolder> {
  const name = basename(path).replace(/\.safetensors$/i, '');
  assertCheckpointName(path);
  const header = await readSafetensorsHeader(path);
  if (isFluxFile(header)) return readFluxFile(path, header, hints);
  const checkpoint = recogniseLdm(header, basename(path));
  const isDistilled = checkpoint.parts.unet.config['time_cond_proj_dim'] !== undefined;
  const kind = schedulerKind(checkpoint.family, isDistilled ? `${name} LCM` : name, header.metadata);

  const parts: Readonly<Partial<Record<Component, RecognisedPart>>> = {
    ...checkpoint.parts,
    unet: withSettings(checkpoint.parts.unet, { sample_size: SAMPLE_SIZE[kind] }),
  };
  const sources = new Map<Component, ComponentSource>();
  for (const component of COMPONENTS) {
    const part = parts[component];
    if (part === undefined) continue;
    const config = { ...part.config, ...hints.configs?.[component] };
    sources.set(component, {
      config,
      ...describeWeights(
        weightsOf(header, part.root + (component.startsWith('vae_') ? component.slice(4) : '')),
      ),
      graph: builtGraph(component, config, part.weights, name),
    });
  }
  const collected = collect(sources);
  const schedulerConfig = parseSchedulerConfig(JSON.stringify(hints.schedulerConfig ?? SCHEDULERS[kind]));
  const isRefiner = checkpoint.family === 'sdxl' && !sources.has('text_encoder');
  const tokenizer = hints.tokenizerFolder ?? join(starterModelPath(), 'tokenizer');
  return {
    path,
    id: name,
    name,
    ...collected,
    index: isRefiner ? { force_zeros_for_empty_prompt: false, requires_aesthetics_score: true } : {},
    tokenizers: {
      ...(sources.has('text_encoder')
        ? {
            text_encoder: {
              folder: tokenizer,
              ...(checkpoint.family === 'sd2' ? { padToken: OPEN_CLIP_PAD } : {}),
            },
          }
        : {}),
      ...(sources.has('text_encoder_2')
        ? { text_encoder_2: { folder: tokenizer, padToken: OPEN_CLIP_PAD } }
        : {}),
    },
    schedulerConfig,
    revision: await hashFiles([header.file], { configs: collected.configs, schedulerConfig }),
    card: null,
  };
}

const withSettings = (part: RecognisedPart, settings: JsonObject): RecognisedPart => ({
  ...part,
  config: { ...part.config, ...settings },
});

/** What a file's name says already; its content is checked all the same. */
function assertCheckpointName(path: string): void {
  if (/\.safetensors$/i.test(path)) return;
  throw new AppError(
    'model',
    /\.(ckpt|pt|pth|bin)$/i.test(path)
      ? `${basename(path)} is a pickled checkpoint, which can run programs and is not opened; download the safetensors version of this model.`
      : `${basename(path)} is a file, but no .safetensors checkpoint; choose such a file, or a model folder.`,
  );
}

/**
 * What a checkpoint predicts does not show in its tensors. The rule: its own metadata (modelspec) first, then "vpred" in the
 * file's name; else SD1 and SDXL predict noise, and SD2 velocity unless its name says that it is the 512 pixel base model or a turbo model.
 */
export function schedulerKind(
  family: Extract<Family, 'sd1' | 'sd2' | 'sdxl'>,
  name: string,
  metadata: Readonly<Record<string, string>>,
): SchedulerKind {
  const told = metadata['modelspec.prediction_type'] ?? '';
  const architecture = metadata['modelspec.architecture'] ?? '';
  const isVelocity =
    told === 'v' || told === 'v_prediction' || architecture.endsWith('-v') || /v[-_]?pred/i.test(name);
  const isLcm = /(^|[^a-z])lcm([^a-z]|$)/i.test(name);
  if (family === 'sdxl') {
    if (isLcm) return 'xl-lcm';
    if (/turbo/i.test(name)) return 'xl-turbo';
    if (/lightning/i.test(name)) return 'xl-lightning';
    return isVelocity ? 'xl-v' : 'xl';
  }
  if (isLcm) return 'lcm';
  if (/turbo/i.test(name)) return 'turbo';
  if (family === 'sd1') return isVelocity ? 'sd1-v' : 'sd1';
  if (isVelocity) return 'sd2-v';
  return told === 'epsilon' || /base|512/i.test(name) ? 'sd2-base' : 'sd2-v';
}

const weightsOf = (header: SafetensorsHeader, beginning: string): Weight[] =>
  [...header.weights.values()].filter(({ name }) => name.startsWith(beginning));
