/** What differs between model families, and nothing else. A family is one file beside this one; `detect.ts` chooses it. */
import type { StepRule } from '../../../shared/generation';
import type { Family } from '../../../shared/models';
import type { TextEncoder } from '../model/component';
import type { LoadedModel } from '../model/loaded-model';
import type { IoSpec, Feed, FloatTensor } from '../onnx/tensors';
import type { Session } from '../onnx/session';
import type { Latents } from '../stages/decode';
import type { EmbeddedPrompt } from '../stages/embed';

/** VAE factor of every family: three halvings. */
export const VAE_FACTOR = 8;

export interface FamilyTraits {
  readonly family: Family;
  /** Text encoders that are CLIP, each with a CLIP tokenizer. */
  readonly clipEncoders: readonly TextEncoder[];
  /** A text encoder that is T5, with a T5 tokenizer, and the tokens that it is fed. */
  readonly t5?: { readonly encoder: TextEncoder; readonly longest: number };
  /** VAE scaling and shift where the model's config does not give them (pipelines.md 1.1). */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  readonly latentChannels: number;
  /** Native side in pixels where the model's config does not give one. */
  readonly nativeSidePx: number;
  /** How strength shortens a run (pipelines.md 1.4). */
  readonly stepRule: StepRule;
  /** Whether diffusers' pipeline repairs old scheduler configs: steps_offset 1, clip_sample false (pipelines.md 1.1). */
  readonly repairsSchedulerConfig: boolean;
  readonly defaults: { readonly strength: number; readonly steps: number; readonly guidance: number };
  readonly embed: (model: LoadedModel, request: PromptRequest) => Promise<EmbeddedPrompts>;
  readonly denoiser: DenoiserIo;
}

/** Both prompts of a request, and the working size in pixels, of which some denoisers are told. */
export interface PromptRequest {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly width: number;
  readonly height: number;
  /** Cut prompts at the tokenizer's length and ignore weights, as diffusers does. */
  readonly isExact: boolean;
}

export interface EmbeddedPrompts {
  readonly positive: EmbeddedPrompt;
  /** Null: the family knows no negative prompt. */
  readonly negative: EmbeddedPrompt | null;
}

/** One question to a denoiser: what would the noise be? */
export interface DenoiserCall {
  /** One row, after `scaleModelInput`. */
  readonly latents: Latents;
  readonly timestep: number;
  /** The rows of the batch. */
  readonly prompts: readonly EmbeddedPrompt[];
  readonly guidance: number;
}

/** How a family's denoiser is asked and understood. */
export interface DenoiserIo {
  /** The input that carries the latents; its first dimension tells a fixed batch. */
  latentInput(session: Session): IoSpec;
  /** Everything that the graph is fed, with as many rows as there are prompts; throws `AppError` for what this graph cannot take. */
  feeds(session: Session, call: DenoiserCall): Record<string, Feed>;
  /** The prediction, [B, C, h, w]. */
  read(session: Session, results: Readonly<Record<string, FloatTensor>>, call: DenoiserCall): Float32Array;
}
