/** Which training timesteps a run of N steps visits, and how strength shortens the list (pipelines.md 1.4, 2.1). */
import { stepsThatRun } from '../../../shared/generation';
import { linspace } from './betas';
import type { TimestepSpacing } from './scheduler-config';

/** numpy's round: halves go to the even neighbour (Math.round differs for negative and .5 values). */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Falling timesteps of DDIM, PNDM and the Euler family, [steps]; `fractional` keeps linspace unrounded (Euler). */
export function spacedTimesteps(
  spacing: TimestepSpacing,
  steps: number,
  trainSteps: number,
  stepsOffset: number,
  fractional = false,
): number[] {
  switch (spacing) {
    case 'leading': {
      const ratio = Math.floor(trainSteps / steps);
      return leading(steps - 1, steps, ratio, stepsOffset, trainSteps);
    }
    case 'linspace': {
      const rising = linspace(0, trainSteps - 1, steps);
      return rising.map(fractional ? Math.fround : roundHalfEven).reverse();
    }
    case 'trailing':
      return trailing(trainSteps, steps, trainSteps);
  }
}

/**
 * Falling timesteps of DPM-Solver and UniPC, which space N + 1 points and leave the last one out, [steps].
 * `lastTimestep` is T, less when the end of the schedule is clipped (`lambda_min_clipped`).
 */
export function spacedTimestepsMultistep(
  spacing: TimestepSpacing,
  steps: number,
  trainSteps: number,
  stepsOffset: number,
  lastTimestep = trainSteps,
): number[] {
  switch (spacing) {
    case 'leading': {
      const ratio = Math.floor(lastTimestep / (steps + 1));
      return leading(steps, steps, ratio, stepsOffset, trainSteps);
    }
    case 'linspace':
      return linspace(0, lastTimestep - 1, steps + 1)
        .map(roundHalfEven)
        .reverse()
        .slice(0, steps);
    case 'trailing':
      return trailing(lastTimestep, steps, trainSteps);
  }
}

/** Index of the first step that runs: N − min(int(N·s), N), diffusers' `get_timesteps`. */
export function firstStepIndex(steps: number, strength: number): number {
  return steps - stepsThatRun(steps, strength, 'floor');
}

/** Exactly `steps` items: numpy's arange(T, 0, −T/N) has one too many for some N (61, 103, 121, ...). */
function trailing(lastTimestep: number, steps: number, trainSteps: number): number[] {
  const ratio = trainSteps / steps;
  return Array.from({ length: steps }, (_, i) => Math.max(roundHalfEven(lastTimestep - i * ratio) - 1, 0));
}

/** first·ratio + offset and down. Where the offset would lead past the end of training (N = T), it is made smaller. */
function leading(
  first: number,
  steps: number,
  ratio: number,
  stepsOffset: number,
  trainSteps: number,
): number[] {
  const offset = Math.min(stepsOffset, trainSteps - 1 - first * ratio);
  return Array.from({ length: steps }, (_, i) => (first - i) * ratio + offset);
}
