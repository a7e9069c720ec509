/** What differs between model families, and nothing else. */
import type { Family } from '../../../shared/models';

export interface FamilyTraits {
  readonly family: Family;
  /** VAE scaling factor where the model's config does not give one (pipelines.md 1.1). */
  readonly scalingFactor: number;
  readonly latentChannels: number;
  /** Native side in pixels where the model's config does not give one. */
  readonly nativeSidePx: number;
  readonly defaults: { readonly strength: number; readonly steps: number; readonly guidance: number };
}
