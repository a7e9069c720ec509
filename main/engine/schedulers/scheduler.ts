/** What every scheduler can do: the words between the denoising loop and one sampling method. */
import type { SchedulerName } from '../../../shared/generation';

/** What one step answers: the next latents, and the predicted clean latents (for previews); both [numel] float32. */
export interface StepResult {
  prevSample: Float32Array;
  predOriginalSample: Float32Array;
}

/** Draws n standard normal values from the request's generator, shaped like the latents (numel n). */
export type Randn = (n: number) => Float32Array;

/** What a scheduler remembers between steps: JSON-able numbers, and float32 tensors for the journal. */
export interface SchedulerState {
  numbers: Record<string, number>;
  tensors: Record<string, Float32Array>;
}

/** The settings of one run, apart from the model's own scheduler_config.json. */
export interface SchedulerOptions {
  /** Steps asked for (N), before strength shortens them. */
  steps: number;
  /** 0 … 1; `Math.trunc(steps · strength)` steps run. 1 runs the whole schedule. */
  strength: number;
  /** Tokens of a packed picture, (H/16)·(W/16): flow matching with dynamic shifting depends on them. */
  tokens?: number;
  /** Slice PNDM's list exactly as diffusers does (one step off the noise level) instead of the corrected way. */
  pndmExact?: boolean;
  /** LCM only: strength shortens the training grid and all N steps run (LatentConsistencyModelImg2ImgPipeline). */
  lcmStrengthOnGrid?: boolean;
}

/**
 * One sampling method, set up for one run. Latents are NCHW float32, flattened; `index` counts the steps that really
 * run (0 = first). Steps must be taken in order; `exportState` after a step and `importState` into a scheduler that was
 * created with the same arguments go on bit-identically.
 */
export interface Scheduler {
  readonly name: SchedulerName;
  /** The timesteps that will run, in order (after slicing by strength); empty when steps · strength < 1. */
  readonly timesteps: readonly number[];
  /** Noise levels, `sigmas[i]` belongs to `timesteps[i]`, one more at the end; null for schedulers that have none. */
  readonly sigmas: readonly number[] | null;
  /** Factor for pure noise at strength 1 of text-to-image; img2img does not use it. */
  readonly initNoiseSigma: number;
  /** Whether diffusers feeds the timestep as an integer or as a float32 (pipelines.md 1.7). */
  readonly timestepKind: 'int' | 'float';
  /** The latents as the denoiser wants them at step `index`; a new array. */
  scaleModelInput(sample: Float32Array, index: number): Float32Array;
  /** From the denoiser's output at step `index` to the next latents. */
  step(modelOutput: Float32Array, index: number, sample: Float32Array, randn: Randn): StepResult;
  /** Clean latents with the noise level of step `index` mixed in. */
  addNoise(original: Float32Array, noise: Float32Array, index: number): Float32Array;
  /** A copy of what has been remembered so far. */
  exportState(): SchedulerState;
  /** Goes on from an exported state. */
  importState(state: SchedulerState): void;
}
