/** The plan of a request that has not been started: for the window, without opening a session. */
import type { GenerationSettings } from '../../../shared/generation';
import { stepsThatRun } from '../../../shared/generation';
import type { PlanView } from '../../../shared/placement';
import { planStages } from '../../placement/planner';
import { detectFamily, fitLimits, recommendedDefaults } from '../families/detect';
import { planFit } from '../image/fit';
import { readModelFolder } from '../model/model-folder';
import { starterModelPath } from '../model/starter-path';
import type { RemoteAccess } from '../remote/places';
import { isGuided } from '../stages/generate';
import { REAL_MACHINE, type Machine } from './machine';
import { modelProfile } from './model-profile';
import { networkPolicyFor } from './network-policy';

/** @param picture its own size in pixels */
export async function planRequest(
  settings: GenerationSettings,
  picture: { readonly width: number; readonly height: number },
  access: RemoteAccess,
  machine: Machine = REAL_MACHINE,
): Promise<PlanView> {
  const folder = await readModelFolder(settings.model ?? starterModelPath());
  const traits = detectFamily(folder);
  const defaults = recommendedDefaults(folder, traits);
  const fit = planFit(picture, settings.size, fitLimits(folder, defaults), settings.fit);
  const { width, height, source, content } = fit;
  const hardware = await machine.hardware();
  const { device, tiling, encode, generate, decode } = settings;
  const { stages } = planStages({
    hardware,
    gpuProviders: await machine.gpuProviders(hardware, device),
    model: modelProfile(folder, traits.family),
    widthPx: width,
    heightPx: height,
    stepsRun: stepsThatRun(
      settings.steps ?? defaults.steps,
      settings.strength ?? defaults.strength,
      traits.stepRule,
    ),
    isGuided: isGuided(settings.guidance ?? defaults.guidance),
    pins: { encode, generate, decode },
    device,
    tiling,
    network: await networkPolicyFor(traits.family, access),
    history: await machine.history(),
    own: { gpu: 0, cpu: 0 },
    nowMs: Date.now(),
  });
  const input = { width: picture.width, height: picture.height };
  return { width, height, fit: { input, source, content }, stages: [...stages] };
}
