/** Whole img2img loops in the pipeline's own order, with the values of pipelines.md 6.2. */
import { describe, expect, it } from 'vitest';
import { TorchGenerator } from '../../../main/engine/latents/noise';
import type { SchedulerName } from '../../../shared/generation';
import { createScheduler } from '../../../main/engine/schedulers/create-scheduler';
import { FlowMatchEulerScheduler } from '../../../main/engine/schedulers/flow-match-euler';
import type { Scheduler, SchedulerOptions } from '../../../main/engine/schedulers/scheduler';
import type { SchedulerConfig } from '../../../main/engine/schedulers/scheduler-config';
import { absoluteSum, noiseDeter, pipelineLoop, sampleDeter, signedSum } from './fixture';

const SD: SchedulerConfig = {
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  steps_offset: 1,
  timestep_spacing: 'leading',
  set_alpha_to_one: false,
  clip_sample: false,
};
const V: SchedulerConfig = { ...SD, prediction_type: 'v_prediction' };
const TRAILING: SchedulerConfig = { ...SD, timestep_spacing: 'trailing' };

type Row = [
  string,
  SchedulerName,
  SchedulerConfig,
  Partial<SchedulerOptions>,
  number,
  number | null,
  [number, number, number],
  number,
];

const rows: Row[] = [
  ['DDIM', 'ddim', SD, {}, 232.6721, null, [0.466554, 0.464848, 0.463141], 0.139363],
  ['DDIM v', 'ddim', V, {}, 104.4576, null, [0.209458, 0.208692, 0.207926], 0.062567],
  [
    'PNDM exact s 1',
    'pndm',
    SD,
    { strength: 1, pndmExact: true },
    223.8038,
    null,
    [0.520759, 0.518366, 0.515974],
    0.062064,
  ],
  ['PNDM exact', 'pndm', SD, { pndmExact: true }, 242.2565, null, [0.528035, 0.525817, 0.5236], 0.102842],
  ['Euler', 'euler', SD, {}, 229.3586, null, [0.45991, 0.458228, 0.456546], 0.137378],
  ['Euler v', 'euler', V, {}, 102.844, null, [0.206223, 0.205469, 0.204714], 0.0616],
  [
    'Euler Karras',
    'euler',
    { ...SD, use_karras_sigmas: true },
    {},
    229.3292,
    null,
    [0.463858, 0.462134, 0.460411],
    0.133354,
  ],
  [
    'Euler trailing, turbo',
    'euler',
    TRAILING,
    { steps: 4, strength: 0.5 },
    223.8133,
    null,
    [0.359781, 0.359068, 0.358355],
    0.223066,
  ],
  ['EulerA', 'euler-ancestral', SD, {}, 241.926, 33.7244, [-0.4354, 0.144774, -0.325648], -0.008989],
  ['DPM++ 2M', 'dpmpp-2m', SD, {}, 231.3391, null, [0.472346, 0.470561, 0.468776], 0.130099],
  ['DPM++ 2M v', 'dpmpp-2m', V, {}, 116.8967, null, [0.238679, 0.237777, 0.236875], 0.06574],
  [
    'DPM++ 2M heun',
    'dpmpp-2m',
    { ...SD, solver_type: 'heun' },
    {},
    232.076,
    null,
    [0.473851, 0.47206, 0.47027],
    0.130514,
  ],
  ['DPM++ 2M Karras', 'dpmpp-2m-karras', SD, {}, 248.4028, null, [0.54703, 0.544698, 0.542366], 0.099852],
  [
    'DPM++ 2M Karras N 20',
    'dpmpp-2m-karras',
    SD,
    { steps: 20 },
    238.7537,
    null,
    [0.530178, 0.52789, 0.525603],
    0.091577,
  ],
  ['UniPC bh2', 'unipc', SD, {}, 231.9446, null, [0.473582, 0.471793, 0.470003], 0.13044],
  [
    'UniPC Karras',
    'unipc',
    { ...SD, use_karras_sigmas: true },
    {},
    246.4415,
    null,
    [0.542711, 0.540397, 0.538084],
    0.099064,
  ],
  [
    'LCM',
    'lcm',
    SD,
    { steps: 4, lcmStrengthOnGrid: true },
    193.5821,
    -8.6881,
    [-0.177217, 0.350932, -0.253722],
    -0.166603,
  ],
];

function expectRow(scheduler: Omit<Scheduler, 'name'>, row: Row): void {
  const [, , , , absolute, signed, first, last] = row;
  const generator = new TorchGenerator(0);
  const start = scheduler.addNoise(sampleDeter(), noiseDeter(), 0);
  const result = pipelineLoop(scheduler, start, (n) => generator.randn(n));
  const expectNear = (actual: number | undefined, expected: number): void => {
    expect(Math.abs((actual ?? NaN) - expected) / Math.abs(expected)).toBeLessThan(1e-3);
  };
  expectNear(absoluteSum(result), absolute);
  expectNear(signedSum(result), signed ?? absolute);
  first.forEach((value, i) => expectNear(result[i], value));
  expectNear(result[767], last);
}

describe('img2img loops', () => {
  it.each(rows)('%s', (...row) => {
    const [, name, config, options] = row;
    expectRow(createScheduler(name, config, { steps: 10, strength: 0.8, ...options }), row);
  });

  it('runs flow matching by Flux rule', () => {
    const scheduler = new FlowMatchEulerScheduler({ shift: 1 }, { steps: 4, strength: 0.6 });
    expect(scheduler.timesteps).toEqual([750, 500, 250]);
    expectRow(scheduler, [
      'FlowMatch',
      'euler',
      {},
      {},
      162.1837,
      null,
      [0.316765, 0.315664, 0.314562],
      0.105588,
    ]);
  });
});
