/** Timesteps and noise levels of DPM-Solver and UniPC, which both space N + 1 points (pipelines.md 2.1). */
import { AppError } from '../../../shared/errors';
import { betaConfigOf, finiteAlphasCumprodOf, linspace } from './betas';
import type { SigmaSchedule } from './euler-schedule';
import type { SchedulerConfig } from './scheduler-config';
import { at, respacedSigmas, respacingOf, sigmasAt, timestepsOfSigmas, trainSigmasOf } from './sigmas';
import { roundHalfEven, spacedTimestepsMultistep } from './timestep-spacing';

/** The whole N-step schedule of DPM-Solver multistep. Throws AppError('usage') for more steps than it can tell apart. */
export function dpmSchedule(config: SchedulerConfig, steps: number): SigmaSchedule {
  const betas = betaConfigOf(config);
  const trainSigmas = trainSigmasOf(finiteAlphasCumprodOf(betas));
  const final = config.final_sigmas_type === 'sigma_min' ? at(trainSigmas, 0) : 0;
  const respacing = respacingOf(config);
  if (respacing) {
    const sigmas = respacedSigmas(respacing, highest(trainSigmas), at(trainSigmas, 0), steps);
    const isRounded =
      (respacing === 'karras' || respacing === 'lu') && betas.schedule !== 'squaredcos_cap_v2';
    return {
      timesteps: timestepsOfSigmas(sigmas, trainSigmas).map(isRounded ? roundHalfEven : Math.trunc),
      sigmas: [...sigmas, final].map(Math.fround),
    };
  }
  const clip = config.lambda_min_clipped ?? -Infinity;
  const clipped = trainSigmas.filter((sigma) => -Math.log(sigma) < clip).length;
  return spaced(config, steps, trainSigmas, betas.trainSteps, betas.trainSteps - clipped, final);
}

/** The whole N-step schedule of UniPC, flow sigmas included. Throws as `dpmSchedule`. */
export function unipcSchedule(config: SchedulerConfig, steps: number): SigmaSchedule {
  const betas = betaConfigOf(config);
  const trainSigmas = trainSigmasOf(finiteAlphasCumprodOf(betas));
  const isFlow = config.use_flow_sigmas ?? false;
  const endsAtMin = config.final_sigmas_type === 'sigma_min';
  const respacing = respacingOf({ ...config, use_lu_lambdas: false });
  if (respacing) {
    const high = config.sigma_max ?? highest(trainSigmas);
    const low = config.sigma_min ?? at(trainSigmas, 0);
    const respaced = respacedSigmas(respacing, high, low, steps);
    const sigmas = isFlow ? respaced.map((sigma) => sigma / (sigma + 1)) : respaced;
    const timesteps = isFlow
      ? sigmas.map((sigma) => Math.trunc(sigma * betas.trainSteps))
      : timestepsOfSigmas(sigmas, trainSigmas).map(respacing === 'karras' ? roundHalfEven : Math.trunc);
    return { timesteps, sigmas: [...sigmas, endsAtMin ? at(sigmas, steps - 1) : 0].map(Math.fround) };
  }
  if (isFlow) {
    const shift = config.flow_shift ?? 1;
    const sigmas = flowSigmas(steps, betas.trainSteps, shift);
    const timesteps = sigmas.map((sigma) => Math.trunc(sigma * betas.trainSteps));
    return { timesteps, sigmas: [...sigmas, endsAtMin ? at(sigmas, steps - 1) : 0].map(Math.fround) };
  }
  const final = endsAtMin ? at(trainSigmas, 0) : 0;
  return spaced(config, steps, trainSigmas, betas.trainSteps, betas.trainSteps, final);
}

function spaced(
  config: SchedulerConfig,
  steps: number,
  trainSigmas: readonly number[],
  trainSteps: number,
  lastTimestep: number,
  final: number,
): SigmaSchedule {
  const spacing = config.timestep_spacing ?? 'linspace';
  const offset = config.steps_offset ?? 0;
  const timesteps = spacedTimestepsMultistep(spacing, steps, trainSteps, offset, lastTimestep);
  // Two steps at one noise level would divide by zero.
  if (timesteps.some((timestep, i) => i > 0 && timestep >= at(timesteps, i - 1))) {
    throw new AppError(
      'usage',
      `This scheduler cannot do ${steps} steps with this model; ask for fewer than ${trainSteps}.`,
    );
  }
  return { timesteps, sigmas: [...sigmasAt(timesteps, trainSigmas), final].map(Math.fround) };
}

/** Evenly spaced flow levels from 1 down to almost 0, shifted; [steps]. The first must stay below 1, where α is 0. */
function flowSigmas(steps: number, trainSteps: number, shift: number): number[] {
  return linspace(1, 1 / trainSteps, steps + 1)
    .slice(0, steps)
    .map((sigma) => (shift * sigma) / (1 + (shift - 1) * sigma))
    .map((sigma) => (sigma === 1 ? 1 - 1e-6 : sigma));
}

const highest = (trainSigmas: readonly number[]): number => at(trainSigmas, trainSigmas.length - 1);
