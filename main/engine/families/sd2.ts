/** Stable Diffusion 2.x: OpenCLIP-H text encoder (width 1024), usually v-prediction at 768 px. */
import type { FamilyTraits } from './family-traits';
import { sd1 } from './sd1';

export const sd2: FamilyTraits = { ...sd1, family: 'sd2', nativeSidePx: 768 };

/** SD-Turbo and its like: one to four steps without guidance; recognised by Euler with trailing timesteps (pipelines.md 8.1). */
export const turboDefaults = { strength: 0.5, steps: 4, guidance: 0 } as const;
