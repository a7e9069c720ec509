/** The plan of a request that has not been started: for the window, without opening a session. */
import type { GenerationSettings } from '../../../shared/generation';
import { stepsThatRun } from '../../../shared/generation';
import type { Mark } from '../../../shared/painting';
import type { PlanView } from '../../../shared/placement';
import { planStages } from '../../placement/planner';
import { detectFamily, fitLimits, recommendedDefaults } from '../families/detect';
import { planFit, type Size } from '../image/fit';
import { planMaskedArea } from '../image/masked-area';
import { maskBounds } from '../image/render-painting';
import { readModelFolder } from '../model/model-folder';
import { starterModelPath } from '../model/starter-path';
import type { RemoteAccess } from '../remote/places';
import { isGuided } from '../stages/generate';
import { REAL_MACHINE, type Machine } from './machine';
import { modelProfile } from './model-profile';
import { networkPolicyFor } from './network-policy';

/**
 * @param picture its own size in pixels
 * @param painting what its mask is made of
 */
export async function planRequest(
  settings: GenerationSettings,
  picture: Size,
  access: RemoteAccess,
  painting?: { marks: readonly Mark[]; pictures: Readonly<Record<string, string>> },
  machine: Machine = REAL_MACHINE,
): Promise<PlanView> {
  const folder = await readModelFolder(settings.model ?? starterModelPath());
  const traits = detectFamily(folder);
  const defaults = recommendedDefaults(folder, traits);
  const limits = fitLimits(folder, defaults);
  const masked =
    painting === undefined || settings.mask.area === 'picture'
      ? null
      : await maskBounds(painting.marks, picture, painting.pictures);
  const { width, height, source, content } =
    masked === null
      ? planFit(picture, settings.size, limits, settings.fit)
      : planMaskedArea(picture, masked, settings, limits);
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
