/** One model as the planner sees it: what its parts weigh in memory, and how it compares with its family at full size. */
import type { Family } from '../../shared/models';
import { FAMILY_PROFILES, type FamilyProfile } from './family-profiles';

/** One part's weights in memory, and the numbers it computes with. */
export interface PartProfile {
  /** Bytes of the weights on a graphics card, and on the CPU, which computes in float32. */
  readonly gpuBytes: number;
  readonly cpuBytes: number;
  /** Bytes of one number on a graphics card. */
  readonly elementBytes: 2 | 4;
  /** False: attention makes a matrix of all positions against all. */
  readonly hasFusedAttention: boolean;
}

export interface ModelProfile {
  readonly family: Family;
  /** Tells two models apart in the history. */
  readonly key: string;
  /** All text encoders together: they run one after the other, and the largest is what counts in memory. */
  readonly text: PartProfile;
  readonly denoiser: PartProfile;
  readonly vaeEncoder: PartProfile;
  readonly vaeDecoder: PartProfile;
  /** Width of the autoencoder and of the denoiser against the family's full size: 1 for an ordinary model. */
  readonly vaeWidth: number;
  readonly denoiserWidth: number;
}

export const profileOf = (family: Family): FamilyProfile => FAMILY_PROFILES[family];

/** A family's usual model from half-precision ONNX files: half precision on a graphics card, float32 on the CPU (onnxruntime.md 2). */
export function usualModel(family: Family): ModelProfile {
  const profile = profileOf(family);
  const part = (parameters: number, elementBytes: 2 | 4 = 2): PartProfile => ({
    gpuBytes: parameters * elementBytes,
    cpuBytes: parameters * 4,
    elementBytes,
    hasFusedAttention: true,
  });
  return {
    family,
    key: family,
    text: part(profile.textParameters),
    denoiser: part(profile.denoiserParameters),
    vaeEncoder: part(profile.vaeEncoderParameters, profile.vaeElementBytes),
    vaeDecoder: part(profile.vaeDecoderParameters, profile.vaeElementBytes),
    vaeWidth: 1,
    denoiserWidth: 1,
  };
}
