/** What modulates every block of Flux: time, guidance (dev) and the pooled prompt, each through two linear layers, added up. */
import type { GraphBuilder, Value } from './graph-builder';
import { add, linear, silu } from './layers';
import { sinusoids } from './sine';

export interface Conditioning {
  /** `parts` vectors for one block, [B, 1, D] each: SiLU of the sum through the block's own layer. */
  modulation(name: string, parts: number): Value[];
}

/** Features of the sines and cosines of time and guidance. */
const WAVES = 256;

/** timestep and guidance [B] (0 … 1, and the guidance scale), pooled [B, P]; both numbers are embedded times 1000. */
export function fluxConditioning(
  g: GraphBuilder,
  inputs: { readonly timestep: Value; readonly guidance: Value | undefined; readonly pooled: Value },
  { D, pooledFeatures }: { readonly D: number; readonly pooledFeatures: number },
): Conditioning {
  const embedded = (x: Value, name: string, inFeatures: number): Value => {
    const first = silu(g, linear(g, x, `time_text_embed.${name}.linear_1`, { inFeatures, outFeatures: D }));
    return linear(g, first, `time_text_embed.${name}.linear_2`, { inFeatures: D, outFeatures: D });
  };
  const number = (x: Value, name: string): Value => {
    const thousand = g.op('Mul', [g.op('Reshape', [x, g.ints([-1, 1])]), g.floats([1000], [])]);
    return embedded(
      sinusoids(g, thousand, { features: WAVES, freqShift: 0, cosineFirst: true }),
      name,
      WAVES,
    );
  };
  let sum = number(inputs.timestep, 'timestep_embedder');
  if (inputs.guidance !== undefined) sum = add(g, sum, number(inputs.guidance, 'guidance_embedder'));
  const active = silu(g, add(g, sum, embedded(inputs.pooled, 'text_embedder', pooledFeatures))); // [B, D]
  return {
    modulation: (name, parts) =>
      Array.from({ length: parts }, (_, part) =>
        g.op('Reshape', [
          linear(g, active, name, { inFeatures: D, outFeatures: parts * D, rows: { part, parts } }),
          g.ints([-1, 1, D]),
        ]),
      ),
  };
}
