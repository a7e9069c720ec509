/** Names of the schedulers as their papers and other tools write them: proper names, the same in every language. */
import type { SchedulerName } from '../../../shared/generation';

export const SCHEDULER_LABELS: Readonly<Record<SchedulerName, string>> = {
  ddim: 'DDIM',
  pndm: 'PNDM',
  euler: 'Euler',
  'euler-ancestral': 'Euler ancestral',
  'dpmpp-2m': 'DPM++ 2M',
  'dpmpp-2m-karras': 'DPM++ 2M Karras',
  'dpmpp-2m-sde': 'DPM++ 2M SDE',
  'dpmpp-2m-sde-karras': 'DPM++ 2M SDE Karras',
  unipc: 'UniPC',
  lcm: 'LCM',
  'flow-match-euler': 'Flow matching Euler',
};
