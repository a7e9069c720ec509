/** The traps of timestep spacing and of the noise tables (pipelines.md 1.4, 2.1). */
import { describe, expect, it } from 'vitest';
import { alphasCumprodOf, betaConfigOf } from '../../../main/engine/schedulers/betas';
import { dpmSchedule } from '../../../main/engine/schedulers/multistep-schedule';
import { eulerSchedule } from '../../../main/engine/schedulers/euler-schedule';
import type { SchedulerConfig } from '../../../main/engine/schedulers/scheduler-config';
import { trainSigmasOf } from '../../../main/engine/schedulers/sigmas';
import {
  firstStepIndex,
  roundHalfEven,
  spacedTimesteps,
  spacedTimestepsMultistep,
} from '../../../main/engine/schedulers/timestep-spacing';

const SD: SchedulerConfig = {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  steps_offset: 1,
};

describe('rounding', () => {
  it('sends halves to the even neighbour', () => {
    expect([0.5, 1.5, 2.5, 499.5, 1.49, -0.5].map(roundHalfEven)).toEqual([0, 2, 2, 500, 1, 0]);
  });

  it.each([6, 12, 18, 74])('differs from Math.round for DPM linspace at N = %i', (steps) => {
    const timesteps = spacedTimestepsMultistep('linspace', steps, 1000, 0);
    const naive = timesteps.map((_, i) => Math.round((999 / steps) * (steps - i)));
    expect(timesteps).not.toEqual(naive);
    expect(Math.max(...timesteps.map((t, i) => Math.abs(t - (naive[i] ?? NaN))))).toBe(1);
  });

  it.each([16, 32, 64, 80])('differs from Math.round for trailing at N = %i', (steps) => {
    const timesteps = spacedTimesteps('trailing', steps, 1000, 1);
    const naive = timesteps.map((_, i) => Math.round(1000 - (i * 1000) / steps) - 1);
    expect(timesteps).not.toEqual(naive);
  });
});

describe('spacing', () => {
  it.each([
    [1, [999]],
    [2, [999, 499]],
    [4, [999, 749, 499, 249]],
  ])('trails from the end for N = %i', (steps, expected) => {
    expect(spacedTimesteps('trailing', steps, 1000, 1)).toEqual(expected);
    expect(spacedTimestepsMultistep('trailing', steps, 1000, 1)).toEqual(expected);
  });

  it('gives exactly N trailing timesteps for every N, none below zero', () => {
    for (let steps = 1; steps <= 1000; steps += 1) {
      const timesteps = spacedTimesteps('trailing', steps, 1000, 0);
      expect(timesteps).toHaveLength(steps);
      expect(timesteps.at(-1)).toBeGreaterThanOrEqual(0);
    }
  });

  it('spaces DPM and UniPC over one point more', () => {
    const leading = spacedTimesteps('leading', 20, 1000, 1);
    expect([leading[0], leading.at(-1)]).toEqual([951, 1]);
    const multistep = spacedTimestepsMultistep('leading', 20, 1000, 1);
    expect([multistep[0], multistep.at(-1)]).toEqual([941, 48]);
    expect(spacedTimesteps('linspace', 20, 1000, 1).at(-1)).toBe(0);
    const linspace = spacedTimestepsMultistep('linspace', 20, 1000, 1);
    expect([linspace[0], linspace.at(-1)]).toEqual([999, 50]);
  });

  it('stays inside the schedule where the offset would lead out of it', () => {
    expect(spacedTimesteps('leading', 1000, 1000, 1)[0]).toBe(999);
  });

  it.each([
    [50, 0.58, 22],
    [90, 0.7, 28],
    [100, 0.29, 72],
    [10, 0.8, 2],
    [4, 0.3, 3],
    [1, 0.99, 1],
    [20, 1, 0],
    [20, 0, 20],
  ])('starts N = %i, s = %f at step %i', (steps, strength, first) => {
    expect(firstStepIndex(steps, strength)).toBe(first);
  });
});

describe('noise tables', () => {
  const expectNear = (actual: number | undefined, expected: number): void => {
    expect(Math.abs((actual ?? NaN) - expected)).toBeLessThan(5e-6 * Math.max(1, Math.abs(expected)));
  };

  it('has the cumulative products and sigmas of SD', () => {
    const bars = alphasCumprodOf(betaConfigOf(SD));
    const sigmas = trainSigmasOf(bars);
    expectNear(bars[0], 0.99915);
    expectNear(bars[1], 0.998296);
    expectNear(bars[500], 0.276332);
    expectNear(bars[981], 0.0057755);
    expectNear(bars[999], 0.0046601);
    expectNear(sigmas[0], 0.0291675);
    expectNear(sigmas[1], 0.0413145);
    expectNear(sigmas[500], 1.61828);
    expectNear(sigmas[981], 13.120416);
    expectNear(sigmas[999], 14.614647);
  });

  it('has the linear schedule and the zero-SNR one', () => {
    const bars = alphasCumprodOf(betaConfigOf({}));
    expectNear(bars[0], 0.9999);
    expect(bars[999]).toBeCloseTo(4.03583e-5, 9);
    const zero = alphasCumprodOf(betaConfigOf({ ...SD, rescale_betas_zero_snr: true }));
    expect(zero[999]).toBe(0);
    expectNear(zero[0], 0.99915);
    const sigmas = eulerSchedule(
      { ...SD, rescale_betas_zero_snr: true, timestep_spacing: 'trailing' },
      4,
      false,
    );
    expectNear(sigmas.sigmas[0], Math.sqrt((1 - 2 ** -24) / 2 ** -24));
  });

  it('has the Euler sigmas', () => {
    const leading = eulerSchedule({ ...SD, timestep_spacing: 'leading' }, 20, false).sigmas;
    [11.028336, 8.390687, 6.5064, 5.134433].forEach((sigma, i) => expectNear(leading[i], sigma));
    expectNear(leading[18], 0.228147);
    expectNear(leading[19], 0.041314);
    expect(leading[20]).toBe(0);
    const trailing = eulerSchedule({ ...SD, timestep_spacing: 'trailing' }, 4, false);
    expect(trailing.timesteps).toEqual([999, 749, 499, 249]);
    [14.614647, 4.081731, 1.612887, 0.693205, 0].forEach((sigma, i) => expectNear(trailing.sigmas[i], sigma));
    const linspace = eulerSchedule(SD, 10, false).sigmas;
    [
      14.614647, 7.839885, 4.609176, 2.918308, 1.950162, 1.344929, 0.932358, 0.624977, 0.368659, 0.029168, 0,
    ].forEach((sigma, i) => expectNear(linspace[i], sigma));
  });

  it('takes the Karras range from the sub-sampled sigmas for Euler, from training for DPM', () => {
    const karras = { ...SD, use_karras_sigmas: true };
    const euler = eulerSchedule({ ...karras, timestep_spacing: 'leading' }, 10, false).sigmas;
    expectNear(euler[9], 0.041314);
    expect(euler[0]).toBeCloseTo(8.39, 2);
    const dpm = dpmSchedule(karras, 20);
    expect(dpm.timesteps).toEqual([
      999, 962, 921, 876, 827, 772, 710, 640, 561, 474, 380, 285, 197, 123, 69, 35, 15, 6, 2, 0,
    ]);
    [14.614647, 11.725372, 9.340212].forEach((sigma, i) => expectNear(dpm.sigmas[i], sigma));
    expectNear(dpm.sigmas[18], 0.048482);
    expectNear(dpm.sigmas[19], 0.029168);
    expect(dpm.sigmas[20]).toBe(0);
  });

  it('truncates exponential and beta timesteps, so that the first is 998', () => {
    expect(dpmSchedule({ ...SD, use_exponential_sigmas: true }, 10).timesteps[0]).toBe(998);
    const beta = dpmSchedule({ ...SD, use_beta_sigmas: true }, 10);
    expect(beta.timesteps[0]).toBe(998);
    // scipy.stats.beta.ppf(0.5, 0.6, 0.6) is ½, so that an odd count has the middle of the range in the middle.
    expectNear(dpmSchedule({ ...SD, use_beta_sigmas: true }, 11).sigmas[5], (14.614647 + 0.0291675) / 2);
  });

  it('refuses two re-spacings at once, and more steps than DPM can tell apart', () => {
    expect(() => dpmSchedule({ ...SD, use_karras_sigmas: true, use_beta_sigmas: true }, 10)).toThrow(
      /karras and beta/,
    );
    expect(() => dpmSchedule({ ...SD, timestep_spacing: 'leading' }, 1000)).toThrow(/fewer/);
    expect(dpmSchedule({ ...SD, timestep_spacing: 'leading' }, 999).timesteps).toHaveLength(999);
  });
});
