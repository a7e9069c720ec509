/** Timesteps and noise levels of the Euler family (pipelines.md 2.1, 2.4). */
import { betaConfigOf, finiteAlphasCumprodOf, linspace } from './betas';
import type { SchedulerConfig } from './scheduler-config';
import { at, respacedSigmas, respacingOf, sigmasAt, timestepsOfSigmas, trainSigmasOf } from './sigmas';
import { spacedTimesteps } from './timestep-spacing';

export interface SigmaSchedule {
  /** [steps], falling; fractional where the spacing is. */
  timesteps: number[];
  /** [steps + 1] float32 values. */
  sigmas: number[];
}

/** The whole N-step schedule of Euler (Karras and others allowed) or, with `plain`, of Euler ancestral. */
export function eulerSchedule(config: SchedulerConfig, steps: number, plain: boolean): SigmaSchedule {
  const betas = betaConfigOf(config);
  const trainSigmas = trainSigmasOf(finiteAlphasCumprodOf(betas));
  const timesteps = spacedTimesteps(
    config.timestep_spacing ?? 'linspace',
    steps,
    betas.trainSteps,
    config.steps_offset ?? 0,
    true,
  );
  const interpolated = sigmasAt(timesteps, trainSigmas);
  if (plain) return { timesteps, sigmas: [...interpolated, 0].map(Math.fround) };

  const sigmas =
    config.interpolation_type === 'log_linear' ? logLinear(trainSigmas, steps + 1) : interpolated;
  const final = config.final_sigmas_type === 'sigma_min' ? at(trainSigmas, 0) : 0;
  const respacing = respacingOf({ ...config, use_lu_lambdas: false });
  if (!respacing) {
    // Log-linear levels are N + 1 already: as in diffusers, their last one is where the last step ends.
    const levels = [...sigmas, final].slice(0, steps + 1);
    return withContinuousTimesteps(config, { timesteps, sigmas: levels.map(Math.fround) });
  }
  const high = config.sigma_max ?? at(sigmas, 0);
  const low = config.sigma_min ?? at(sigmas, sigmas.length - 1);
  const respaced = respacedSigmas(respacing, high, low, steps);
  return withContinuousTimesteps(config, {
    timesteps: timestepsOfSigmas(respaced, trainSigmas).map(Math.fround),
    sigmas: [...respaced, final].map(Math.fround),
  });
}

/** `count` levels over the whole training range, evenly in log σ. */
function logLinear(trainSigmas: readonly number[], count: number): number[] {
  const high = at(trainSigmas, trainSigmas.length - 1);
  return linspace(Math.log(high), Math.log(at(trainSigmas, 0)), count).map(Math.exp);
}

/** ¼·ln σ in place of timesteps for models trained on noise levels (EDM style, v-prediction). */
function withContinuousTimesteps(config: SchedulerConfig, schedule: SigmaSchedule): SigmaSchedule {
  if (config.timestep_type !== 'continuous' || config.prediction_type !== 'v_prediction') return schedule;
  const timesteps = schedule.sigmas.slice(0, -1).map((sigma) => Math.fround(0.25 * Math.log(sigma)));
  return { ...schedule, timesteps };
}

/** Factor for pure noise: the highest sigma, or with leading spacing √(σ²+1). */
export function eulerInitNoiseSigma(config: SchedulerConfig, sigmas: readonly number[]): number {
  const highest = Math.max(...sigmas);
  return config.timestep_spacing === 'leading' ? Math.sqrt(highest * highest + 1) : highest;
}
