/** A model's scheduler_config.json: its schema, and what becomes of it when another sampling method is chosen. */
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import { FLOW_SCHEDULER, type SchedulerName } from '../../../shared/generation';

export const timestepSpacingSchema = z.enum(['leading', 'linspace', 'trailing']);
export type TimestepSpacing = z.infer<typeof timestepSpacingSchema>;

export const predictionTypeSchema = z.enum(['epsilon', 'v_prediction', 'sample', 'flow_prediction']);
export type PredictionType = z.infer<typeof predictionTypeSchema>;

const flag = z.boolean().optional();
const number = z.number().optional();
const count = z.number().int().positive().max(100_000).optional();

/** A scheduler_config.json in diffusers' key names: unknown keys pass, every key may be missing. */
export const schedulerConfigSchema = z.looseObject({
  _class_name: z.string().optional(),
  num_train_timesteps: count,
  beta_start: z.number().positive().optional(),
  beta_end: z.number().positive().optional(),
  beta_schedule: z.enum(['linear', 'scaled_linear', 'squaredcos_cap_v2']).optional(),
  trained_betas: z.array(z.number()).nullish(),
  prediction_type: predictionTypeSchema.optional(),
  timestep_spacing: timestepSpacingSchema.optional(),
  steps_offset: z.number().int().nonnegative().optional(),
  clip_sample: flag,
  clip_sample_range: number,
  set_alpha_to_one: flag,
  thresholding: flag,
  dynamic_thresholding_ratio: number,
  sample_max_value: number,
  rescale_betas_zero_snr: flag,
  skip_prk_steps: flag,
  final_sigmas_type: z.enum(['zero', 'sigma_min']).nullish(),
  interpolation_type: z.enum(['linear', 'log_linear']).optional(),
  timestep_type: z.enum(['discrete', 'continuous']).optional(),
  sigma_min: z.number().positive().nullish(),
  sigma_max: z.number().positive().nullish(),
  use_karras_sigmas: flag.nullable(),
  use_exponential_sigmas: flag.nullable(),
  use_beta_sigmas: flag.nullable(),
  use_lu_lambdas: flag.nullable(),
  use_flow_sigmas: flag.nullable(),
  flow_shift: number.nullable(),
  solver_order: z.number().int().min(1).max(3).optional(),
  algorithm_type: z.string().optional(),
  solver_type: z.string().optional(),
  lower_order_final: flag,
  euler_at_final: flag,
  lambda_min_clipped: number,
  predict_x0: flag,
  disable_corrector: z.array(z.number().int()).optional(),
  original_inference_steps: count,
  timestep_scaling: number,
  shift: number,
  base_shift: number,
  max_shift: number,
  base_image_seq_len: count,
  max_image_seq_len: count,
  use_dynamic_shifting: flag,
  time_shift_type: z.enum(['exponential', 'linear']).optional(),
  shift_terminal: number.nullable(),
  stochastic_sampling: flag,
});
export type SchedulerConfig = z.infer<typeof schedulerConfigSchema>;

/**
 * Reads the text of a scheduler_config.json. Python writes bare `-Infinity` (lambda_min_clipped), which JSON does not
 * know; such keys are left out, because infinity is their default. Throws AppError('model') for anything unreadable.
 */
export function parseSchedulerConfig(text: string): SchedulerConfig {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/("\w+")\s*:\s*(?:-?Infinity|NaN)/g, '$1:null'));
  } catch (cause) {
    throw new AppError('model', "The model's scheduler_config.json is not valid JSON; download it again.", {
      cause,
    });
  }
  const parsed = schedulerConfigSchema.safeParse(withoutInfinity(value));
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new AppError(
      'model',
      `The model's scheduler_config.json has a value for "${where}" that Underpaint does not know; choose another model.`,
      { cause: parsed.error },
    );
  }
  return parsed.data;
}

function withoutInfinity(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('lambda_min_clipped' in value)) return value;
  return value.lambda_min_clipped === null ? { ...value, lambda_min_clipped: undefined } : value;
}

/** The keys that a sampling method's name decides, whatever the file says. */
export function flagsOfName(name: SchedulerName): SchedulerConfig {
  switch (name) {
    case 'pndm':
      return { skip_prk_steps: true };
    case 'dpmpp-2m':
      return { algorithm_type: 'dpmsolver++', use_karras_sigmas: false };
    case 'dpmpp-2m-karras':
      return { algorithm_type: 'dpmsolver++', ...KARRAS_ONLY };
    case 'dpmpp-2m-sde':
      return { algorithm_type: 'sde-dpmsolver++', use_karras_sigmas: false };
    case 'dpmpp-2m-sde-karras':
      return { algorithm_type: 'sde-dpmsolver++', ...KARRAS_ONLY };
    default:
      return {};
  }
}

/** diffusers' class for Flux. */
const FLOW_MATCH = 'FlowMatchEulerDiscreteScheduler';

const KARRAS_ONLY: SchedulerConfig = {
  use_karras_sigmas: true,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
  use_lu_lambdas: false,
};

/**
 * diffusers' `from_config` (pipelines.md 2.10): keys of the file carry over to the chosen method, missing ones take that
 * method's class defaults later, then come the flags of the name. `patchOldConfigs` (SD 1.x and 2.x, not SDXL) repeats
 * what the img2img pipeline does to old files: steps_offset becomes 1, clip_sample false.
 */
export function resolveSchedulerConfig(
  fileConfig: SchedulerConfig,
  name: SchedulerName,
  options: { patchOldConfigs?: boolean } = {},
): SchedulerConfig {
  const isFlow = fileConfig._class_name === FLOW_MATCH;
  if (isFlow !== (name === FLOW_SCHEDULER)) {
    throw new AppError(
      'usage',
      isFlow
        ? `This model uses flow matching, which the ${name} scheduler cannot do; choose the scheduler ${FLOW_SCHEDULER}, or none.`
        : `The scheduler ${name} works only with flow matching models such as Flux; choose another scheduler, or none.`,
    );
  }
  const patches = options.patchOldConfigs === false ? {} : { steps_offset: 1, clip_sample: false };
  return { ...fileConfig, ...patches, ...flagsOfName(name) };
}

/** The sampling method that a model's own file asks for. Throws AppError('model') for a class that is not known. */
export function defaultSchedulerName(fileConfig: SchedulerConfig): SchedulerName {
  const className = fileConfig._class_name;
  switch (className) {
    case 'DDIMScheduler':
      return 'ddim';
    case 'PNDMScheduler':
      return 'pndm';
    case 'EulerDiscreteScheduler':
      return 'euler';
    case 'EulerAncestralDiscreteScheduler':
      return 'euler-ancestral';
    case 'DPMSolverMultistepScheduler': {
      const isSde = fileConfig.algorithm_type === 'sde-dpmsolver++';
      const isKarras = fileConfig.use_karras_sigmas === true;
      if (isSde) return isKarras ? 'dpmpp-2m-sde-karras' : 'dpmpp-2m-sde';
      return isKarras ? 'dpmpp-2m-karras' : 'dpmpp-2m';
    }
    case 'UniPCMultistepScheduler':
      return 'unipc';
    case 'LCMScheduler':
      return 'lcm';
    case FLOW_MATCH:
      return FLOW_SCHEDULER;
    default:
      throw new AppError(
        'model',
        `The model's scheduler "${className ?? 'without a name'}" is not supported; choose one of the schedulers in the list.`,
      );
  }
}
