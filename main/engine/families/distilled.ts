/** A model that was distilled with its guidance as an input (LCM, `time_cond_proj_dim`): it is told the guidance, and never guided (pipelines.md 1.8). */
import type { FamilyTraits } from './family-traits';

/** The same family, as diffusers' LatentConsistencyModelImg2ImgPipeline runs it: every step runs, no negative prompt. */
export const distilled = (family: FamilyTraits): FamilyTraits => ({
  ...family,
  stepRule: 'all',
  defaults: { strength: 0.6, steps: 4, guidance: 8.5 },
  embed: async (model, request) => ({
    positive: (await family.embed(model, { ...request, negativePrompt: '' })).positive,
    negative: null,
  }),
});

/**
 * Sinusoids of a guidance, [features]: diffusers' `get_guidance_scale_embedding` of g − 1, every operation rounded to float32.
 */
export function guidanceEmbedding(guidance: number, features: number): Float32Array {
  const half = Math.floor(features / 2);
  const w = Math.fround(Math.fround(guidance - 1) * 1000);
  const step = Math.fround(Math.fround(Math.log(10_000)) / (half - 1));
  const out = new Float32Array(features);
  for (let i = 0; i < half; i += 1) {
    const angle = Math.fround(w * Math.fround(Math.exp(Math.fround(i * -step))));
    out[i] = Math.sin(angle);
    out[half + i] = Math.cos(angle);
  }
  return out;
}
