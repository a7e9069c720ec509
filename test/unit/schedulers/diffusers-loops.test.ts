/** Every number of diffusers' own scheduler tests (pipelines.md 6.1). */
import { describe, expect, it } from 'vitest';
import { TorchGenerator } from '../../../main/engine/latents/noise';
import { DdimScheduler } from '../../../main/engine/schedulers/ddim';
import { DpmSolverMultistepScheduler } from '../../../main/engine/schedulers/dpm-solver-multistep';
import { EulerScheduler } from '../../../main/engine/schedulers/euler';
import { EulerAncestralScheduler } from '../../../main/engine/schedulers/euler-ancestral';
import { LcmScheduler } from '../../../main/engine/schedulers/lcm';
import { PndmScheduler } from '../../../main/engine/schedulers/pndm';
import type { Scheduler, SchedulerOptions } from '../../../main/engine/schedulers/scheduler';
import type { SchedulerConfig } from '../../../main/engine/schedulers/scheduler-config';
import { UniPcScheduler } from '../../../main/engine/schedulers/unipc';
import {
  absoluteSum,
  noiseDeter,
  NUMEL,
  overwritingLoop,
  pipelineLoop,
  sampleDeter,
  strengthFrom,
} from './fixture';

const D: SchedulerConfig = {
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: 'linear',
};
const E: SchedulerConfig = { ...D, num_train_timesteps: 1100 };
const V: SchedulerConfig = { prediction_type: 'v_prediction' };
const KARRAS: SchedulerConfig = { use_karras_sigmas: true };
const DPM: SchedulerConfig = {
  ...D,
  solver_order: 2,
  algorithm_type: 'dpmsolver++',
  solver_type: 'midpoint',
  lower_order_final: false,
  final_sigmas_type: 'sigma_min',
};
const UNIPC: SchedulerConfig = { ...D, solver_order: 2, solver_type: 'bh2', final_sigmas_type: 'sigma_min' };

const TEN: SchedulerOptions = { steps: 10, strength: 1 };
const seeded = (): ((n: number) => Float32Array) => {
  const generator = new TorchGenerator(0);
  return (n) => generator.randn(n);
};
const from = (firstStep: number): SchedulerOptions => ({ steps: 10, strength: strengthFrom(firstStep) });

/** Runs a test's loop from its deterministic sample, noised first when the run starts later. */
function run(scheduler: Scheduler, numel = NUMEL): Float32Array {
  const isEuler = scheduler.name === 'euler' || scheduler.name === 'euler-ancestral';
  const initial = sampleDeter(numel).map((value) => value * (isEuler ? scheduler.initNoiseSigma : 1));
  const isWhole = scheduler.timesteps.length >= 10 || scheduler.timesteps.length === 1;
  const start = isWhole ? initial : scheduler.addNoise(initial, noiseDeter(numel), 0);
  return (isEuler ? overwritingLoop : pipelineLoop)(scheduler, start, seeded());
}

const dpm = (config: SchedulerConfig, options = TEN): Scheduler =>
  new DpmSolverMultistepScheduler('dpmpp-2m', { ...DPM, ...config }, options);
const unipc = (config: SchedulerConfig, options = TEN): Scheduler =>
  new UniPcScheduler({ ...UNIPC, ...config }, options);

describe('the loops of diffusers, summed', () => {
  const rows: [string, () => Scheduler, number | null, number, number?][] = [
    ['ddim no noise', () => new DdimScheduler(D, TEN), 172.0067, 0.223967],
    ['ddim v', () => new DdimScheduler({ ...D, ...V }, TEN), 52.5302, 0.0684],
    [
      'ddim alpha one',
      () => new DdimScheduler({ ...D, beta_start: 0.01, set_alpha_to_one: true }, TEN),
      149.8295,
      0.1951,
    ],
    [
      'ddim alpha not one',
      () => new DdimScheduler({ ...D, beta_start: 0.01, set_alpha_to_one: false }, TEN),
      149.0784,
      0.1941,
    ],
    ['ddim with noise', () => new DdimScheduler(D, from(8)), 354.5418, 0.4616],
    ['pndm no noise', () => new PndmScheduler(D, TEN), 198.1318, 0.258],
    ['pndm v', () => new PndmScheduler({ ...D, ...V }, TEN), 67.3986, 0.0878],
    [
      'pndm alpha one',
      () => new PndmScheduler({ ...D, beta_start: 0.01, set_alpha_to_one: true }, TEN),
      230.0399,
      0.2995,
    ],
    [
      'pndm alpha not one',
      () => new PndmScheduler({ ...D, beta_start: 0.01, set_alpha_to_one: false }, TEN),
      186.9482,
      0.2434,
    ],
    ['euler no noise', () => new EulerScheduler(E, TEN), 10.0807, 0.0131],
    ['euler v', () => new EulerScheduler({ ...E, ...V }, TEN), 0.0002, 2.2676e-6],
    ['euler karras', () => new EulerScheduler({ ...E, ...KARRAS }, TEN), 124.52299, 0.16213933],
    ['euler with noise', () => new EulerScheduler(E, from(8)), 57062.9297, 74.3007],
    ['euler ancestral', () => new EulerAncestralScheduler(E, TEN), 152.3192, 0.1983],
    ['euler ancestral v', () => new EulerAncestralScheduler({ ...E, ...V }, TEN), 108.4439, 0.1412],
    ['euler ancestral with noise', () => new EulerAncestralScheduler(E, from(8)), 56163.0508, 73.129],
    ['lcm one step', () => new LcmScheduler({}, { steps: 1, strength: 1 }), 18.7097, 0.0244],
    ['lcm multistep', () => new LcmScheduler({}, TEN), 197.7616, 0.2575],
    ['dpm no noise', () => dpm({}), 253.55, 0.3301],
    ['dpm with noise', () => dpm({}, from(5)), 318.4111, 0.4146],
    [
      'dpm thresholding',
      () => dpm({ thresholding: true, dynamic_thresholding_ratio: 0.87, sample_max_value: 0.5 }),
      null,
      1.1364,
    ],
    ['dpm v', () => dpm(V), null, 0.2251],
    ['dpm karras v', () => dpm({ ...V, ...KARRAS }), null, 0.2096],
    ['dpm lu v', () => dpm({ ...V, use_lu_lambdas: true }), null, 0.1554],
    ['unipc no noise', () => unipc({}), 189.23, 0.2464],
    ['unipc karras', () => unipc(KARRAS), null, 0.2925],
    ['unipc v', () => unipc(V), null, 0.1014],
    ['unipc karras v', () => unipc({ ...KARRAS, ...V }), null, 0.1966],
    ['unipc with noise', () => unipc({}, from(8)), 315.5757, 0.4109],
    ['unipc 1-D', () => unipc({}), null, 0.2441, 96],
    ['unipc 1-D karras', () => unipc(KARRAS), null, 0.2898, 96],
    ['unipc 1-D v', () => unipc(V), null, 0.1014, 96],
    ['unipc 1-D karras v', () => unipc({ ...KARRAS, ...V }), null, 0.1944, 96],
    ['unipc 1-D with noise', () => unipc({}, from(8)), 39.087, 0.4072, 96],
  ];

  it.each(rows)('%s', (_, create, sum, mean, numel = NUMEL) => {
    const scheduler = create();
    const result = run(scheduler, numel);
    // diffusers asserts only the mean of some loops.
    const total = absoluteSum(result);
    expect(Math.abs(total - (sum ?? total))).toBeLessThan(1e-2);
    expect(Math.abs(total / numel - mean)).toBeLessThan(1e-3);
  });
});

describe('the lists and small functions of diffusers', () => {
  it('adds steps_offset to DDIM timesteps', () => {
    const scheduler = new DdimScheduler({ ...D, steps_offset: 1 }, { steps: 5, strength: 1 });
    expect(scheduler.timesteps).toEqual([801, 601, 401, 201, 1]);
  });

  it('starts PNDM with Runge-Kutta timesteps', () => {
    const scheduler = new PndmScheduler({ ...D, steps_offset: 1 }, TEN);
    expect(scheduler.timesteps).toEqual([
      901, 851, 851, 801, 801, 751, 751, 701, 701, 651, 651, 601, 601, 501, 401, 301, 201, 101, 1,
    ]);
  });

  it.each([
    [0, 0, 0],
    [420, 400, 0.14771],
    [980, 960, 0.3246],
    [487, 486, 0.00979],
    [999, 998, 0.02],
  ])('gives the DDIM variance from %i to %i', (timestep, previous, variance) => {
    const scheduler = new DdimScheduler(D, TEN);
    expect(Math.abs(scheduler.variance(timestep, previous) - variance)).toBeLessThan(1e-5);
  });

  it('gives UniPC Karras flow sigmas', () => {
    const scheduler = new UniPcScheduler(
      {
        use_flow_sigmas: true,
        use_karras_sigmas: true,
        sigma_min: 0.01,
        sigma_max: 200,
        prediction_type: 'flow_prediction',
      },
      { steps: 5, strength: 1 },
    );
    const expected = [0.99502486, 0.97874546, 0.87748843, 0.36049718, 0.009900986, 0];
    expect(scheduler.sigmas).toHaveLength(expected.length);
    expected.forEach((sigma, i) => expect(scheduler.sigmas[i]).toBeCloseTo(sigma, 6));
  });
});
