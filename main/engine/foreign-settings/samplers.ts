/** What other programs call the schedulers that exist here. A sampler that does not exist here is left to the model. */
import type { SchedulerName } from '../../../shared/generation';

/** Names of k-diffusion as ComfyUI and Fooocus write them (KSampler), and of InvokeAI (its scheduler map). */
const NAMES: Readonly<Record<string, SchedulerName>> = {
  ddim: 'ddim',
  pndm: 'pndm',
  plms: 'pndm',
  k_plms: 'pndm',
  euler: 'euler',
  k_euler: 'euler',
  euler_a: 'euler-ancestral',
  euler_ancestral: 'euler-ancestral',
  k_euler_a: 'euler-ancestral',
  dpmpp_2m: 'dpmpp-2m',
  k_dpmpp_2m: 'dpmpp-2m',
  dpmpp_2m_k: 'dpmpp-2m-karras',
  dpmpp_2m_sde: 'dpmpp-2m-sde',
  dpmpp_2m_sde_gpu: 'dpmpp-2m-sde',
  dpmpp_2m_sde_k: 'dpmpp-2m-sde-karras',
  unipc: 'unipc',
  uni_pc: 'unipc',
  lcm: 'lcm',
};

/** `dpmpp_2m` with the noise schedule `karras` → `dpmpp-2m-karras`; undefined for what does not exist here. */
export function schedulerOf(
  sampler: string | undefined,
  schedule: string | undefined,
): SchedulerName | undefined {
  const name = NAMES[sampler?.toLowerCase() ?? ''];
  if (schedule?.toLowerCase() !== 'karras') return name;
  if (name === 'dpmpp-2m') return 'dpmpp-2m-karras';
  return name === 'dpmpp-2m-sde' ? 'dpmpp-2m-sde-karras' : name;
}
