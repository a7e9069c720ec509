/** Reading scheduler_config.json files and choosing another method for them. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors';
import { createScheduler } from '../../../main/engine/schedulers/create-scheduler';
import {
  defaultSchedulerName,
  parseSchedulerConfig,
  resolveSchedulerConfig,
} from '../../../main/engine/schedulers/scheduler-config';

const SD15 = JSON.stringify({
  _class_name: 'PNDMScheduler',
  _diffusers_version: '0.6.0',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
  clip_sample: false,
});

describe('parseSchedulerConfig', () => {
  it('reads a stock file with unknown keys and nulls', () => {
    expect(parseSchedulerConfig(SD15)).toMatchObject({ _class_name: 'PNDMScheduler', trained_betas: null });
  });

  it("reads Python's bare -Infinity", () => {
    const text =
      '{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity, "solver_order": 2}';
    const config = parseSchedulerConfig(text);
    expect(config.solver_order).toBe(2);
    expect(config.lambda_min_clipped).toBeUndefined();
    expect(createScheduler('dpmpp-2m', config, { steps: 5, strength: 1 }).timesteps[0]).toBe(999);
  });

  it.each([
    '{',
    '[]',
    'null',
    '{"beta_start": "0.1"}',
    '{"timestep_spacing": "sideways"}',
    '{"num_train_timesteps": 1e12}',
  ])('refuses %s as a fault of the model', (text) => {
    expect(() => parseSchedulerConfig(text)).toThrow(
      expect.objectContaining({ name: 'AppError', code: 'model' }),
    );
  });
});

describe('defaultSchedulerName', () => {
  it.each([
    [{ _class_name: 'PNDMScheduler' }, 'pndm'],
    [{ _class_name: 'DDIMScheduler' }, 'ddim'],
    [{ _class_name: 'EulerDiscreteScheduler' }, 'euler'],
    [{ _class_name: 'EulerAncestralDiscreteScheduler' }, 'euler-ancestral'],
    [{ _class_name: 'DPMSolverMultistepScheduler' }, 'dpmpp-2m'],
    [{ _class_name: 'DPMSolverMultistepScheduler', use_karras_sigmas: true }, 'dpmpp-2m-karras'],
    [{ _class_name: 'DPMSolverMultistepScheduler', algorithm_type: 'sde-dpmsolver++' }, 'dpmpp-2m-sde'],
    [
      {
        _class_name: 'DPMSolverMultistepScheduler',
        algorithm_type: 'sde-dpmsolver++',
        use_karras_sigmas: true,
      },
      'dpmpp-2m-sde-karras',
    ],
    [{ _class_name: 'UniPCMultistepScheduler' }, 'unipc'],
    [{ _class_name: 'LCMScheduler' }, 'lcm'],
  ])('%o is %s', (config, name) => {
    expect(defaultSchedulerName(config)).toBe(name);
  });

  it('names the class that it does not know', () => {
    expect(() => defaultSchedulerName({ _class_name: 'DDPMScheduler' })).toThrow(AppError);
    expect(() => defaultSchedulerName({ _class_name: 'DDPMScheduler' })).toThrow(/DDPMScheduler/);
    expect(() => defaultSchedulerName({})).toThrow(AppError);
  });
});

describe('resolveSchedulerConfig', () => {
  const file = parseSchedulerConfig(SD15);

  it("takes the new class's defaults for missing keys: DPM from an SD 1.5 file is linspace", () => {
    const config = resolveSchedulerConfig(file, 'dpmpp-2m-karras');
    expect(config).toMatchObject({ use_karras_sigmas: true, algorithm_type: 'dpmsolver++' });
    const plain = createScheduler('dpmpp-2m', resolveSchedulerConfig(file, 'dpmpp-2m'), {
      steps: 20,
      strength: 1,
    });
    expect([plain.timesteps[0], plain.timesteps.at(-1)]).toEqual([999, 50]);
  });

  it('keeps keys that the file has: leading stays leading', () => {
    const sdxl = { ...file, timestep_spacing: 'leading' as const };
    const scheduler = createScheduler('dpmpp-2m', resolveSchedulerConfig(sdxl, 'dpmpp-2m'), {
      steps: 20,
      strength: 1,
    });
    expect(scheduler.timesteps[0]).toBe(941);
  });

  it('patches old files as the img2img pipeline does, but not for SDXL', () => {
    const old = { _class_name: 'DDIMScheduler', steps_offset: 0, clip_sample: true };
    expect(resolveSchedulerConfig(old, 'ddim')).toMatchObject({ steps_offset: 1, clip_sample: false });
    const kept = resolveSchedulerConfig(old, 'ddim', { patchOldConfigs: false });
    expect(kept).toMatchObject({ steps_offset: 0, clip_sample: true });
  });

  it('never starts PNDM with Runge-Kutta steps', () => {
    const config = resolveSchedulerConfig({ _class_name: 'PNDMScheduler' }, 'pndm');
    expect(createScheduler('pndm', config, { steps: 10, strength: 1 }).timesteps).toHaveLength(11);
  });

  it('flow matching goes with its own scheduler only', () => {
    const flow = { _class_name: 'FlowMatchEulerDiscreteScheduler' };
    const usage = expect.objectContaining({ code: 'usage' }) as Error;
    expect(() => resolveSchedulerConfig(flow, 'euler')).toThrow(usage);
    expect(() => resolveSchedulerConfig({}, 'flow-match-euler')).toThrow(usage);
    expect(resolveSchedulerConfig(flow, 'flow-match-euler')).toMatchObject(flow);
    expect(defaultSchedulerName(flow)).toBe('flow-match-euler');
  });
});
