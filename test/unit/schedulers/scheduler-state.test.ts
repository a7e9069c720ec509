/** A run that is stopped after any step goes on bit-identically, and strength slices each schedule as it should. */
import { describe, expect, it } from 'vitest';
import { SCHEDULER_NAMES } from '../../../shared/generation';
import { schedulersOf } from '../../../shared/models';
import { TorchGenerator } from '../../../main/engine/latents/noise';
import { createScheduler } from '../../../main/engine/schedulers/create-scheduler';
import { FlowMatchEulerScheduler, flowShiftMu } from '../../../main/engine/schedulers/flow-match-euler';
import type { Scheduler, SchedulerState } from '../../../main/engine/schedulers/scheduler';
import type { SchedulerConfig } from '../../../main/engine/schedulers/scheduler-config';
import { model, noiseDeter, sampleDeter } from './fixture';

const SD: SchedulerConfig = {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  steps_offset: 1,
  timestep_spacing: 'leading',
  clip_sample: false,
};
const OPTIONS = { steps: 12, strength: 0.7 };

/** Through JSON and bytes, as a journal on disk would keep it. */
function throughDisk(state: SchedulerState): SchedulerState {
  const numbers = JSON.parse(JSON.stringify(state.numbers)) as Record<string, number>;
  const tensors = Object.fromEntries(
    Object.entries(state.tensors).map(([name, tensor]) => [
      name,
      new Float32Array(Uint8Array.from(new Uint8Array(tensor.buffer)).buffer),
    ]),
  );
  return { numbers, tensors };
}

function steps(
  scheduler: Scheduler,
  generator: TorchGenerator,
  from: Float32Array,
  first: number,
  end: number,
) {
  let sample = from;
  for (let i = first; i < end; i += 1) {
    const output = model(scheduler.scaleModelInput(sample, i), scheduler.timesteps[i] ?? NaN);
    sample = scheduler.step(output, i, sample, (n) => generator.randn(n)).prevSample;
  }
  return sample;
}

const create = (name: (typeof SCHEDULER_NAMES)[number], extra: SchedulerConfig = {}): Scheduler =>
  createScheduler(name, { ...SD, ...extra }, OPTIONS);

const VARIANTS: [string, () => Scheduler][] = [
  ...SCHEDULER_NAMES.map((name): [string, () => Scheduler] => [name, () => create(name)]),
  ['dpmpp third order', () => create('dpmpp-2m', { solver_order: 3 })],
  ['unipc third order', () => create('unipc', { solver_order: 3 })],
];

describe.each(VARIANTS)('%s', (_, make) => {
  const start = make().addNoise(sampleDeter(), noiseDeter(), 0);
  const count = make().timesteps.length;
  const whole = steps(make(), new TorchGenerator(5), start, 0, count);

  it('goes on bit-identically after every step', () => {
    for (let stop = 0; stop <= count; stop += 1) {
      const [first, generator] = [make(), new TorchGenerator(5)];
      const middle = steps(first, generator, start, 0, stop);
      const [second, resumed] = [make(), new TorchGenerator(0)];
      second.importState(throughDisk(first.exportState()));
      resumed.importState(generator.exportState());
      expect(steps(second, resumed, middle, stop, count)).toEqual(whole);
    }
  });

  it('is not disturbed by a later change of its arguments or of its exported state', () => {
    const scheduler = make();
    const generator = new TorchGenerator(5);
    let sample = start.slice();
    for (let i = 0; i < count; i += 1) {
      const output = model(scheduler.scaleModelInput(sample, i), scheduler.timesteps[i] ?? NaN);
      const next = scheduler.step(output, i, sample, (n) => generator.randn(n));
      const kept = next.prevSample.slice();
      output.fill(NaN);
      sample.fill(NaN);
      next.predOriginalSample.fill(NaN);
      Object.values(scheduler.exportState().tensors).forEach((tensor) => tensor.fill(NaN));
      expect(next.prevSample).toEqual(kept);
      sample = next.prevSample.slice();
    }
    expect(sample).toEqual(whole);
  });

  it('predicts the clean latents that an oracle denoiser knows', () => {
    const scheduler = make();
    const clean = sampleDeter();
    const noise = noiseDeter().map((value) => value - 0.5);
    const noisy = scheduler.addNoise(clean, noise, 0);
    // Flow matching predicts the velocity, from picture to noise.
    const isFlow = scheduler.name === 'flow-match-euler';
    const oracle = isFlow ? noise.map((value, i) => value - (clean[i] ?? NaN)) : noise;
    const { predOriginalSample } = scheduler.step(oracle, 0, noisy, (n) => new Float32Array(n));
    predOriginalSample.forEach((value, i) => expect(value).toBeCloseTo(clean[i] ?? NaN, 3));
  });
});

describe('an oracle that knows the noise', () => {
  const clean = sampleDeter();
  const noise = noiseDeter();

  /** Follows the schedule with the exact noise and answers how much of it is left. */
  function residue(scheduler: Scheduler): number {
    let sample = scheduler.addNoise(clean, noise, 0);
    scheduler.timesteps.forEach((_, i) => {
      sample = scheduler.step(noise, i, sample, (n) => new Float32Array(n)).prevSample;
    });
    return Math.max(...sample.map((value, i) => Math.abs(value - (clean[i] ?? NaN))));
  }

  it.each(['ddim', 'euler', 'dpmpp-2m', 'dpmpp-2m-karras', 'unipc', 'pndm'] as const)(
    '%s arrives',
    (name) => {
      expect(residue(createScheduler(name, SD, { steps: 10, strength: 0.8 }))).toBeLessThan(0.031);
    },
  );

  it("leaves noise behind with diffusers' own slice of PNDM, which is why it is not the default", () => {
    const exact = createScheduler('pndm', SD, { steps: 10, strength: 0.8, pndmExact: true });
    expect(exact.timesteps).toEqual([801, 701, 601, 501, 401, 301, 201, 101, 1].filter((t) => t <= 801));
    expect(residue(exact)).toBeGreaterThan(0.1);
    const fixed = createScheduler('pndm', SD, { steps: 10, strength: 0.8 });
    expect(fixed.timesteps).toEqual([701, 601, 601, 501, 401, 301, 201, 101, 1]);
  });
});

describe('slicing', () => {
  it('runs nothing when steps · strength is below one', () => {
    for (const name of schedulersOf('sd1')) {
      expect(createScheduler(name, SD, { steps: 4, strength: 0.2 }).timesteps).toEqual([]);
    }
  });

  it('slices LCM as every other scheduler, or shortens its grid', () => {
    const lcm = (options: object, N = 4, s = 0.8): readonly number[] =>
      createScheduler('lcm', SD, { steps: N, strength: s, ...options }).timesteps;
    expect(lcm({}, 4, 1)).toEqual([999, 759, 499, 259]);
    expect(lcm({})).toEqual([759, 499, 259]);
    expect(lcm({ lcmStrengthOnGrid: true })).toEqual([799, 599, 399, 199]);
    expect(lcm({ lcmStrengthOnGrid: true }, 4, 0.5)).toEqual([499, 379, 259, 139]);
    expect(lcm({}, 8, 1)).toEqual([999, 879, 759, 639, 499, 379, 259, 139]);
    expect(() => lcm({}, 51)).toThrow(/at most 50 steps/);
  });

  it('keeps sigmas and timesteps together', () => {
    const whole = createScheduler('euler', SD, { steps: 10, strength: 1 });
    const sliced = createScheduler('euler', SD, { steps: 10, strength: 0.8 });
    expect(sliced.timesteps).toEqual(whole.timesteps.slice(2));
    expect(sliced.sigmas).toEqual(whole.sigmas?.slice(2));
    expect(sliced.initNoiseSigma).toBe(whole.initNoiseSigma);
  });
});

describe('flow matching', () => {
  it("has Flux's shifts", () => {
    expect(flowShiftMu(256)).toBeCloseTo(0.5, 12);
    expect(flowShiftMu(1024)).toBeCloseTo(0.63, 12);
    expect(flowShiftMu(4096)).toBeCloseTo(1.15, 12);
  });

  it.each([
    [1024, 1, [1, 0.929295, 0.849235, 0.757831, 0.652489, 0.529758, 0.384945, 0.2115, 0]],
    [4096, 0.6, [0.840349, 0.759511, 0.654567, 0.512844, 0.310901, 0]],
  ])('spaces FLUX.1-dev for %i tokens at strength %f', (tokens, strength, expected) => {
    const config = { shift: 3, use_dynamic_shifting: true };
    const scheduler = new FlowMatchEulerScheduler(config, { steps: 8, strength, tokens });
    expect(scheduler.sigmas).toHaveLength(expected.length);
    expected.forEach((sigma, i) => expect(scheduler.sigmas[i]).toBeCloseTo(sigma, 6));
  });

  it.each([
    [4, 0.3, 2],
    [4, 0.6, 3],
    [4, 0.8, 4],
    [2, 0.6, 2],
    [1, 0.5, 1],
  ])('rounds N = %i, s = %f up to %i steps', (n, strength, count) => {
    expect(new FlowMatchEulerScheduler({}, { steps: n, strength }).timesteps).toHaveLength(count);
  });
});
