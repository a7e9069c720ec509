/** Stage 2, local: one guided noise prediction by the denoiser (pipelines.md 1.6, 1.7 step 6). What it is fed is the family's matter. */
import type { DenoiserIo } from '../families/family-traits';
import { fixedDim } from '../onnx/find-io';
import type { Session } from '../onnx/session';
import type { Latents } from './decode';
import type { EmbeddedPrompt } from './embed';

export interface Conditioning {
  readonly positive: EmbeddedPrompt;
  /** Null: no classifier-free guidance, one conditional pass. */
  readonly negative: EmbeddedPrompt | null;
  /** g of `e = u + g · (c − u)`, or what a distilled model is told. */
  readonly guidance: number;
}

/** Classifier-free guidance is active above 1 (pipelines.md 1.6). */
export const isGuided = (guidance: number): boolean => guidance > 1;

/**
 * Predicts at one timestep: [1, C, h, w]. With guidance the batch is [uncond, cond]; a graph whose batch is fixed to 1 runs twice.
 * @param latents after `scaleModelInput`
 */
export async function predict(
  session: Session,
  io: DenoiserIo,
  latents: Latents,
  timestep: number,
  { positive, negative, guidance }: Conditioning,
): Promise<Float32Array> {
  const run = async (...prompts: EmbeddedPrompt[]): Promise<Float32Array> => {
    const call = { latents, timestep, prompts, guidance };
    return io.read(session, await session.run(io.feeds(session, call)), call);
  };
  if (negative === null) return run(positive);
  if (fixedDim(io.latentInput(session), 0) === 1) {
    return guide(await run(negative), await run(positive), guidance);
  }
  const both = await run(negative, positive);
  const half = both.length / 2;
  return guide(both.subarray(0, half), both.subarray(half), guidance);
}

/** `u + g · (c − u)` in float32. */
function guide(unconditional: Float32Array, conditional: Float32Array, guidance: number): Float32Array {
  return unconditional.map((u, i) => u + Math.fround(guidance * Math.fround((conditional[i] ?? 0) - u)));
}
