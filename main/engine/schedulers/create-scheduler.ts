/** Makes the scheduler that a name stands for. */
import type { SchedulerName } from '../../../shared/generation';
import { DdimScheduler } from './ddim';
import { DpmSolverMultistepScheduler } from './dpm-solver-multistep';
import { EulerScheduler } from './euler';
import { EulerAncestralScheduler } from './euler-ancestral';
import { FlowMatchEulerScheduler } from './flow-match-euler';
import { LcmScheduler } from './lcm';
import { PndmScheduler } from './pndm';
import type { Scheduler, SchedulerOptions } from './scheduler';
import { flagsOfName, type SchedulerConfig } from './scheduler-config';
import { UniPcScheduler } from './unipc';

/**
 * A scheduler set up for one run. `config` comes from `resolveSchedulerConfig`; keys that it does not have take the
 * class's default. Throws AppError('model') or AppError('usage') for what the method cannot do.
 */
export function createScheduler(
  name: SchedulerName,
  config: SchedulerConfig,
  options: SchedulerOptions,
): Scheduler {
  const settings = { ...config, ...flagsOfName(name) };
  switch (name) {
    case 'ddim':
      return new DdimScheduler(settings, options);
    case 'pndm':
      return new PndmScheduler(settings, options);
    case 'euler':
      return new EulerScheduler(settings, options);
    case 'euler-ancestral':
      return new EulerAncestralScheduler(settings, options);
    case 'dpmpp-2m':
    case 'dpmpp-2m-karras':
    case 'dpmpp-2m-sde':
    case 'dpmpp-2m-sde-karras':
      return new DpmSolverMultistepScheduler(name, settings, options);
    case 'unipc':
      return new UniPcScheduler(settings, options);
    case 'lcm':
      return new LcmScheduler(settings, options);
    case 'flow-match-euler':
      return new FlowMatchEulerScheduler(settings, options);
  }
}
