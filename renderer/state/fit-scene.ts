/** How a fit is drawn: a scene with the picture in it, and the part that the encoder gets. Pure. */
import type { GenerationSettings } from '../../shared/generation';
import type { PlanView } from '../../shared/placement';
import type { Part } from './shares';

export interface FitScene {
  /** Size of the scene; the picture's own pixels, or for `pad` and `stretch` the encoder's. */
  width: number;
  height: number;
  /** Where the picture lies. */
  picture: Part;
  /** The part of the picture that is used, when the rest is cut away; null: all of it. */
  crop: Part | null;
  /** True when the encoder gets more than the picture: its edge is repeated there. */
  isPadded: boolean;
  /** True when the aspect is not the picture's. */
  isStretched: boolean;
}

/** Aspects that differ by less are the same to the eye. */
const SAME_ASPECT = 0.002;

/** The scene of a plan; null when the plan is another picture's, or the picture goes in as it is. */
export function fitScene(
  plan: PlanView | null,
  picture: { width: number; height: number },
  fit: GenerationSettings['fit'],
): FitScene | null {
  if (plan === null) return null;
  const { input, source, content } = plan.fit;
  if (input.width !== picture.width || input.height !== picture.height) return null;
  const isCut = source.width < input.width || source.height < input.height;
  const isPadded = content.width < plan.width || content.height < plan.height;
  const stretch = (content.width / content.height) * (source.height / source.width);
  const isStretched = fit === 'stretch' && !isCut && Math.abs(stretch - 1) > SAME_ASPECT;
  if (isCut) {
    const whole = { left: 0, top: 0, ...input };
    return { ...input, picture: whole, crop: source, isPadded: false, isStretched: false };
  }
  if (!isPadded && !isStretched) return null;
  const { width, height } = plan;
  return { width, height, picture: content, crop: null, isPadded, isStretched };
}
